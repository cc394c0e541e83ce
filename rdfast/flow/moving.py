"""Motions: a manager proposes what becomes of an award, a second person signs, and it happens."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.locks import NotFound
from rdfast.core.refusals import RuleBroken
from rdfast.flow import completing, confirming, curing, ending, planning, proceeding, resuming
from rdfast.flow.overtaking import overtake
from rdfast.flow.reshaping import payments_ahead, reshape
from rdfast.flow.telling import TOLD_AGAIN, heads, managers, pi, second_approvers, signatories, tell, together
from rdfast.funding import motions, queries, rules, standing
from rdfast.funding.models import Award, Motion
from rdfast.funding.operations import lock_award
from rdfast.funding.states import MotionKind, Termination
from rdfast.milestones.operations import Promise
from rdfast.milestones.rules import due_after_signing
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.plans.models import Plan
from rdfast.plans.queries import amount_in, plan_of, promises
from rdfast.programmes.models import Envelope
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


class NotRipe(RuleBroken):
    """What must come before this has not happened yet."""


@boundaries.commit
def propose_raise(
    award_id: int, *, amount: int, envelope_id: int, reason: str, by: User, at: datetime
) -> Motion:
    """Raise a provisional award to `amount`, in minor units. Raises NotRipe."""
    award = lock_award(award_id)
    envelope = _envelope(award, envelope_id, at=at)
    motion = motions.propose(
        award_id, MotionKind.RAISE, reason=reason, amount=amount, envelope=envelope, by=by, at=at
    )
    return _proposed(motion, by=by, at=at)


@boundaries.commit
def propose_confirmation(award_id: int, *, envelope_id: int, reason: str, by: User, at: datetime) -> Motion:
    """Confirm the award over its accepted plan; the envelope gives what is added. Raises NotRipe."""
    award = lock_award(award_id)
    _ensure_ready(award)
    plan = plan_of(award)
    motion = motions.propose(
        award_id,
        MotionKind.CONFIRM,
        reason=reason,
        amount=plan.amount if plan else None,
        envelope=_envelope(award, envelope_id, at=at),
        by=by,
        at=at,
    )
    return _proposed(motion, by=by, at=at)


@boundaries.commit
def propose_resumption(award_id: int, *, reason: str, by: User, at: datetime) -> Motion:
    """End the suspension. Raises NotRipe while a cause of it is not cured."""
    motion = motions.propose(award_id, MotionKind.RESUME, reason=reason, by=by, at=at)
    return _proposed(motion, by=by, at=at)


@boundaries.commit
def propose_end(award_id: int, *, reason: str, lesson: str, by: User, at: datetime) -> Motion:
    """End the work by mutual consent, which the applicant asked for; the lesson is published. Raises NotRipe."""
    motion = motions.propose(award_id, MotionKind.TERMINATE, reason=reason, lesson=lesson, by=by, at=at)
    return _proposed(motion, by=by, at=at)


def _proposed(motion: Motion, *, by: User, at: datetime) -> Motion:
    award = motion.award
    _ensure_ripe(motion, at=at)
    due_at = award.policy.terms.second_approval_by(at)
    timers.set(Kind.SECOND_MOTION, of=motion, due_at=due_at, at=at)
    tell(
        second_approvers(award.proposal, other_than=by),
        "motion_proposed",
        event=last_of(motion),
        at=at,
        motion=motion,
        award=award,
        due_at=due_at,
    )
    return motion


@boundaries.commit
def carry(motion_id: int, *, answer: str, by: User, at: datetime) -> Motion:
    """Signed by both, therefore it happens. What the envelope or a cap refuses leaves the motion waiting."""
    motion = motions.carry(motion_id, answer=answer, by=by, at=at)
    timers.cancel(of=motion, at=at)
    _ensure_ripe(motion, at=at)
    match motion.kind:
        case MotionKind.RAISE:
            _raise(motion, by=by, at=at)
        case MotionKind.CONFIRM:
            _confirm(motion, by=by, at=at)
        case MotionKind.RESUME:
            resuming.resume(motion.award, reason=motion.reason, by=by, at=at)
        case MotionKind.TERMINATE:
            _end(motion, by=by, at=at)
    return motion


@boundaries.commit
def refuse(motion_id: int, *, answer: str, by: User, at: datetime) -> Motion:
    """The second person says no: everything stays as it is, and the manager is told why."""
    motion = motions.refuse(motion_id, answer=answer, by=by, at=at)
    timers.cancel(of=motion, at=at)
    award = motion.award
    people = together([motion.proposed_by], managers(award.proposal))
    tell(people, "motion_refused", event=last_of(motion), at=at, motion=motion, award=award)
    return motion


def escalate(motion: Motion, *, at: datetime) -> None:
    """The clock: the second signature is late; the head may sign from now on, and is told so, again every week."""
    escalated = motions.escalate(motion.pk, at=at)
    timers.again(Kind.SECOND_MOTION, of=escalated, due_at=at + TOLD_AGAIN, at=at)
    proposal = escalated.award.proposal
    people = together(heads(proposal), second_approvers(proposal, other_than=escalated.proposed_by))
    event = last_of(escalated)
    tell(people, "motion_late", event=event, at=at, motion=escalated, award=escalated.award)


def _raise(motion: Motion, *, by: User, at: datetime) -> None:
    award = standing.restate(motion.award_id, **_sum_of(motion), by=by, at=at)
    event = last_of(award)
    overtake(award, at=at)
    reshape(award, None, by=by, at=at)
    tell(_concerned(award), "award_raised", event=event, at=at, award=award)


def _confirm(motion: Motion, *, by: User, at: datetime) -> None:
    """The plan's milestones take the place of those not begun; from now on the award can be completed."""
    award = standing.confirm(motion.award_id, **_sum_of(motion), by=by, at=at)
    event = last_of(award)
    overtake(award, at=at)
    timers.cancel(Kind.CONFIRM, Kind.CONFIRM_LATE, of=award, at=at)
    planning.stop(award, at=at)
    plan = plan_of(award)
    reshape(award, _promises_ahead(award, plan, at=at) if plan else None, by=by, at=at)
    completing.consider(award, by=by, at=at)
    tell(_concerned(award), "award_confirmed", event=event, at=at, award=award)


