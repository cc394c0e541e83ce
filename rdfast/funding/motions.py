"""Motions: what a manager proposes about an award and a second person signs. Every write locks the award first."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding import queries, rules
from rdfast.funding.models import Award, Motion
from rdfast.funding.operations import lock_award
from rdfast.funding.states import MOTION, MotionState
from rdfast.people.models import User
from rdfast.programmes.models import Envelope


class MotionWaits(RuleBroken):
    """Another motion about the award waits for its second signature."""


class ReasonMissing(RuleBroken):
    """Every motion and every refusal has a reason."""


@one_transaction
def propose(
    award_id: int,
    kind: str,
    *,
    reason: str,
    by: User,
    at: datetime,
    amount: int | None = None,
    envelope: Envelope | None = None,
    lesson: str = "",
) -> Motion:
    """The first of two signatures. Raises MotionWaits while another motion about the award does."""
    award = lock_award(award_id)
    if not rules.may_propose_motion(kind, award_state=award.state, relations=queries.relations(award, by)):
        raise NotPossibleNow(award)
    if not reason.strip():
        raise ReasonMissing(_("Give a reason."), field="reason")
    if queries.motion_in_hand(award):
        raise MotionWaits(_("Another motion about this award waits for its second signature."))
    motion = Motion.objects.create(
        award=award,
        kind=kind,
        amount=amount,
        envelope=envelope,
        reason=reason,
        lesson=lesson,
        proposed_by=by,
        proposed_at=at,
    )
    audit.began(motion, by=by, at=at, reason=reason, data={"amount": amount} if amount else {})
    return motion


def lock_motion(motion_id: int) -> Motion:
    """Hold the award, then the motion."""
    award_id = Motion.objects.filter(pk=motion_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    motion = lock(Motion, motion_id)
    motion.award = award
    return motion


@one_transaction
def carry(motion_id: int, *, answer: str, by: User, at: datetime) -> Motion:
    """The second signature, by another person. What was proposed follows in `flow/moving.py`."""
    motion = _lock_for(motion_id, "carry", by)
    motion.carry(by=by, at=at, answer=answer)
    motion.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    audit.moved(motion, by=by, at=at, reason=answer)
    return motion


@one_transaction
def refuse(motion_id: int, *, answer: str, by: User, at: datetime) -> Motion:
    """The second person says no, with a reason the manager can read."""
    motion = _lock_for(motion_id, "refuse", by)
    if not answer.strip():
        raise ReasonMissing(_("Give a reason."), field="answer")
    motion.refuse(by=by, at=at, answer=answer)
    motion.save(update_fields=["state", "decided_by", "decided_at", "answer"])
    audit.moved(motion, by=by, at=at, reason=answer)
    return motion


@one_transaction
def overtake(award: Award, *, at: datetime) -> Motion | None:
    """The award moved on: whatever waited for a second signature is overtaken. The caller holds the award."""
    motion = (
        Motion.objects.filter(award=award, state=MotionState.PROPOSED).select_for_update(no_key=True).first()
    )
    if motion is None:
        return None
    motion.award = award
    motion.overtake(at=at)
    motion.save(update_fields=["state", "decided_at"])
    audit.moved(motion, by=None, at=at)
    return motion


@one_transaction
def escalate(motion_id: int, *, at: datetime) -> Motion:
    """The clock: nobody gave the second signature in time; the head may from now on."""
    motion = lock_motion(motion_id)
    if motion.state != MotionState.PROPOSED:
        raise NotPossibleNow(motion)
    motion.escalated_at = motion.escalated_at or at
    motion.save(update_fields=["escalated_at"])
    audit.record("motion.escalated", of=motion, by=None, at=at)
    return motion


def _lock_for(motion_id: int, move: str, by: User) -> Motion:
    motion = lock_motion(motion_id)
    if motion.state not in MOTION.sources_of(move):
        raise NotPossibleNow(motion)
    allowed = rules.may_sign_motion(
        move,
        state=motion.state,
        relations=queries.relations(motion.award, by),
        is_proposer=motion.proposed_by_id == by.pk,
        escalated=motion.escalated_at is not None,
    )
    ensure(allowed, _("The second signature must be another person's, a second approver's."))
    return motion
