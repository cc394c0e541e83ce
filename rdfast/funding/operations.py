"""Offering and signing awards, and paying tranches. Every write locks the award first."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

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
from rdfast.funding.limits import ensure_cover, ensure_exposure, ensure_line, take_from_envelope
from rdfast.funding.models import Agreement, Award, Bounce, NewAccount, Payment, Tranche
from rdfast.funding.states import AWARD, ENDED, LIVE, TRANCHE, UNPAID
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.people.models import User
from rdfast.programmes.models import Policy
from rdfast.programmes.queries import available_in
from rdfast.proposals.models import Proposal


class AgreementChanged(RuleBroken):
    """The text on the signer's page is not the text that would be signed."""


class ReasonMissing(RuleBroken):
    """What the bank said must be kept."""


class CheckedBefore(RuleBroken):
    """The account was checked already."""


class GivenBefore(RuleBroken):
    """The same account was given already and waits for its check."""


@dataclass(frozen=True)
class PaymentAccount:
    """Where the award's money goes."""

    bank: str
    account_number: str
    account_holder: str


@dataclass(frozen=True)
class PlannedTranche:
    """One payment as planned: percent of the award, and the milestone before it (none for the first)."""

    share_percent: int
    after_milestone: int | None
    expected_on: date


@one_transaction
def offer(
    proposal: Proposal, *, amount: int, policy: Policy, planned: list[PlannedTranche], by: User, at: datetime
) -> Award:
    """Offer an award over `amount`, cut into tranches. `reserve` takes the money, last of all."""
    if proposal.organisation_id is None:
        raise ValueError(f"{proposal} was submitted without an organisation")
    award = Award.objects.create(
        proposal=proposal,
        envelope=proposal.call.envelope,
        policy=policy,
        organisation_id=proposal.organisation_id,
        pi=proposal.pi,
        amount=amount,
        asked_amount=proposal.asked_amount,
        offered_at=at,
    )
    audit.began(award, by=by, at=at, data={"amount": amount})
    schedule(award, planned, pots=[(award.envelope_id, amount)], first=1, by=by, at=at)
    return award


def schedule(
    award: Award,
    planned: list[PlannedTranche],
    *,
    pots: list[tuple[int, int]],
    first: int,
    by: User | None,
    at: datetime,
) -> None:
    """Cut what the pots hold, each (envelope id, amount), into tranches as planned, numbered from `first` on."""
    parts = rules.cut_into_tranches(sum(amount for _pot, amount in pots), [p.share_percent for p in planned])
    tranches = Tranche.objects.bulk_create(
        Tranche(
            award=award,
            envelope_id=envelope_id,
            number=number,
            amount=amount,
            after_milestone=planned[index].after_milestone,
            expected_on=planned[index].expected_on,
        )
        for number, (index, envelope_id, amount) in enumerate(rules.split_over(pots, parts), start=first)
    )
    audit.all_began(tranches, by=by, at=at, data=[{"amount": tranche.amount} for tranche in tranches])


@one_transaction
def reserve(award: Award, *, by: User, at: datetime) -> None:
    """Reserve the offered amount in the envelope: the last step of a grant, for its locks are contended.

    Holds organisation and envelope. Raises EnvelopeExhausted, ExposureTooHigh, OthersWaitFirst
    or CoverTooLow.
    """
    exposed = ensure_exposure(award, envelope_id=award.envelope_id, at=at)
    data = {"amount": award.amount, **exposed}
    event = audit.record("award.reserved", of=award, by=by, at=at, data=data)
    take_from_envelope(
        What.RESERVED, award, award.envelope_id, award.amount, at=at, key=f"reserve:{award.pk}", event=event
    )
    left = available_in(award.envelope)
    ensure_line(award, left=left)
    ensure_cover(award, left=left)


def lock_award(award_id: int) -> Award:
    """Hold the award: the first lock of every write from here on."""
    return lock(Award, award_id)


@one_transaction
def sign(award_id: int, *, text: str, sha256: str, account: PaymentAccount, by: User, at: datetime) -> Award:
    """Sign the agreement of this text; the money becomes obligated.

    `sha256` is of the text the signer saw: raises AgreementChanged when it is another one.
    """
    award = lock_award(award_id)
    ensure_may_award(award, "sign", by)
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise AgreementChanged(_("The agreement has changed since this page was loaded. Read it again."))
    due = timezone.localdate(at) + timedelta(days=award.policy.terms.confirmation_days)
    award.sign(
        at=at,
        confirmation_due_on=due,
        bank=account.bank,
        account_number=account.account_number,
        account_holder=account.account_holder,
    )
    award.save(
        update_fields=[
            "state",
            "signed_at",
            "confirmation_due_on",
            "bank",
            "account_number",
            "account_holder",
        ]
    )
    Agreement.objects.create(award=award, text=text, sha256=sha256, signed_by=by, signed_at=at)
    event = audit.moved(award, by=by, at=at, data={"sha256": sha256})
    ledger.move(
        What.OBLIGATED,
        envelope_id=award.envelope_id,
        award_id=award.pk,
        amount=award.amount,
        at=at,
        key=f"oblige:{award.pk}",
        event=event,
    )
    return award


@one_transaction
def expect(award: Award, due_days: dict[int, date]) -> None:
    """Payments are expected when the milestone before them is due, by milestone number; exposure counts on it."""
    for tranche in award.tranches.filter(after_milestone__in=due_days):
        tranche.expected_on = due_days[tranche.after_milestone or 0]
        tranche.save(update_fields=["expected_on"])


@one_transaction
def refuse(award_id: int, *, reason: str, by: User, at: datetime) -> Award:
    """The organisation does not want the award; the reservation ends."""
    award = lock_award(award_id)
    ensure_may_award(award, "refuse", by)
    award.refuse()
    return _end_unsigned(award, by=by, at=at, reason=reason)


@one_transaction
def lapse(award_id: int, *, at: datetime) -> Award:
    """The clock: nobody signed in time; the reservation ends."""
    award = lock_award(award_id)
    award.lapse()
    return _end_unsigned(award, by=None, at=at, reason="")


def _end_unsigned(award: Award, *, by: User | None, at: datetime, reason: str) -> Award:
    award.save(update_fields=["state"])
    event = audit.moved(award, by=by, at=at, reason=reason)
    for tranche in award.tranches.filter(state__in=UNPAID):
        tranche.award = award
        tranche.cancel()
        tranche.save(update_fields=["state"])
        audit.moved(tranche, by=by, at=at)
    ledger.move(
        What.UNRESERVED,
        envelope_id=award.envelope_id,
        award_id=award.pk,
        amount=award.amount,
        at=at,
        key=f"unreserve:{award.pk}",
        event=event,
    )
    return award


@one_transaction
def make_ready(tranche_id: int, *, at: datetime) -> Tranche:
    """The gate is open; whether it is, `flow/paying.py` asks first."""
    tranche = lock_tranche(tranche_id)
    tranche.make_ready()
    tranche.save(update_fields=["state"])
    audit.moved(tranche, by=None, at=at)
    return tranche


@one_transaction
def approve_tranche(tranche_id: int, *, by: User, at: datetime) -> Tranche:
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


def ensure_may_award(award: Award, move: str, by: User) -> None:
    """Raise NotPossibleNow or NotAllowed unless the person may take the move with the award."""
    if award.state not in AWARD.sources_of(move):
        raise NotPossibleNow(award)
    allowed = rules.may_with_award(
        move, state=award.state, relations=queries.relations(award, by), terms=award.policy.terms
    )
    ensure(allowed, _("You cannot do this with this award."))


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
