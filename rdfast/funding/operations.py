"""Offering and signing awards. Every write locks the award first."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding import queries, rules
from rdfast.funding.limits import ensure_cover, ensure_exposure, ensure_turn, take_from_envelope
from rdfast.funding.models import Agreement, Award, Tranche
from rdfast.funding.states import AWARD, UNPAID
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.people.models import User
from rdfast.programmes.models import Policy
from rdfast.programmes.queries import available_in
from rdfast.proposals.models import Proposal


class AgreementChanged(RuleBroken):
    """The text on the signer's page is not the text that would be signed."""


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
    ensure_turn(award, left=left)
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


def ensure_may_award(award: Award, move: str, by: User) -> None:
    """Raise NotPossibleNow or NotAllowed unless the person may take the move with the award."""
    if award.state not in AWARD.sources_of(move):
        raise NotPossibleNow(award)
    allowed = rules.may_with_award(
        move, state=award.state, relations=queries.relations(award, by), terms=award.policy.terms
    )
    ensure(allowed, _("You cannot do this with this award."))
