"""How a signed award stands: raised, confirmed, extended, suspended, ended. Every write locks the award first.

Nobody does any of this alone: two people signed a motion, a committee voted, or a deadline passed. Who may is asked
there; what follows is told in `flow/`.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.core.amounts import written
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding import queries, rules
from rdfast.funding.limits import ensure_exposure, ensure_line, take_from_envelope
from rdfast.funding.models import Award, Tranche
from rdfast.funding.operations import PlannedTranche, ensure_may_award, lock_award, schedule
from rdfast.funding.states import RUNNING, Termination, TrancheState
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import BoxKind, What
from rdfast.ledger.queries import balance, boxes_of_award, envelopes_of_award
from rdfast.people.models import User

State = TrancheState
# Payments that are not on their way to the bank: a new agreement cuts them anew.
_RECUT = [State.SCHEDULED, State.READY, State.APPROVED, State.HELD]


class BelowPaid(RuleBroken):
    """An agreement never stands below what was paid."""


class ExtendedBefore(RuleBroken):
    """An award is extended once."""


class AskedBefore(RuleBroken):
    """The end of the work is asked for once."""


class NotAsked(RuleBroken):
    """Only a wish to end the work that stands can be taken back."""


class WordsMissing(RuleBroken):
    """What changes an agreement has its reason."""


class NotSettled(RuleBroken):
    """Something of the award's money is still open."""


@one_transaction
def confirm(award_id: int, *, amount: int, envelope_id: int, by: User, at: datetime) -> Award:
    """The award is confirmed over `amount`; what is added is obligated from the envelope.

    Raises EnvelopeExhausted or ExposureTooHigh. `recut` gives it its payments.
    """
    award = lock_award(award_id)
    before = award.amount
    award.confirm(amount=amount, at=at)
    award.save(update_fields=["state", "amount", "confirmed_at", "version"])
    event = audit.moved(award, by=by, at=at, data={"amount": amount, "before": before})
    _shift(award, before, envelope_id=envelope_id, event=event, at=at)
    return award


@one_transaction
def restate(award_id: int, *, amount: int, envelope_id: int, by: User | None, at: datetime) -> Award:
    """The agreement now stands at `amount`, more or less than before; its version moves on.

    Raises BelowPaid, EnvelopeExhausted, ExposureTooHigh or OthersWaitFirst. `recut` gives it its payments.
    """
    award = lock_award(award_id)
    paid = queries.paid_or_bounced(award)
    if amount < paid:
        message = _("%(paid)s was paid already; the award cannot stand below that.")
        raise BelowPaid(message % {"paid": written(paid)}, field="amount")
    before = award.amount
    award.amount = amount
    award.version += 1
    award.save(update_fields=["amount", "version"])
    event = audit.record("award.restated", of=award, by=by, at=at, data={"amount": amount, "before": before})
    _shift(award, before, envelope_id=envelope_id, event=event, at=at)
    if amount > before:
        left = balance(BoxKind.AVAILABLE, envelope_id=envelope_id)
        ensure_line(award, envelope_id=envelope_id, left=left)
    return award


def _shift(award: Award, before: int, *, envelope_id: int, event: Event, at: datetime) -> None:
    """Obligate what was added, or free what is agreed no more."""
    more = award.amount - before
    key = f"restate:{award.pk}:{award.version}"
    if more > 0:
        ensure_exposure(award, envelope_id=envelope_id, at=at)
        take_from_envelope(What.RAISED, award, envelope_id, more, at=at, key=key, event=event)
    elif more < 0:
        # What the bank sent back is paid again, out of the envelope it came from.
        kept = queries.by_envelope(award, State.BOUNCED)
        ledger.move_across(
            What.FREED, award_id=award.pk, amount=-more, at=at, key=key, event=event, kept=kept
        )


