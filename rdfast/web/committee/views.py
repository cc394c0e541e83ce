"""Disputes that wait for people who took no part in them: votes in proceedings, decisions on appeals."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.appeals import queries as appeals
from rdfast.appeals.models import Appeal
from rdfast.core.refusals import RuleBroken
from rdfast.flow import appealing
from rdfast.flow import proceeding as proceedings_flow
from rdfast.milestones.models import MilestoneReport
from rdfast.proceedings import queries as proceedings
from rdfast.proceedings.models import Proceeding
from rdfast.programmes.models import Appointment
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import with_everything
from rdfast.reports import disputes
from rdfast.reviews.queries import findings_told, unnamed
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.committee.forms import AppealForm, VoteForm
from rdfast.web.forms import show_refusal
from rdfast.web.pages import most_pressing
from rdfast.web.signed_in import person, person_serving

OF_AWARD = "award__proposal_id"


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Votes and appeals that wait for this person, the most pressing first, and those decided."""
    user = person_serving(request, Appointment.Role.COMMITTEE)
    votes = proceedings.to_vote(user)
    context = {
        "votes": most_pressing(votes, Kind.DECIDE_PROCEEDING, matter=OF_AWARD),
        "appeals": most_pressing(appeals.waiting(user), Kind.DECIDE_APPEAL, matter="proposal_id"),
        "voted": list(proceedings.for_committee(user).filter(votes__member=user)[:25]),
        "decided": list(appeals.for_committee(user).filter(decided_by=user)[:25]),
    }
    return render(request, "committee/inbox.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def proceeding(request: HttpRequest, pk: int) -> HttpResponse:
    """One proceeding: notice, reply, votes so far without names, and the person's own vote."""
    user, at = person(request), clock.now()
    readable = with_due_at(proceedings.for_committee(user), Kind.DECIDE_PROCEEDING, matter=OF_AWARD)
    found = get_object_or_404(readable, pk=pk)
    may_vote = proceedings.may_vote(found, user)
    form = VoteForm(request.POST if request.method == "POST" else None, proceeding=found)
    if request.method == "POST" and not may_vote:
        messages.warning(request, _("Nothing was changed: your vote is not asked for here (any more)."))
        return redirect("committee:proceeding", pk=pk)
    if form.is_valid():
        try:
            proceedings_flow.vote(
                pk,
                is_for=form.cleaned_data["vote"] == "for",
                termination_kind=form.cleaned_data.get("termination_kind", ""),
                reason=form.cleaned_data["reason"],
                by=user,
                at=at,
            )
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your vote is recorded. It cannot be changed."))
            return redirect("committee:proceeding", pk=pk)
    context: dict[str, Any] = {
        "proceeding": found,
        "award": found.award,
        "proposal": _whole(found.award.proposal_id),
        "form": form if may_vote else None,
        "mine": found.votes.filter(member=user).first(),
        "cast": found.votes.count(),
        "needed": found.award.policy.terms.votes,
        "milestones": found.award.milestones.order_by("number"),
        "work": _work(found, until=found.ended_at or at),
    }
    return render(request, "committee/proceeding.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """One appeal: what was decided, what is wrong with it, and the decision."""
    user, at = person(request), clock.now()
    readable = with_due_at(appeals.for_committee(user), Kind.DECIDE_APPEAL, matter="proposal_id")
    found = get_object_or_404(readable, pk=pk)
    may_decide = appeals.may("uphold", found, user)
    form = AppealForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_decide:
        messages.warning(request, _("Nothing was changed: this appeal was decided already."))
        return redirect("committee:appeal", pk=pk)
    if form.is_valid():
        decide = appealing.uphold if form.cleaned_data["decision"] == "uphold" else appealing.reject
        try:
            decide(pk, reason=form.cleaned_data["reason"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Decided. Both sides have been told, with your reason."))
            return redirect("committee:appeal", pk=pk)
    context = {
        "appeal": found,
        "about": disputes.about(found.decision),
        "proposal": _whole(found.proposal_id),
        "form": form if may_decide else None,
        **_decided(found),
    }
    return render(request, "committee/appeal.html", context)


def _work(proceeding: Proceeding, *, until: datetime) -> list[tuple[Any, ...]]:
    """What was reported and found of each milestone until then. Reviewers stay unnamed."""
    work: list[tuple[Any, ...]] = []
    for milestone in proceeding.award.milestones.order_by("number"):
        findings = findings_told(milestone).filter(confirmed_at__lte=until)
        found = [(finding, unnamed(finding)) for finding in findings]
        reports = _with_evidence(milestone.reports.filter(at__lte=until))
        work.append((milestone, found, reports))
    return work


def _with_evidence(reports: QuerySet[MilestoneReport]) -> QuerySet[MilestoneReport]:
    return reports.select_related("by").prefetch_related("evidence").order_by("-round")


def _decided(appeal: Appeal) -> dict[str, Any]:
    """What the appeal is against, in full. Reviewers stay unnamed."""
    finding = disputes.finding_of(appeal.decision)
    if finding is None:
        return {"recovery": disputes.recovery_of(appeal.decision)}
    reports = finding.milestone.reports.filter(round__lte=finding.round)
    return {
        "finding": finding,
        "reviews": unnamed(finding),
        "reports": _with_evidence(reports),
    }


def _whole(proposal_id: int) -> Proposal:
    return with_everything(Proposal.objects.all()).get(pk=proposal_id)
