"""Writes of money that came back. Every write locks the award first; a bank reference counts once."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding.queries import relations
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.people.models import User
from rdfast.settlement import queries, rules
from rdfast.settlement.models import Recovery, Repayment
from rdfast.settlement.recoveries import lock_recovery
from rdfast.settlement.states import Origin


class ReceivedBefore(RuleBroken):
    """Money with this bank reference was recorded already."""


class NothingThere(RuleBroken):
    """There is no money to give back or to remit."""


class NotThatMuch(RuleBroken):
    """What waits has changed since the page was opened."""


@one_transaction
def receive(
    recovery_id: int, *, reference: str, received_on: date, amount: int, by: User, at: datetime
) -> Repayment:
    """Record `amount` (minor units) that arrived under the bank's reference; what is not owed is unmatched.

    Raises ReceivedBefore, having changed nothing, when the reference was recorded already.
    """
    recovery = lock_recovery(recovery_id)
    _ensure_takes_money(recovery, by)
    reference = " ".join(reference.split())
    _ensure_receivable(reference, received_on, amount, at)
    matched = min(amount, queries.owed(recovery))
    repayment, is_new = Repayment.objects.get_or_create(
        reference=reference,
        defaults={
            "award": recovery.award,
            "recovery": recovery,
            "received_on": received_on,
            "matched": matched,
            "unmatched": amount - matched,
            "recorded_by": by,
            "recorded_at": at,
        },
    )
    if not is_new:
        message = _("The reference %(reference)s was recorded before. Nothing was changed.")
        raise ReceivedBefore(message % {"reference": reference}, field="reference")
    repayment.recovery, repayment.award = recovery, recovery.award
    _book(repayment, recovery, matched, amount - matched, by=by, at=at)
    if matched and not queries.owed(recovery):
        recovery.pay(at=at)
        recovery.save(update_fields=["state", "ended_at"])
        audit.moved(recovery, by=by, at=at)
    return repayment


def _ensure_receivable(reference: str, received_on: date, amount: int, at: datetime) -> None:
    if not reference:
        raise RuleBroken(_("Write the bank's reference."), field="reference")
    if amount <= 0:
        raise RuleBroken(_("Write an amount above zero."), field="amount")
    if received_on > timezone.localdate(at):
        raise RuleBroken(_("This day has not come yet."), field="received_on")


def _book(
    repayment: Repayment, recovery: Recovery, matched: int, unmatched: int, *, by: User, at: datetime
) -> None:
    data = {"amount": matched + unmatched, "unmatched": unmatched, "reference": repayment.reference}
    event = audit.record("recovery.received", of=recovery, by=by, at=at, data=data)
    if matched:
        what = What.COLLECTED if recovery.origin == Origin.ON_TOP else What.REPAID
        key = f"repaid:{repayment.pk}"
        ledger.move_across(what, award_id=recovery.award_id, amount=matched, at=at, key=key, event=event)
    if unmatched:
        ledger.move(
            What.UNMATCHED,
            envelope_id=recovery.award.envelope_id,
            award_id=recovery.award_id,
            amount=unmatched,
            at=at,
            key=f"unmatched:{repayment.pk}",
            event=event,
        )


@one_transaction
def give_back(repayment_id: int, *, by: User, at: datetime) -> Repayment:
    """What was received beyond the demand goes back to the payer, whole and once. Raises NothingThere."""
    found = Repayment.objects.filter(pk=repayment_id).values_list("recovery", flat=True).first() or 0
    recovery = lock_recovery(found)
    repayment = lock(Repayment, repayment_id)
    _ensure_takes_money(recovery, by)
    if not repayment.unmatched or queries.is_given_back(repayment):
        raise NothingThere(_("Nothing of this payment is left to give back. Nothing was changed."))
    data = {"amount": repayment.unmatched, "reference": repayment.reference}
    event = audit.record("recovery.given_back", of=recovery, by=by, at=at, data=data)
    ledger.move(
        What.GIVEN_BACK,
        envelope_id=recovery.award.envelope_id,
        award_id=recovery.award_id,
        amount=repayment.unmatched,
        at=at,
        key=queries.key_of_return(repayment),
        event=event,
    )
    repayment.recovery, repayment.award = recovery, recovery.award
    return repayment


@one_transaction
def remit(recovery_id: int, *, amount: int, by: User, at: datetime) -> None:
    """Send what was paid back, with surcharges and interest, on to the treasury, whole: `amount` was transferred.

    Raises NothingThere, and NotThatMuch when more or less waits than was transferred.
    """
    recovery = lock_recovery(recovery_id)
    _ensure_takes_money(recovery, by)
    waiting = queries.to_remit_of(recovery.award_id)
    if not waiting:
        raise NothingThere(_("Nothing waits to be remitted. Nothing was changed."))
    if amount != sum(waiting.values()):
        message = _("%(waiting)s waits to be remitted by now, not %(amount)s. Look at it again.")
        words = {"waiting": written(sum(waiting.values())), "amount": written(amount)}
        raise NotThatMuch(message % words)
    event = audit.record("recovery.remitted", of=recovery, by=by, at=at, data={"amount": amount})
    for what, part in waiting.items():
        key = f"{what}:{event.pk}"
        ledger.move_across(what, award_id=recovery.award_id, amount=part, at=at, key=key, event=event)


def told_of(repayment: Repayment) -> str:
    """What became of the money, in a sentence."""
    if not repayment.unmatched:
        return str(_("%(matched)s counted towards the demand.") % {"matched": written(repayment.matched)})
    message = _("%(matched)s counted towards the demand; %(unmatched)s beyond it can be given back.")
    return str(message % {"matched": written(repayment.matched), "unmatched": written(repayment.unmatched)})


def _ensure_takes_money(recovery: Recovery, by: User) -> None:
    allowed = rules.may_take_money(relations=relations(recovery.award, by))
    ensure(allowed, _("Only a finance officer of the programme can do this."))
