"""One milestone: what was promised and reported, who reviews it, and what the panel found."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.core.refusals import RuleBroken
from rdfast.flow import evaluating, performing
from rdfast.milestones.models import Milestone
from rdfast.milestones.queries import readable_by_agency, relations, report_is_taken
from rdfast.milestones.rules import may, may_give_leave
from rdfast.people.models import User
from rdfast.proposals.queries import DECIDERS
from rdfast.reviews.models import Finding, Review
from rdfast.reviews.queries import has_finding, has_reviewed
from rdfast.reviews.rules import may_invite
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms import FindingForm, InviteForm, LeaveForm
from rdfast.web.signed_in import person


@require_safe
@login_required
def milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """Everything about one milestone."""
    user = person(request)
    found = get_object_or_404(readable_by_agency(user, *DECIDERS), pk=pk)
    return _shown(request, found, user)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite a particular reviewer, besides those the clock invites."""
    user, at = person(request), clock.now()
    found = get_object_or_404(readable_by_agency(user, *DECIDERS), pk=pk)
    if request.method != "POST":
        return redirect("manager:milestone", pk=pk)
    form = InviteForm(request.POST, milestone=found)
    if form.is_valid():
        reviewer = form.cleaned_data["reviewer"]
        try:
            evaluating.invite(pk, reviewer, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            invited = _("%(name)s has been invited and is asked to answer.") % {"name": reviewer.name}
            messages.success(request, invited)
            return redirect("manager:milestone", pk=pk)
    return _shown(request, found, user, invite_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm what the panel found; it becomes the milestone's result."""
    user, at = person(request), clock.now()
    found = get_object_or_404(readable_by_agency(user, *DECIDERS), pk=pk)
    if request.method != "POST":
        return redirect("manager:milestone", pk=pk)
    form = FindingForm(request.POST, auto_id="confirm-%s")
    finding = _waiting(found, user)
    if finding is None:
        messages.warning(
            request, _("No finding waits for confirmation here; it may have been confirmed already.")
        )
        return redirect("manager:milestone", pk=pk)
    if form.is_valid():
        try:
            evaluating.confirm(finding.pk, reason=form.cleaned_data["remark"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Finding confirmed. The applicant has been told."))
            return redirect("manager:milestone", pk=pk)
    return _shown(request, found, user, finding_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a missed milestone be reported after all, until a day."""
    user = person(request)
    found = get_object_or_404(readable_by_agency(user, *DECIDERS), pk=pk)
    if not may_give_leave(state=found.state, relations=relations(found, user)):
        messages.warning(request, _("You cannot give leave for this milestone now."))
        return redirect("manager:milestone", pk=pk)
    form = LeaveForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            performing.give_leave(pk, until=typed["until"], reason=typed["reason"], by=user, at=clock.now())
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Leave given. The applicant has been told."))
            return redirect("manager:milestone", pk=pk)
    return render(request, "manager/leave.html", {"milestone": found, "award": found.award, "form": form})


def _waiting(found: Milestone, user: User) -> Finding | None:
    """The finding that this person may confirm now, if there is one."""
    if not may("pass_", state=found.state, relations=relations(found, user)) or has_reviewed(
        user, found.award
    ):
        return None
    return Finding.objects.filter(milestone=found, confirmed_at__isnull=True).first()


def _shown(
    request: HttpRequest,
    found: Milestone,
    user: User,
    *,
    invite_form: InviteForm | None = None,
    finding_form: FindingForm | None = None,
) -> HttpResponse:
    """The page, with the forms that this person may use now."""
    waiting = _waiting(found, user)
    context: dict[str, Any] = {
        "milestone": found,
        "award": found.award,
        "reports": found.reports.select_related("by").prefetch_related("evidence").order_by("-round"),
        "reviews": _panel(found),
        "findings": Finding.objects.filter(milestone=found).select_related("confirmed_by").order_by("-round"),
        "waiting": waiting,
        "grades_differ": waiting is not None and len(set(waiting.grades)) > 1,
        "may_give_leave": may_give_leave(state=found.state, relations=relations(found, user)),
        "report_is_taken": report_is_taken(found, at=clock.now()),
        "finding_form": (finding_form or FindingForm(auto_id="confirm-%s")) if waiting else None,
    }
    if may_invite(
        milestone_state=found.state, has_finding=has_finding(found), relations=relations(found, user)
    ):
        context["invite_form"] = invite_form or InviteForm(milestone=found)
    return render(request, "manager/milestone.html", context)


def _panel(found: Milestone) -> Any:
    reviews = Review.objects.filter(milestone=found).select_related("reviewer__organisation")
    kinds = (Kind.ANSWER_INVITATION, Kind.DELIVER_REVIEW)
    return with_due_at(reviews, *kinds, matter="milestone__award__proposal_id").order_by("-round", "pk")
