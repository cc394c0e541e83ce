"""One proposal with everything a decision needs, and the decision."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.decisions.models import Decision
from rdfast.decisions.queries import decisions_on
from rdfast.flow import answering, granting
from rdfast.flow.telling import managers
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import (
    DECIDERS,
    has_said_no,
    may,
    readable_by_agency,
    relations,
    with_everything,
)
from rdfast.proposals.rules import may_reassign
from rdfast.proposals.states import State
from rdfast.reports import room, speed, story
from rdfast.screening.queries import latest_of
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms import AnswerForm, ConflictForm, FirstAnswerForm, ReassignForm, SecondAnswerForm
from rdfast.web.signed_in import person

# The deadlines that a decision answers.
_CLOCKS = {Kind.DECIDE, Kind.SECOND_APPROVAL}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """The proposal on one screen; whoever may, answers it here, and everyone reads the answer here."""
    user, at = person(request), clock.now()
    found = get_object_or_404(with_everything(readable_by_agency(user, *DECIDERS)), pk=pk)
    form = _answer_form(found, user, request)
    if request.method == "POST":
        if form is None or request.POST.get("answer") not in form.answers:
            return _too_late(request, found)
        if form.is_valid():
            try:
                decision = _answer(form, found, by=user, at=at)
            except NotPossibleNow:
                found.refresh_from_db()
                return _too_late(request, found)
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _told(decision))
                return redirect("manager:proposal", pk=pk)
    context = _everything(found, form, ConflictForm(), user=user, at=at)
    if request.method != "POST" and _may_reassign(found, user) and _free_managers(found):
        context["reassign_form"] = _reassign_form(found, request)
    return render(request, "manager/proposal.html", context)


def _answer_form(
    found: Proposal, user: User, request: HttpRequest
) -> FirstAnswerForm | SecondAnswerForm | None:
    """The form for the answer that this person may give now, if any."""
    if not may("approve", found, user):
        return None
    data = request.POST if request.method == "POST" and "answer" in request.POST else None
    if found.state == State.RECOMMENDED:
        return SecondAnswerForm(data, proposal=found)
    return FirstAnswerForm(data, proposal=found)


def _answer(form: AnswerForm, found: Proposal, *, by: User, at: datetime) -> Decision:
    reason = form.cleaned_data["reason"]
    match form.data["answer"]:
        case "approve":
            amount = form.cleaned_data["amount"]
            return granting.approve(found.pk, amount=amount, reason=reason, by=by, at=at)
        case "return":
            return granting.give_back(found.pk, reason=reason, by=by, at=at)
        case "route":
            return granting.route(found.pk, reason=reason, by=by, at=at)
        case "approve_second":
            return granting.approve_second(found.pk, reason=reason, by=by, at=at)
        case "refuse_second":
            return granting.refuse_second(found.pk, reason=reason, by=by, at=at)
        case _:
            return granting.decline(found.pk, reason=reason, by=by, at=at)


def _told(decision: Decision) -> str:
    """What happened, and what comes next."""
    return {
        Decision.Kind.APPROVE: _("Approved. The award is offered; the organisation is asked to sign it."),
        Decision.Kind.RECOMMEND: _("Recommended. The second approver has been told and decides next."),
        Decision.Kind.SEND_BACK: _("Refused. The manager has been told and decides anew."),
        Decision.Kind.RETURN: _(
            "Returned. The applicant has been told what is missing; your clock stands still."
        ),
        Decision.Kind.ROUTE: _(
            "Passed to the standard track. The applicant has been told, with your reason."
        ),
        Decision.Kind.DECLINE: _("Declined. The applicant has been told, with your reason."),
    }[Decision.Kind(decision.kind)]


def _too_late(request: HttpRequest, found: Proposal) -> HttpResponse:
    message = _(
        "Your answer was not taken: the proposal's state is now “%(state)s”. Nothing was changed by it."
    )
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("manager:proposal", pk=found.pk)


def _everything(
    found: Proposal,
    form: FirstAnswerForm | SecondAnswerForm | None,
    conflict_form: ConflictForm,
    *,
    user: User,
    at: datetime,
) -> dict[str, Any]:
    deadlines = story.deadlines_for_agency(found.pk)
    amount = _amount_in_question(found, form)
    return {
        "proposal": found,
        "form": form,
        "conflict_form": conflict_form,
        "amount": amount,
        "room": room.for_grant(found, amount=amount, at=at) if form else None,
        "second_above": granting.policy_of(found).terms.second_approval_above,
        "has_said_no": has_said_no(found, user),
        "award": Award.objects.filter(proposal=found).first(),
        "decisions": list(decisions_on(found)),
        "screening": latest_of(found),
        "story": story.for_agency(found.pk),
        "speed": speed.of_proposal(found),
        "deadlines": deadlines,
        "clock": next((each for each in deadlines if each.kind in _CLOCKS), None),
    }


def _amount_in_question(found: Proposal, form: AnswerForm | None) -> int:
    typed = getattr(form, "cleaned_data", {}).get("amount") if form else None
    return typed or found.recommended_amount or found.asked_provisional


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reassign(request: HttpRequest, pk: int) -> HttpResponse:
    """The head gives a late decision to a manager."""
    user, at = person(request), clock.now()
    found = get_object_or_404(with_everything(readable_by_agency(user, *DECIDERS)), pk=pk)
    if request.method != "POST":
        return redirect("manager:proposal", pk=pk)
    if not _may_reassign(found, user):
        return _too_late(request, found)
    form = _reassign_form(found, request)
    if form.is_valid():
        to = form.cleaned_data["to"]
        try:
            granting.reassign(pk, to, reason=form.cleaned_data["reassign_reason"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("%(name)s has been told and decides next.") % {"name": to.name})
            return redirect("manager:proposal", pk=pk)
    context = _everything(found, _answer_form(found, user, request), ConflictForm(), user=user, at=at)
    return render(request, "manager/proposal.html", {**context, "reassign_form": form})


def _may_reassign(found: Proposal, user: User) -> bool:
    return may_reassign(
        state=found.state, relations=relations(found, user), escalated=found.escalated_at is not None
    )


def _reassign_form(found: Proposal, request: HttpRequest) -> ReassignForm:
    data = request.POST if request.method == "POST" else None
    return ReassignForm(data, managers=_free_managers(found))


def _free_managers(found: Proposal) -> list[User]:
    """The managers who may answer it; without any, the head cannot give it to one."""
    return [each for each in managers(found) if may("approve", found, each)]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def conflict(request: HttpRequest, pk: int) -> HttpResponse:
    """The person has a conflict of interest: the proposal is no longer theirs to see."""
    user, at = person(request), clock.now()
    found = get_object_or_404(with_everything(readable_by_agency(user, *DECIDERS)), pk=pk)
    if request.method != "POST":
        return redirect("manager:proposal", pk=pk)
    form = ConflictForm(request.POST)
    if not form.is_valid():
        context = _everything(found, _answer_form(found, user, request), form, user=user, at=at)
        return render(request, "manager/proposal.html", context)
    answering.declare_conflict(pk, reason=form.cleaned_data["conflict"], by=user, at=at)
    messages.success(
        request,
        _("Your conflict of interest is recorded. What these applicants send is no longer shown to you."),
    )
    return redirect("manager:inbox")
