"""A running agreement changes: proposed by one side, agreed by the other, never below what was paid."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.changes import operations as changes
from rdfast.changes import queries, rules
from rdfast.changes.models import Change
from rdfast.changes.states import Side
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.working_days import after_days
from rdfast.flow import completing, recovering, reshaping
from rdfast.flow.overtaking import overtake
from rdfast.flow.telling import TOLD_AGAIN, heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.rules import most_before_confirmation
from rdfast.funding.states import UNCONFIRMED
from rdfast.milestones.operations import Promise
from rdfast.people.models import User
from rdfast.plans.queries import amount_in
from rdfast.settlement.states import RecoveryKind
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind

# How long the other side has.
DAYS_TO_ANSWER = 14


@boundaries.commit
def propose(
    award_id: int,
    *,
    amount: int,
    promises: list[Promise],
    reason: str,
    base_version: int,
    once: UUID,
    by: User,
    at: datetime,
) -> Change:
    """Proposed: the other side answers. Moving one date is free once, and holds at once."""
    lock_award(award_id)
    is_known = Change.objects.filter(once=once).exists()
    change = changes.propose(
        award_id,
        amount=amount,
        promises=promises,
        reason=reason,
        base_version=base_version,
        once=once,
        by=by,
        at=at,
    )
    if is_known:
        return change
    if change.is_free_move:
        return _agree(change, by=by, at=at)
    due_at = after_days(at, DAYS_TO_ANSWER)
    timers.set(Kind.ANSWER_CHANGE, of=change, due_at=due_at, at=at)
    answerers = _answerers(change)
    tell(answerers, "change_proposed", event=last_of(change), at=at, change=change, due_at=due_at)
    if change.side == Side.AGENCY:
        others = [user for user in pi(change.award.proposal) if user not in answerers]
        tell(others, "change_to_read", event=last_of(change), at=at, change=change, due_at=due_at)
    return change


@boundaries.commit
def agree(change_id: int, *, by: User, at: datetime) -> Change:
    """Agreed, therefore: the agreement stands at the new amount, with new milestones, clocks and payments."""
    return _agree(changes.lock_change(change_id), by=by, at=at)


def _agree(change: Change, *, by: User, at: datetime) -> Change:
    award = change.award
    _ensure_within_limits(change, award)
    effect = effect_of(change, at=at)
    agreed = changes.agree(change.pk, effect=effect, by=by, at=at)
    timers.cancel(of=agreed, at=at)
    award = standing.restate(
        award.pk, amount=effect["amount"][1], envelope_id=_envelope_of(award, at=at), by=by, at=at
    )
    overtake(award, at=at)
    reshaping.reshape(award, _promises(agreed), after=agreed.replaces_after, by=by, at=at)
    if effect["to_pay_back"]:
        reason = _("The agreed change sets the award below what was paid.")
        recovering.open_(
            award.pk, kind=RecoveryKind.UNSPENT, amount=effect["to_pay_back"], reason=reason, at=at
        )
    people = together(pi(award.proposal), signatories(award), managers(award.proposal))
    tell(people, "change_agreed", event=last_of(agreed), at=at, change=agreed)
    completing.consider(award, by=by, at=at)
    return agreed


def effect_of(change: Change, *, at: datetime) -> dict[str, Any]:
    """What agreeing now would do, before and after."""
    return rules.effect(
        change.amount,
        queries.promised(change),
        queries.facts(change.award, change),
        today=timezone.localdate(at),
    )


def _promises(change: Change) -> list[Promise]:
    return [
        Promise(each.title, each.criterion, each.due_on, each.share_percent, each.is_critical)
        for each in change.milestones.all()
    ]


def _ensure_within_limits(change: Change, award: Award) -> None:
    """Before its confirmation an award stands at half of what was asked, or three quarters once the plan is in."""
    if award.state not in UNCONFIRMED:
        return
    most = most_before_confirmation(award.asked_amount, award.policy.terms, planned=amount_in(award))
    if change.amount > max(most, award.amount):
        raise changes.ChangeRefused(
            _("Before its confirmation the award may stand at %(most)s at most.") % {"most": written(most)},
            field="amount",
        )


def _envelope_of(award: Award, *, at: datetime) -> int:
    """What is added comes from this year's envelope, where there is one."""
    this_year = award.envelope.programme.envelopes.filter(year=timezone.localdate(at).year).first()
    return this_year.pk if this_year else award.envelope_id


@boundaries.commit
def refuse(change_id: int, *, answer: str, by: User, at: datetime) -> Change:
    """Refused: the agreement stays as it is."""
    change = changes.refuse(change_id, answer=answer, by=by, at=at)
    timers.cancel(of=change, at=at)
    tell([change.proposed_by], "change_refused", event=last_of(change), at=at, change=change)
    return change


def answer_late(change: Change, *, at: datetime) -> None:
    """The clock: no answer yet; it is told again, and to the head where the programme owes it."""
    event = audit.record("change.late", of=change, by=None, at=at)
    timers.again(Kind.ANSWER_CHANGE, of=change, due_at=at + TOLD_AGAIN, at=at)
    people = _answerers(change)
    if change.side == Side.APPLICANT:
        people = together(people, heads(change.award.proposal))
    tell(people, "change_late", event=event, at=at, change=change)


def _answerers(change: Change) -> list[User]:
    if change.side == Side.APPLICANT:
        return managers(change.award.proposal)
    award = change.award
    signs = pi(award.proposal) if award.policy.terms.signed_by_pi_allowed else []
    return together(signatories(award), signs)
