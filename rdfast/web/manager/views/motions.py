"""Motions about an award: proposing one, its second signature, and the extension that the head gives alone."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import confirming, moving
from rdfast.funding import queries
from rdfast.funding.models import Award, Motion
from rdfast.funding.rules import may_sign_motion
from rdfast.funding.states import MotionKind, MotionState
from rdfast.people.models import User
from rdfast.plans.queries import plan_of, promises
from rdfast.programmes.models import Envelope
from rdfast.proposals.queries import DECIDERS
from rdfast.reports import room, standing
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms import ExtendForm, MotionForm, SignMotionForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def propose(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """Propose something about an award for a second signature, with what it does to the money."""
    user, at = person(request), clock.now()
    found = get_object_or_404(queries.readable_by_agency(user, *DECIDERS), pk=pk)
    motion_kind = MotionKind(kind)
    if not standing.may_be_proposed(motion_kind, found, queries.relations(found, user), at=at):
        messages.warning(request, _("You cannot propose this about this award now."))
        return redirect("manager:award", pk=pk)
    envelopes = queries.envelopes_for(found, today=timezone.localdate(at))
    form = MotionForm(request.POST if request.method == "POST" else None, kind=kind, envelopes=envelopes)
    if form.is_valid():
        try:
            motion = _propose(motion_kind, pk, form.cleaned_data, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Proposed. A second person has been asked to sign."))
            return redirect("manager:motion", pk=motion.pk)
    typed = getattr(form, "cleaned_data", {})
    amount = typed.get("amount") if kind == MotionKind.RAISE else _planned(found, motion_kind)
    envelope = typed.get("envelope") or envelopes.first()
    context = {
        "award": found,
        "kind": motion_kind,
        "form": form,
        "amount": amount,
        "most": standing.most_for(found) if kind == MotionKind.RAISE else None,
        "room": _room(found, motion_kind, amount or found.amount, envelope, at=at),
    }
    return render(request, "manager/propose.html", context)


def _propose(kind: MotionKind, pk: int, typed: dict[str, Any], *, by: User, at: datetime) -> Motion:
    reason = typed["reason"]
    match kind:
        case MotionKind.RAISE:
            return moving.propose_raise(
                pk, amount=typed["amount"], envelope_id=typed["envelope"].pk, reason=reason, by=by, at=at
            )
        case MotionKind.CONFIRM:
            return moving.propose_confirmation(
                pk, envelope_id=typed["envelope"].pk, reason=reason, by=by, at=at
            )
        case MotionKind.RESUME:
            return moving.propose_resumption(pk, reason=reason, by=by, at=at)
        case MotionKind.TERMINATE:
            return moving.propose_end(pk, reason=reason, lesson=typed["lesson"], by=by, at=at)


def _planned(award: Award, kind: MotionKind) -> int | None:
    plan = plan_of(award) if kind == MotionKind.CONFIRM else None
    return plan.amount if plan else None


def _room(
    award: Award, kind: MotionKind, amount: int, envelope: Envelope | None, *, at: datetime
) -> room.Room | None:
    """What the motion does to the envelope and to what is at risk, if it gives money."""
    if envelope is None or kind not in {MotionKind.RAISE, MotionKind.CONFIRM}:
        return None
    plan = plan_of(award) if kind == MotionKind.CONFIRM else None
    promised = promises(plan) if plan else None
    return room.for_more(award, envelope, more=amount - award.amount, promises=promised, at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def motion(request: HttpRequest, pk: int) -> HttpResponse:
    """One motion: what is proposed and what it does; the second person signs or refuses it here."""
    user, at = person(request), clock.now()
    found = get_object_or_404(queries.motions_readable(user, *DECIDERS), pk=pk)
    may_sign = may_sign_motion(
        "carry",
        state=found.state,
        relations=queries.relations(found.award, user),
        is_proposer=found.proposed_by_id == user.pk,
        escalated=found.escalated_at is not None,
    )
    form = SignMotionForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_sign:
        return _too_late(request, found)
    if form.is_valid():
        act = moving.carry if form.cleaned_data["verdict"] == "carry" else moving.refuse
        try:
            act(pk, answer=form.cleaned_data["answer"], by=user, at=at)
        except NotPossibleNow:
            return _too_late(request, found)
        except RuleBroken as refusal:
            # The envelope or a cap may refuse what was proposed: the motion waits on.
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Done. Those concerned have been told."))
            return redirect("manager:award", pk=found.award_id)
    waits = found.state == MotionState.PROPOSED
    context = {
        "motion": found,
        "award": found.award,
        "form": form if may_sign else None,
        "due_at": due_at_of(Kind.SECOND_MOTION, Motion._meta.label_lower, pk),
        "room": _room(found.award, MotionKind(found.kind), found.amount or 0, found.envelope, at=at)
        if waits
        else None,
    }
    return render(request, "manager/motion.html", context)


def _too_late(request: HttpRequest, found: Motion) -> HttpResponse:
    found.refresh_from_db(fields=["state"])
    message = _("Nothing was changed: the state of this motion is “%(state)s”, or it is not yours to sign.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("manager:motion", pk=found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def extend(request: HttpRequest, pk: int) -> HttpResponse:
    """The head gives the confirmation more days, once."""
    user = person(request)
    found = get_object_or_404(queries.readable_by_agency(user, *DECIDERS), pk=pk)
    if not standing.may_be_extended(found, queries.relations(found, user)):
        messages.warning(request, _("The confirmation of this award cannot be extended by you now."))
        return redirect("manager:award", pk=pk)
    form = ExtendForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if form.is_valid():
        typed = form.cleaned_data
        try:
            confirming.extend(pk, days=typed["days"], reason=typed["reason"], by=user, at=clock.now())
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Extended. Both sides have been told."))
            return redirect("manager:award", pk=pk)
    return render(request, "manager/extend.html", {"award": found, "form": form})