@one_transaction
def recut(award: Award, planned: list[PlannedTranche], *, by: User | None, at: datetime) -> list[Tranche]:
    """Cut what is obligated and not on its way to the bank into payments as planned, in place of those there were.

    Returns the cancelled ones, so that their clocks can be stopped. The caller holds the award. Each payment comes
    from the oldest envelope that still holds the award's money.
    """
    gone = list(award.tranches.filter(state__in=_RECUT).order_by("number"))
    for tranche in gone:
        _take(tranche, award, "cancel", by=by, at=at)
    waiting = queries.by_envelope(award, State.BOUNCED)
    pots = [
        (envelope_id, held - waiting.get(envelope_id, 0))
        for envelope_id, held in envelopes_of_award(award.pk, BoxKind.OBLIGATED)
    ]
    last = award.tranches.aggregate(last=Max("number"))["last"] or 0
    if planned and sum(amount for _pot, amount in pots):
        schedule(award, planned, pots=pots, first=last + 1, by=by, at=at)
    return gone


@one_transaction
def extend(
    award_id: int, *, days: int, reason: str, by: User | None, at: datetime, in_time: bool = False
) -> Award:
    """Give the confirmation more days: once by the head; by the clock when only room is missing, or when the agency
    answered late, or `in_time` but after the day.
    """
    award = lock_award(award_id)
    if by is not None and not reason.strip():
        raise WordsMissing(_("Give a reason."), field="reason")
    if by is not None and award.extended_at is not None:
        raise ExtendedBefore(_("This award was extended once already."))
    if award.confirmation_due_on is None:
        raise ValueError(f"{award} was never signed")
    before = award.confirmation_due_on
    award.confirmation_due_on = before + timedelta(days=days)
    if by is not None:
        award.extended_at = at
    award.save(update_fields=["confirmation_due_on", "extended_at"])
    moved: dict[str, Any] = {"from": before.isoformat(), "to": award.confirmation_due_on.isoformat()}
    if in_time:
        moved["in_time"] = True
    audit.record("award.extended", of=award, by=by, at=at, reason=reason, data=moved)
    return award


@one_transaction
def suspend(award_id: int, *, cause: str, reason: str, by: User | None, at: datetime) -> Award:
    """Payments stop: every payment that is not with the bank is held."""
    award = lock_award(award_id)
    award.suspend(cause=cause, reason=reason, at=at)
    award.save(update_fields=["state", "suspended_at", "suspension_cause", "suspension_reason"])
    audit.moved(award, by=by, at=at, reason=reason, data={"suspension": cause})
    for tranche in award.tranches.filter(state__in=[State.SCHEDULED, State.READY, State.APPROVED]):
        _take(tranche, award, "hold", by=by, at=at)
    return award


@one_transaction
def resume(award_id: int, *, reason: str, by: User | None, at: datetime) -> Award:
    """The suspension ends: held payments are scheduled again, and pass every gate anew."""
    award = lock_award(award_id)
    award.resume()
    award.save(update_fields=["state", "suspended_at", "suspension_cause", "suspension_reason"])
    audit.moved(award, by=by, at=at, reason=reason)
    for tranche in award.tranches.filter(state=State.HELD):
        _take(tranche, award, "free", by=by, at=at)
    return award


@one_transaction
def ask_to_stop(award_id: int, *, reason: str, by: User, at: datetime) -> Award:
    """The applicant side wishes to end the work (Innovation Act art. 15(2)); a manager may take it up."""
    award = lock_award(award_id)
    if award.state not in RUNNING:
        raise NotPossibleNow(award)
    ensure(
        rules.may_ask_to_stop(award_state=award.state, relations=queries.relations(award, by)),
        _("Only the applicant side asks to end the work."),
    )
    if award.stop_asked_at is not None:
        raise AskedBefore(_("You have asked to end the work already."))
    if not reason.strip():
        raise WordsMissing(_("Give a reason."), field="reason")
    award.stop_asked_at = at
    award.stop_asked_by = by
    award.stop_reason = reason
    award.save(update_fields=["stop_asked_at", "stop_asked_by", "stop_reason"])
    audit.record("award.stop_asked", of=award, by=by, at=at, reason=reason)
    return award


