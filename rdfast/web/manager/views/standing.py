"""How an award goes on: its plan, and what needs a second signature."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.flow import confirming, moving, performing, planning
from rdfast.funding import queries as funding
from rdfast.funding.models import Award, Motion
from rdfast.funding.rules import may_extend, may_propose_motion, may_sign_motion
from rdfast.funding.states import MotionKind
from rdfast.milestones import queries as milestones
from rdfast.milestones.rules import may_give_leave
from rdfast.people.models import User
from rdfast.plans import queries as plans
from rdfast.proposals.queries import DECIDERS
from rdfast.reports import room
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms_standing import (
    ExtendForm,
    LeaveForm,
    MotionForm,
    PlanAnswerForm,
    SignMotionForm,
)
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """A plan to read; accepted or returned here."""
    user, at = person(request), clock.now()
    found = get_object_or_404(plans.readable_by_agency(user, *DECIDERS), pk=pk)
    may_answer = plans.may("accept", found, user)
    form = PlanAnswerForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_answer:
        return _nothing_changed(request, "manager:plan", pk)
    if form.is_valid():
        answer = planning.accept if form.cleaned_data["answer"] == "accept" else planning.return_
        try:
            answer(pk, reason=form.cleaned_data["reason"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your answer is recorded. The applicant has been told."))
            return redirect("manager:award", pk=found.award_id)
    context = {"plan": found, "award": found.award, "form": form if may_answer else None}
    return render(request, "manager/plan.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def propose(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Propose what becomes of an award; a second person signs it."""
    user, at = person(request), clock.now()
    found = get_object_or_404(funding.readable_by_agency(user, *DECIDERS), pk=pk)
    if kind not in MotionKind.values:
        raise Http404
    if not may_propose_motion(kind, award_state=found.state, relations=funding.relations(found, user)):
        return _nothing_changed(request, "manager:award", pk)
    envelopes = funding.envelopes_for(found, today=timezone.localdate(at))
    data = request.POST if request.method == "POST" else None
    form = MotionForm(data, kind=kind, award=found, envelopes=envelopes, most=moving.most_for(found))
    if form.is_valid():
        try:
            proposed = _propose(kind, found, form.cleaned_data, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Proposed. The second approver has been told and signs next."))
            return redirect("manager:motion", pk=proposed.pk)
    context = {
        "award": found,
        "kind": kind,
        "title": MotionKind(kind).label,
        "form": form,
        "plan": plans.plan_of(found),
        "room": room.of_award(found, at=at),
    }
    return render(request, "manager/propose.html", context)


def _propose(kind: str, award: Award, typed: dict[str, Any], *, by: User, at: Any) -> Motion:
    reason = typed["reason"]
    match kind:
        case MotionKind.RAISE:
            envelope = typed["envelope"].pk
            return moving.propose_raise(
                award.pk, amount=typed["amount"], envelope_id=envelope, reason=reason, by=by, at=at
            )
        case MotionKind.CONFIRM:
            envelope = typed["envelope"].pk
            return moving.propose_confirmation(award.pk, envelope_id=envelope, reason=reason, by=by, at=at)
        case MotionKind.RESUME:
            return moving.propose_resumption(award.pk, reason=reason, by=by, at=at)
        case _:
            return moving.propose_end(award.pk, reason=reason, lesson=typed["lesson"], by=by, at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def motion(request: HttpRequest, pk: int) -> HttpResponse:
    """What was proposed, and its second signature."""
    user, at = person(request), clock.now()
    readable = with_due_at(
        funding.motions_readable(user, *DECIDERS), Kind.SECOND_MOTION, matter="award__proposal_id"
    )
    found = get_object_or_404(readable, pk=pk)
    may_sign = may_sign_motion(
        "carry",
        state=found.state,
        relations=funding.relations(found.award, user),
        is_proposer=found.proposed_by_id == user.pk,
        escalated=found.escalated_at is not None,
    )
    form = SignMotionForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_sign:
        return _nothing_changed(request, "manager:motion", pk)
    if form.is_valid():
        act = moving.carry if form.cleaned_data["choice"] == "sign" else moving.refuse
        try:
            act(pk, answer=form.cleaned_data["answer"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your answer is recorded, and what follows from it is done."))
            return redirect("manager:award", pk=found.award_id)
    context = {
        "motion": found,
        "award": found.award,
        "room": room.of_award(found.award, at=at),
        "form": form if may_sign else None,
    }
    return render(request, "manager/motion.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """The head gives the confirmation more days, once."""
    user, at = person(request), clock.now()
    found = get_object_or_404(funding.readable_by_agency(user, *DECIDERS), pk=pk)
    if found.extended_at or not may_extend(award_state=found.state, relations=funding.relations(found, user)):
        return _nothing_changed(request, "manager:award", pk)
    data = request.POST if request.method == "POST" else None
    form = ExtendForm(data, most=found.policy.terms.extension_days)
    if form.is_valid():
        days, reason = form.cleaned_data["days"], form.cleaned_data["reason"]
        try:
            confirming.extend(pk, days=days, reason=reason, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Extended. Both sides have been told."))
            return redirect("manager:award", pk=pk)
    return render(request, "manager/extend.html", {"award": found, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a missed milestone be reported after all."""
    user, at = person(request), clock.now()
    found = get_object_or_404(milestones.readable_by_agency(user, *DECIDERS), pk=pk)
    if not may_give_leave(state=found.state, relations=milestones.relations(found, user)):
        return _nothing_changed(request, "manager:milestone", pk)
    form = LeaveForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if form.is_valid():
        until, reason = form.cleaned_data["until"], form.cleaned_data["reason"]
        try:
            performing.give_leave(pk, until=until, reason=reason, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Leave is given. The principal investigator has been told."))
            return redirect("manager:milestone", pk=pk)
    return render(request, "manager/leave.html", {"milestone": found, "award": found.award, "form": form})


def _nothing_changed(request: HttpRequest, page: str, pk: int) -> HttpResponse:
    messages.warning(request, _("Nothing was changed: this cannot be done by you now."))
    return redirect(page, pk=pk)
