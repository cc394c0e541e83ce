"""Paying tranches, and to which account. Every write locks the award first."""

from dataclasses import asdict
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.core.working_days import end_of
from rdfast.funding import queries, rules
from rdfast.funding.limits import ensure_exposure
from rdfast.funding.models import Bounce, NewAccount, Payment, Tranche
from rdfast.funding.operations import PaymentAccount, lock_award
from rdfast.funding.states import ENDED, LIVE, TRANCHE
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.people.models import User


class ReasonMissing(RuleBroken):
    """What the bank said must be kept."""


class CheckedBefore(RuleBroken):
    """The account was checked already."""


class GivenBefore(RuleBroken):
    """The same account was given already and waits for its check."""


@one_transaction
def make_ready(tranche_id: int, *, at: datetime) -> Tranche:
    """The gate is open; whether it is, `flow/paying.py` asks first."""
    tranche = lock_tranche(tranche_id)
    tranche.make_ready()
    tranche.save(update_fields=["state"])
    audit.moved(tranche, by=None, at=at)
    return tranche


@one_transaction
def approve(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """The manager approves a ready tranche for payment."""
    tranche = lock_tranche(tranche_id)
    ensure_may_tranche(tranche, "approve", by)
    tranche.approve(by=by, at=at)
    tranche.save(update_fields=["state", "approved_by", "approved_at"])
    audit.moved(tranche, by=by, at=at)
    return tranche


@one_transaction
def release(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """Pay an approved tranche, exactly once, never by the person who approved it.

    The award is held and checked again; every release sets a date by which it must be accounted for.
    Raises ExposureTooHigh.
    """
    tranche = lock_tranche(tranche_id)
    award = tranche.award
    ensure_may_tranche(tranche, "release", by)
    ensure(award.state in LIVE, _("The award is not live; nothing can be paid."))
    terms, today = award.policy.terms, timezone.localdate(at)
    # A tranche expected soon counts as exposure already; one paid early is added.
    expected = tranche.expected_on <= today + timedelta(days=terms.exposure_days)
    more = 0 if expected else tranche.amount
    exposed = ensure_exposure(award, envelope_id=tranche.envelope_id, at=at, more=more)
    account_day = today + timedelta(days=terms.account_days)
    tranche.release(by=by, at=at, account_by=end_of(account_day))
    tranche.save(update_fields=["state", "released_by", "released_at", "account_by"])
    Payment.objects.create(
        tranche=tranche,
        attempt=tranche.attempt,
        amount=tranche.amount,
        bank=award.bank,
        account_number=award.account_number,
        account_holder=award.account_holder,
        released_by=by,
        released_at=at,
    )
    event = audit.moved(tranche, by=by, at=at, data={"amount": tranche.amount, **exposed})
    ledger.move(
        What.RELEASED,
        envelope_id=tranche.envelope_id,
        award_id=award.pk,
        amount=tranche.amount,
        at=at,
        key=f"release:{tranche.pk}:{tranche.attempt}",
        event=event,
    )
    return tranche


@one_transaction
def settle(tranche_id: int, *, by: User, at: datetime) -> Tranche:
    """The bank confirmed that the payment arrived; claims may now account for it."""
    tranche = lock_tranche(tranche_id)
    ensure_may_tranche(tranche, "settle", by)
    tranche.settle()
    tranche.save(update_fields=["state"])
    audit.moved(tranche, by=by, at=at)
    return tranche


@one_transaction
def bounce(tranche_id: int, *, reason: str, by: User, at: datetime) -> Tranche:
    """The bank sent the payment back: the money is obligated again, and free when the award has ended."""
    tranche = lock_tranche(tranche_id)
    award = tranche.award
    ensure_may_tranche(tranche, "bounce", by)
    if not reason.strip():
        raise ReasonMissing(_("Say what the bank gave as its reason."), field="reason")
    tranche.bounce()
    tranche.save(update_fields=["state", "account_by"])
    event = audit.moved(tranche, by=by, at=at, reason=reason, data={"amount": tranche.amount})
    payment = tranche.payments.get(attempt=tranche.attempt)
    Bounce.objects.create(payment=payment, reason=reason, by=by, at=at)
    _send_back(What.BOUNCED, tranche, "bounce", event=event, at=at)
    if award.state in ENDED:
        tranche.cancel()
        tranche.save(update_fields=["state"])
        event = audit.moved(tranche, by=by, at=at)
        _send_back(What.FREED, tranche, "free_bounced", event=event, at=at)
    return tranche


@one_transaction
def put_off(tranche: Tranche, *, account_by: datetime) -> None:
    """The payment is to be accounted for by another day. The caller holds the award."""
    tranche.account_by = account_by
    tranche.save(update_fields=["account_by"])


def _send_back(what: What, tranche: Tranche, key: str, *, event: Event, at: datetime) -> None:
    ledger.move(
        what,
        envelope_id=tranche.envelope_id,
        award_id=tranche.award_id,
        amount=tranche.amount,
        at=at,
        key=f"{key}:{tranche.pk}:{tranche.attempt}",
        event=event,
    )


@one_transaction
def give_account(award_id: int, *, account: PaymentAccount, by: User, at: datetime) -> NewAccount:
    """Another payment account, in place of one that was given and not checked yet. Raises GivenBefore."""
    award = lock_award(award_id)
    allowed = rules.may_give_account(
        award_state=award.state, relations=queries.relations(award, by), terms=award.policy.terms
    )
    ensure(allowed, _("Only those who sign for the organisation of a running award give its account."))
    waiting = award.new_accounts.filter(checked_at__isnull=True)
    if waiting.filter(**asdict(account)).exists():
        raise GivenBefore(_("This account was given already and waits for its check. Nothing was changed."))
    waiting.delete()
    given = NewAccount.objects.create(award=award, **asdict(account), given_by=by, given_at=at)
    audit.record("award.account_given", of=award, by=by, at=at)
    return given


@one_transaction
def check_account(account_id: int, *, by: User, at: datetime) -> NewAccount:
    """The finance officer has checked the account: payments go there from now on. Never the person who gave it."""
    award_id = NewAccount.objects.filter(pk=account_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    account = lock(NewAccount, account_id)
    account.award = award
    if account.checked_at is not None:
        raise CheckedBefore(_("This account has been checked already. Nothing was changed."))
    allowed = rules.may_check_account(
        award_state=award.state,
        relations=queries.relations(award, by),
        is_giver=account.given_by_id == by.pk,
    )
    ensure(allowed, _("Only a finance officer who did not give the account checks it, while the award runs."))
    account.checked_by, account.checked_at = by, at
    account.save(update_fields=["checked_by", "checked_at"])
    award.bank = account.bank
    award.account_number = account.account_number
    award.account_holder = account.account_holder
    award.save(update_fields=["bank", "account_number", "account_holder"])
    audit.record("award.account_checked", of=award, by=by, at=at)
    return account


@one_transaction
def pay_again(tranche_id: int, *, at: datetime) -> Tranche:
    """A bounced payment is ready once more: approval and release follow anew, as another attempt."""
    tranche = lock_tranche(tranche_id)
    ensure(tranche.award.state in LIVE, _("The award is not live; nothing can be paid."))
    tranche.pay_again()
    tranche.save(
        update_fields=["state", "attempt", "approved_by", "approved_at", "released_by", "released_at"]
    )
    audit.moved(tranche, by=None, at=at, data={"attempt": tranche.attempt})
    return tranche


def lock_tranche(tranche_id: int) -> Tranche:
    """Hold the award, then the tranche."""
    award_id = Tranche.objects.filter(pk=tranche_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    tranche = lock(Tranche, tranche_id)
    tranche.award = award
    return tranche


def ensure_may_tranche(tranche: Tranche, move: str, by: User) -> None:
    """Raise NotPossibleNow or NotAllowed unless the person may take the move with the tranche."""
    if tranche.state not in TRANCHE.sources_of(move):
        raise NotPossibleNow(tranche)
    allowed = rules.may_with_tranche(
        move,
        state=tranche.state,
        relations=queries.relations(tranche.award, by),
        is_approver=tranche.approved_by_id == by.pk,
    )
    ensure(allowed, _("You cannot do this with this payment."))