def _promises_ahead(award: Award, plan: Plan, *, at: datetime) -> list[Promise]:
    """What the plan promises; a day that has come meanwhile is moved so far that its milestone still opens."""
    today, days = timezone.localdate(at), award.policy.terms.milestone_opens_days
    return [
        replace(promise, due_on=due_after_signing(promise.due_on, today, days))
        if promise.due_on <= today
        else promise
        for promise in promises(plan)
    ]


def _end(motion: Motion, *, by: User, at: datetime) -> None:
    award = ending.terminate(
        motion.award,
        kind=Termination.TECHNICAL,
        reason=motion.reason,
        lesson=motion.lesson,
        by=by,
        at=at,
    )
    event = last_of(award)
    proceeding.drop_for_ended(award, at=at)
    tell(_concerned(award), "award_ended", event=event, at=at, award=award, reason=motion.reason)


def _concerned(award: Award) -> list[User]:
    return together(pi(award.proposal), signatories(award), managers(award.proposal))


def _sum_of(motion: Motion) -> dict[str, int]:
    return {"amount": motion.amount or 0, "envelope_id": motion.envelope_id or 0}


def _envelope(award: Award, envelope_id: int, *, at: datetime) -> Envelope:
    envelopes = queries.envelopes_for(award, today=timezone.localdate(at))
    found = envelopes.filter(pk=envelope_id).first()
    if found is None:
        raise NotFound(_("This year's or the next year's envelope of the programme gives the money."))
    return found


def _ensure_ripe(motion: Motion, *, at: datetime) -> None:
    """Asked when it is proposed and again when it is signed: what it depends on may have changed meanwhile."""
    award = motion.award
    match motion.kind:
        case MotionKind.RAISE:
            _ensure_raisable(award, motion.amount or 0, at=at)
        case MotionKind.CONFIRM:
            _ensure_ready(award)
        case MotionKind.RESUME:
            causes = curing.uncured(award, at=at)
            if causes:
                names = ", ".join(str(cause.label) for cause in causes)
                raise NotRipe(_("Not put right yet: %(causes)s.") % {"causes": names})
        case MotionKind.TERMINATE:
            if award.stop_asked_at is None:
                raise NotRipe(_("The applicant side has not asked to end the work."))
            if not motion.lesson.strip():
                raise NotRipe(_("Say what others can learn from it; it is published."), field="lesson")


def _ensure_ready(award: Award) -> None:
    if not confirming.is_ready(award):
        raise NotRipe(_("An award is confirmed once its plan is accepted and its first milestone passed."))


def _ensure_raisable(award: Award, amount: int, *, at: datetime) -> None:
    if not award.milestones.filter(state=MilestoneState.PASSED).exists():
        raise NotRipe(_("An award is raised after a milestone was passed."))
    if not payments_ahead(award, at=at):
        raise NotRipe(_("No milestone lies ahead that more money could be paid for."))
    most = most_for(award)
    if not award.amount < amount <= most:
        message = _(
            "The award stands at %(now)s and may be raised to at most %(most)s before its confirmation."
        )
        raise NotRipe(message % {"now": written(award.amount), "most": written(most)}, field="amount")


def most_for(award: Award) -> int:
    """What the award may stand at before its confirmation, in minor units."""
    terms = award.policy.terms
    return rules.most_before_confirmation(award.asked_amount, terms, planned=amount_in(award))
