"""Writes of claims. Every write locks the award first; only here advances become expense."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_entry
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import OutOfDate, RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.core.uploads import Stored
from rdfast.funding import queries as funding
from rdfast.funding.operations import lock_award
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.people.models import User
from rdfast.programmes.models import BudgetCategory
from rdfast.settlement import queries, rules
from rdfast.settlement.models import Claim, ClaimLine, Receipt
from rdfast.settlement.states import MACHINE, FullCheck, State


class ClaimRefused(RuleBroken):
    """Something in the claim does not fit; `field` names it."""


@dataclass(frozen=True)
class Line:
    """One cost as typed. `amount` in minor units."""

    category: BudgetCategory
    spent_on: date
    description: str
    amount: int


@dataclass(frozen=True)
class Verdict:
    """What the finance officer accepts of one line, in minor units, and why not more."""

    accepted: int
    reason: str = ""


@boundaries.commit
def start(award_id: int, *, by: User, at: datetime, once: UUID) -> Claim:
    """A new draft under a live award. The same `once` finds the same draft."""
    award = lock_award(award_id)
    existing = Claim.objects.filter(once=once, award=award).first()
    if existing:
        return existing
    ensure(
        rules.may_start(award_state=award.state, relations=funding.relations(award, by)),
        _("Only the principal investigator of a running award claims."),
    )
    claim = Claim.objects.create(award=award, number=award.claims.count() + 1, once=once, created_at=at)
    audit.began(claim, by=by, at=at)
    return claim


@boundaries.commit
def save(
    claim_id: int, lines: list[Line], *, files: Iterable[Stored], revision: int, by: User, at: datetime
) -> Claim:
    """Replace the draft's lines and add receipts. Raises OutOfDate when the form was loaded before another save."""
    claim = lock_claim(claim_id)
    ensure(
        rules.may_edit(state=claim.state, relations=queries.relations(claim, by)),
        _("This claim can no longer be edited."),
    )
    if claim.revision != revision:
        raise OutOfDate
    claim.revision += 1
    claim.save(update_fields=["revision"])
    claim.lines.all().delete()
    ClaimLine.objects.bulk_create(
        ClaimLine(
            claim=claim,
            category=line.category,
            spent_on=line.spent_on,
            description=line.description,
            amount=line.amount,
        )
        for line in lines
    )
    Receipt.objects.bulk_create(Receipt(claim=claim, **asdict(file)) for file in files)
    return claim


@one_transaction
def submit(claim_id: int, *, by: User, at: datetime) -> Claim:
    """Hand the claim in. It may account for settled tranches only, and for no won twice."""
    claim = lock_claim(claim_id)
    _ensure_may(claim, "submit", by)
    open_ = rules.may_start(award_state=claim.award.state, relations=queries.relations(claim, by))
    ensure(open_, _("The award is closed: nothing can be claimed any more."))
    lines = list(claim.lines.all())
    if not lines:
        raise ClaimRefused(_("Enter at least one cost."), field="lines")
    for index, line in enumerate(lines):
        _ensure_spent_in_time(index, line, claim, at)
    total = sum(line.amount for line in lines)
    room = queries.room_for_claims(claim.award)
    if total > room:
        message = _("You claim %(total)s, but only %(room)s of what was paid is still to be accounted for.")
        raise ClaimRefused(message % {"total": written(total), "room": written(room)}, field="lines")
    claim.submit(by=by, at=at)
    if _is_high_risk(claim, total):
        claim.full_check = FullCheck.HIGH_RISK
    claim.save(update_fields=["state", "submitted_by", "submitted_at", "full_check"])
    audit.moved(claim, by=by, at=at, data={"amount": total})
    return claim


def _ensure_spent_in_time(index: int, line: ClaimLine, claim: Claim, at: datetime) -> None:
    if line.spent_on > timezone.localdate(at):
        raise ClaimRefused(_("This day has not come yet."), field=f"lines-{index}-spent_on")
    signed_at = claim.award.signed_at
    if signed_at and line.spent_on < timezone.localdate(signed_at):
        raise ClaimRefused(_("This was before the agreement was signed."), field=f"lines-{index}-spent_on")


def _is_high_risk(claim: Claim, total: int) -> bool:
    award = claim.award
    return rules.is_high_risk(
        total=total,
        limit=award.policy.terms.high_risk_claim,
        was_suspended=last_entry(award, "award.suspend") is not None,
        was_disallowed=award.claims.filter(state=State.DISALLOWED).exists(),
    )


@one_transaction
def decide(
    claim_id: int, verdicts: dict[int, Verdict], *, by: User, at: datetime, checked_in_full: bool = False
) -> Claim:
    """Accept the claim in full or part, or not at all; `verdicts` are by line id.

    What is accepted goes from advances to expense. What is not stays in advances: it must still be
    accounted for. Raises ClaimRefused when a line lacks its verdict or a refusal its reason, or when a claim of
    high risk was not checked receipt by receipt.
    """
    claim = lock_claim(claim_id)
    _ensure_may(claim, "accept", by)
    if claim.full_check and not checked_in_full:
        raise ClaimRefused(
            _("This claim is of high risk: check every receipt before you decide."), field="checked_in_full"
        )
    lines = list(claim.lines.select_for_update(no_key=True))
    for index, line in enumerate(lines):
        _judge(index, line, verdicts.get(line.pk))
    ClaimLine.objects.bulk_update(lines, ["accepted_amount", "reason"])
    accepted = sum(line.accepted_amount or 0 for line in lines)
    move = rules.move_for(claimed=sum(line.amount for line in lines), accepted=accepted)
    getattr(claim, move)(by=by, at=at)
    if claim.full_check:
        claim.checked_by, claim.checked_at = by, at
    claim.save(update_fields=["state", "decided_by", "decided_at", "checked_by", "checked_at"])
    event = audit.moved(claim, by=by, at=at, data={"accepted": accepted})
    if accepted:
        key = f"liquidate:{claim.pk}"
        ledger.move_across(
            What.LIQUIDATED,
            award_id=claim.award_id,
            amount=accepted,
            at=at,
            key=key,
            event=event,
            kept=funding.on_its_way(claim.award),
        )
    return claim


def _judge(index: int, line: ClaimLine, verdict: Verdict | None) -> None:
    if verdict is None:
        raise ClaimRefused(_("Decide on every line."), field=f"line-{index}-accepted")
    if not 0 <= verdict.accepted <= line.amount:
        message = _("Accept between nothing and the claimed %(amount)s.") % {"amount": written(line.amount)}
        raise ClaimRefused(message, field=f"line-{index}-accepted")
    if verdict.accepted < line.amount and not verdict.reason.strip():
        raise ClaimRefused(_("Say why it is not accepted in full."), field=f"line-{index}-reason")
    line.accepted_amount = verdict.accepted
    line.reason = verdict.reason


def lock_claim(claim_id: int) -> Claim:
    """Hold the award, then the claim."""
    award_id = Claim.objects.filter(pk=claim_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    claim = lock(Claim, claim_id)
    claim.award = award
    return claim


def _ensure_may(claim: Claim, move: str, by: User) -> None:
    if claim.state not in MACHINE.sources_of(move):
        raise NotPossibleNow(claim)
    ensure(
        rules.may(move, state=claim.state, relations=queries.relations(claim, by)),
        _("You cannot do this with this claim."),
    )
    ensure(move == "submit" or claim.submitted_by_id != by.pk, _("Nobody decides on their own claim."))
