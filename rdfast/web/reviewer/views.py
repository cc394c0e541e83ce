"""The reviewer's own work. Nobody here sees another reviewer's name or review."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import evaluating
from rdfast.milestones.states import EVALUATED
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import roles_of
from rdfast.reviews import queries
from rdfast.reviews.models import Finding, Review
from rdfast.reviews.rules import may
from rdfast.reviews.states import DELIVERED, PENDING, State
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.pages import page_of
from rdfast.web.reviewer.forms import AcceptForm, DeclineForm, RecuseForm, RubricForm
from rdfast.web.signed_in import person

_KINDS = (Kind.ANSWER_INVITATION, Kind.DELIVER_REVIEW)
# Nobody has this much open at once; a list without end would still be wrong.
SHOWN = 50


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """The person's invitations and reviews, the most pressing first, and below what is done."""
    user = person(request)
    own = queries.own(user)
    if Appointment.Role.REVIEWER not in roles_of(user):
        # A former reviewer still finds what they delivered.
        get_object_or_404(own.order_by()[:1])
    waiting = with_due_at(own.filter(state__in=PENDING), *_KINDS, matter="milestone__award__proposal_id")
    context = {"waiting": waiting[:SHOWN], "done": page_of(own.exclude(state__in=PENDING), request)}
    return render(request, "reviewer/inbox.html", context)


@require_safe
@login_required
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """One review: the invitation, the evaluation, or what was delivered."""
    return _shown(request, _own(pk, person(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the review on, without a conflict of interest."""
    form = AcceptForm(request.POST)
    told = _("Accepted. You are told as soon as there is a report to review.")
    return _act(request, pk, "accept", form, lambda user, at: evaluating.accept(pk, by=user, at=at), told)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one cannot; the next reviewer is invited."""
    form = DeclineForm(request.POST)
    told = _("Declined. Another reviewer is invited; nothing more is asked of you.")
    return _act(
        request,
        pk,
        "decline",
        form,
        lambda user, at: evaluating.decline(pk, reason=form.cleaned_data["decline_reason"], by=user, at=at),
        told,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that one has a conflict of interest; the milestone disappears for this person."""
    form = RecuseForm(request.POST)
    told = _("Your conflict of interest is recorded. What these applicants send is no longer shown to you.")
    return _act(
        request,
        pk,
        "recuse",
        form,
        lambda user, at: evaluating.recuse(pk, reason=form.cleaned_data["recuse_reason"], by=user, at=at),
        told,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def deliver(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand the evaluation in; it cannot be changed afterwards."""
    form = RubricForm(request.POST)
    told = _("Delivered. Thank you. You will read the panel's finding here once it is confirmed.")
    return _act(
        request,
        pk,
        "submit",
        form,
        lambda user, at: evaluating.deliver(
            pk,
            scores=form.scores(),
            grade=form.cleaned_data["grade"],
            comments=form.cleaned_data["comments"],
            by=user,
            at=at,
        ),
        told,
    )


def _own(pk: int, user: User) -> Review:
    own = queries.own(user).prefetch_related("milestone__award__proposal__team")
    return get_object_or_404(with_due_at(own, *_KINDS, matter="milestone__award__proposal_id"), pk=pk)


def _act(request: HttpRequest, pk: int, move: str, form: Any, act: Any, told: str) -> HttpResponse:
    """One move with the person's own review, from its form to the next page."""
    user, at = person(request), clock.now()
    found = _own(pk, user)
    if request.method != "POST":
        return redirect("reviewer:review", pk=pk)
    if not _may(move, found):
        return _too_late(request, found)
    if form.is_valid():
        try:
            act(user, at)
        except NotPossibleNow:
            found.refresh_from_db()
            return _too_late(request, found)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, told)
            return redirect("reviewer:inbox") if move == "recuse" else redirect("reviewer:review", pk=pk)
    return _shown(request, found, **{_FORM_OF[move]: form})


_FORM_OF = {
    "accept": "accept_form",
    "decline": "decline_form",
    "recuse": "recuse_form",
    "submit": "rubric_form",
}


def _may(move: str, found: Review) -> bool:
    is_reported = found.milestone.state in EVALUATED
    return may(move, state=found.state, is_reviewer=True, is_reported=is_reported)


def _too_late(request: HttpRequest, found: Review) -> HttpResponse:
    message = _("Nothing was changed: the state of this review is now “%(state)s”.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("reviewer:review", pk=found.pk)


def _shown(request: HttpRequest, found: Review, **forms: Any) -> HttpResponse:
    """The page, with the forms for what may be done now; a form with errors replaces the empty one."""
    context: dict[str, Any] = {
        "review": found,
        "milestone": found.milestone,
        "award": found.milestone.award,
        "proposal": found.milestone.award.proposal,
        "accept_form": AcceptForm() if _may("accept", found) else None,
        "decline_form": DeclineForm() if _may("decline", found) else None,
        "recuse_form": RecuseForm() if _may("recuse", found) else None,
        "rubric_form": RubricForm() if _may("submit", found) else None,
        **forms,
    }
    if found.state in {State.ACCEPTED, *DELIVERED}:
        reports = found.milestone.reports.filter(round__lte=found.round).order_by("-round")
        context["reports"] = reports.select_related("by").prefetch_related("evidence")
    if found.state in DELIVERED:
        confirmed = Finding.objects.filter(
            milestone=found.milestone, round=found.round, confirmed_at__isnull=False
        )
        context["finding"] = confirmed.first()
    return render(request, "reviewer/review.html", context)