@one_transaction
def take_stop_back(award_id: int, *, by: User, at: datetime) -> Award:
    """The applicant side wishes to go on after all; what was asked and taken back stays in the history."""
    award = lock_award(award_id)
    allowed = rules.may_ask_to_stop(award_state=award.state, relations=queries.relations(award, by))
    ensure(allowed, _("You cannot do this with this award."))
    if award.stop_asked_at is None:
        raise NotAsked(_("Nobody asks to end the work any more. Nothing was changed."))
    award.stop_asked_at, award.stop_asked_by, award.stop_reason = None, None, ""
    award.save(update_fields=["stop_asked_at", "stop_asked_by", "stop_reason"])
    audit.record("award.stop_taken_back", of=award, by=by, at=at)
    return award


@one_transaction
def terminate(award_id: int, *, kind: str, reason: str, lesson: str, by: User | None, at: datetime) -> Award:
    """The award ends before its time; what was never paid is free again."""
    award = lock_award(award_id)
    award.terminate(kind=kind, lesson=lesson, amount=queries.paid_total(award) or award.amount, at=at)
    award.save(update_fields=["state", "termination_kind", "lesson", "amount", "ended_at", "version"])
    event = audit.moved(award, by=by, at=at, reason=reason, data={"termination": kind})
    _free_the_rest(award, event=event, by=by, at=at)
    return award


@one_transaction
def regrade(award_id: int, *, reason: str, by: User, at: datetime) -> Award:
    """An appeal against a termination for cause was upheld: it counts as technical, and carries no sanction."""
    award = lock_award(award_id)
    before = award.termination_kind
    award.termination_kind = Termination.TECHNICAL
    award.save(update_fields=["termination_kind"])
    audit.record("award.regraded", of=award, by=by, at=at, reason=reason, data={"before": before})
    return award


@one_transaction
def complete(award_id: int, *, lesson: str, by: User | None, at: datetime) -> Award:
    """Every milestone is reached and the final report is in; what was never paid is free again."""
    award = lock_award(award_id)
    award.complete(lesson=lesson, amount=queries.paid_total(award) or award.amount, at=at)
    award.save(update_fields=["state", "lesson", "amount", "ended_at", "version"])
    event = audit.moved(award, by=by, at=at)
    _free_the_rest(award, event=event, by=by, at=at)
    return award


def _free_the_rest(award: Award, *, event: Event, by: User | None, at: datetime) -> None:
    for tranche in award.tranches.filter(state__in=[*_RECUT, State.BOUNCED]):
        _take(tranche, award, "cancel", by=by, at=at)
    rest = boxes_of_award(award.pk)[BoxKind.OBLIGATED]
    if rest:
        key = f"free:{award.pk}"
        ledger.move_across(What.FREED, award_id=award.pk, amount=rest, at=at, key=key, event=event)


@one_transaction
def close(award_id: int, *, by: User, at: datetime) -> Award:
    """Everything is settled. Raises NotSettled while money is out or owed; `flow/closing.py` asks the rest."""
    award = lock_award(award_id)
    ensure_may_award(award, "close", by)
    boxes = boxes_of_award(award.pk)
    open_ = boxes[BoxKind.ADVANCES]
    if open_:
        message = _("%(open)s was paid and is not accounted for yet.")
        raise NotSettled(message % {"open": written(open_)})
    award.close(at=at)
    award.save(update_fields=["state", "closed_at"])
    audit.moved(award, by=by, at=at)
    return award


def _take(tranche: Tranche, award: Award, move: str, *, by: User | None, at: datetime) -> None:
    tranche.award = award
    getattr(tranche, move)()
    tranche.save(update_fields=["state", "approved_by", "approved_at"])
    audit.moved(tranche, by=by, at=at)
