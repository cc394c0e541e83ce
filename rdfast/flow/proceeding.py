"""Proceedings: opened with notice, heard, voted on by the uninvolved, signed, put into effect."""

from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.working_days import after_days
from rdfast.flow import curing, ending, holding, more_time, recovering
from rdfast.flow.telling import (
    TOLD_AGAIN,
    committee,
    heads,
    managers,
    pi,
    second_approvers,
    signatories,
    tell,
    together,
)
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.states import SUSPENDED, Cause
from rdfast.milestones.models import Milestone
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.proceedings import operations as proceedings
from rdfast.proceedings.models import Proceeding
from rdfast.proceedings.queries import running
from rdfast.proceedings.states import Kind, State
from rdfast.settlement.queries import most_to_recover, waiting_total
from rdfast.settlement.recoveries import RecoveryRefused
from rdfast.settlement.states import Origin, RecoveryKind
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind as Deadline

# How long the committee has to vote, and everybody else to act after that, before the head is told (again).
VOTING_DAYS = 30


@boundaries.commit
def open_(
    award_id: int,
    kind: str,
    *,
    reason: str,
    possible_outcome: str,
    by: User,
    at: datetime,
    amount: int | None = None,
) -> Proceeding:
    """Open a proceeding and give notice of it the same day: reason, possible outcome, and until when to reply."""
    return _begin(
        lock_award(award_id),
        kind,
        reason=reason,
        possible_outcome=possible_outcome,
        amount=amount,
        by=by,
        at=at,
    )


def _begin(
    award: Award,
    kind: str,
    *,
    reason: str,
    possible_outcome: str,
    by: User | None,
    at: datetime,
    amount: int | None = None,
) -> Proceeding:
    opened = proceedings.open_(
        award.pk,
        kind,
        reason=reason,
        possible_outcome=possible_outcome,
        amount=amount,
        by=by,
        at=at,
    )
    if kind == Kind.SPECIAL_REVIEW:
        # Spending is frozen from the notice until the result (Innovation Act art. 15).
        holding.suspend(award, Cause.SPECIAL_REVIEW, reason=reason, by=by, at=at)
    reply_by = after_days(at, award.policy.terms.reply_days)
    proceedings.notice(opened, reply_by=reply_by, by=by, at=at)
    timers.set(Deadline.REPLY, of=opened, due_at=reply_by, at=at, remind_at=[reply_by - timedelta(days=5)])
    people = together(pi(award.proposal), signatories(award))
    tell(
        people,
        "proceeding_notice",
        event=last_of(opened),
        at=at,
        proceeding=opened,
        award=award,
        reply_by=reply_by,
    )
    return opened


def answer_failure(milestone: Milestone, *, at: datetime) -> None:
    """A milestone failed: the manager has ten working days. A critical one suspends, and opens a special review.

    The caller holds the award.
    """
    holding.expect_answer(milestone, at=at)
    award = milestone.award
    if not milestone.is_critical or award.state not in SUSPENDED:
        return
    if running(award, Kind.SPECIAL_REVIEW).exists():
        return
    reason = _("The critical milestone “%(title)s” failed.") % {"title": milestone.title}
    outcome = _("The award may be continued, or terminated.")
    _begin(award, Kind.SPECIAL_REVIEW, reason=reason, possible_outcome=outcome, by=None, at=at)


def open_termination(award: Award, *, at: datetime) -> None:
    """The clock: nobody resolved the suspension, the head neither; a proceeding for termination opens.

    Not while a special review runs, which resolves it, nor when everything was put right and only the agency has not
    resumed, nor soon after a late word of the agency: that is told again.
    """
    if award.state not in SUSPENDED or running(award, Kind.TERMINATION).exists():
        return
    is_reviewed = running(award, Kind.SPECIAL_REVIEW).exists()
    if is_reviewed or not curing.uncured(award, at=at) or more_time.was_answered_late(award, at=at):
        holding.unresolved(award, at=at)
        return
    reason = _("The suspension was not resolved in time.")
    outcome = _("The award may be terminated; what is unspent must then be paid back.")
    _begin(award, Kind.TERMINATION, reason=reason, possible_outcome=outcome, by=None, at=at)


@boundaries.commit
def reply(proceeding_id: int, *, text: str, by: User, at: datetime) -> Proceeding:
    """The applicant side is heard; the committee votes."""
    return _heard(proceedings.hear(proceeding_id, reply=text, by=by, at=at), at=at)


def reply_missing(proceeding: Proceeding, *, at: datetime) -> None:
    """The clock: no reply came; the committee votes without it."""
    _heard(proceedings.hear(proceeding.pk, reply="", by=None, at=at), at=at)


def _heard(proceeding: Proceeding, *, at: datetime) -> Proceeding:
    timers.cancel(of=proceeding, at=at)
    due_at = after_days(at, VOTING_DAYS)
    timers.set(Deadline.DECIDE_PROCEEDING, of=proceeding, due_at=due_at, at=at)
    award = proceeding.award
    tell(
        committee(award.proposal),
        "proceeding_heard",
        event=last_of(proceeding),
        at=at,
        proceeding=proceeding,
        award=award,
        due_at=due_at,
    )
    return proceeding


@boundaries.commit
def vote(
    proceeding_id: int, *, is_for: bool, termination_kind: str, reason: str, by: User, at: datetime
) -> Proceeding:
    """A vote; the one that completes the panel ends the proceeding or hands it to the second approver."""
    proceeding = proceedings.vote(
        proceeding_id, is_for=is_for, termination_kind=termination_kind, reason=reason, by=by, at=at
    )
    if proceeding.state == State.DISMISSED:
        _ended_without_effect(proceeding, at=at)
    elif proceeding.state == State.DECIDED:
        _ask_for_signature(proceeding, event=last_of(proceeding), at=at)
    return proceeding


def _ask_for_signature(proceeding: Proceeding, *, event: Event, at: datetime) -> None:
    """Of those second approvers who neither opened it nor voted."""
    award, voted = proceeding.award, set(proceeding.votes.values_list("member", flat=True))
    approvers = second_approvers(award.proposal, other_than=proceeding.opened_by)
    people = [user for user in approvers if user.pk not in voted]
    tell(people, "proceeding_decided", event=event, at=at, proceeding=proceeding, award=award)


@boundaries.commit
def sign(proceeding_id: int, *, conclusion: str, by: User, at: datetime) -> Proceeding:
    """Signed, therefore: the award ends as voted, or the money is asked back."""
    proceeding = proceedings.sign(proceeding_id, conclusion=conclusion, by=by, at=at)
    award = proceeding.award
    if proceeding.kind == Kind.RECOVERY:
        _ended(proceeding, at=at)
        _ask_back(award, proceeding.amount or 0, proceeding.reason, at=at)
    else:
        ended = ending.terminate(
            award, kind=proceeding.termination_kind, reason=proceeding.reason, by=by, at=at
        )
        last_claim_by, appeal_by = ending.last_claim_by(ended, at=at), ending.appeal_by(ended, at=at)
        _ended(proceeding, at=at, last_claim_by=last_claim_by, appeal_by=appeal_by)
        drop_for_ended(award, at=at)
    return proceeding


def _ask_back(award: Award, amount: int, reason: str, *, at: datetime) -> None:
    """For cause: first out of what is not accounted for, then out of what was accepted; never more than lies there.

    Raises RecoveryRefused while claims hide what may be asked back.
    """
    for origin in (Origin.ADVANCES, Origin.EXPENSE):
        part = min(amount, most_to_recover(award, origin) or 0)
        if part > 0:
            recovering.open_(
                award.pk, kind=RecoveryKind.FOR_CAUSE, amount=part, reason=reason, at=at, origin=origin
            )
            amount -= part
    waiting = waiting_total(award)
    if amount and waiting:
        message = _(
            "Claims over %(waiting)s wait for their decision. It must come first, for it says what is unspent."
        )
        raise RecoveryRefused(message % {"waiting": written(waiting)})


@boundaries.commit
def refuse(proceeding_id: int, *, conclusion: str, by: User, at: datetime) -> Proceeding:
    """The second approver refuses; the proceeding ends without effect."""
    return _ended_without_effect(
        proceedings.refuse(proceeding_id, conclusion=conclusion, by=by, at=at), at=at
    )


def drop_for_ended(award: Award, *, at: datetime) -> None:
    """The award has ended: what was to end it is dropped. Money may still be asked back. The caller holds the award."""
    _drop(award, running(award, Kind.SPECIAL_REVIEW, Kind.TERMINATION), _("The award has ended."), at=at)


def drop_for_resumed(award: Award, *, at: datetime) -> None:
    """The suspension has ended: what the clock opened for want of that, and nobody decided, is dropped.

    The caller holds the award.
    """
    by_the_clock = running(award, Kind.TERMINATION).filter(opened_by=None).exclude(state=State.DECIDED)
    _drop(award, by_the_clock, _("The suspension has ended."), at=at)


def drop_for_undone(milestone: Milestone, *, at: datetime) -> None:
    """Its finding was undone: the special review that it led to, if nobody decided it and no other critical milestone
    failed, is dropped. The caller holds the award.
    """
    award = milestone.award
    failed = award.milestones.filter(is_critical=True, state=MilestoneState.FAILED)
    if not milestone.is_critical or failed.exists():
        return
    led_to = running(award, Kind.SPECIAL_REVIEW).filter(opened_by=None).exclude(state=State.DECIDED)
    _drop(award, led_to, _("The finding that led to it was undone."), at=at)


def _drop(award: Award, dropped: QuerySet[Proceeding], conclusion: str, *, at: datetime) -> None:
    for proceeding in dropped:
        proceeding.award = award
        _ended(proceedings.drop(proceeding, conclusion=conclusion, at=at), at=at)


def _ended_without_effect(proceeding: Proceeding, *, at: datetime) -> Proceeding:
    holding.expect_resolution_again(proceeding.award, at=at)
    return _ended(proceeding, at=at)


def _ended(
    proceeding: Proceeding,
    *,
    at: datetime,
    last_claim_by: datetime | None = None,
    appeal_by: datetime | None = None,
) -> Proceeding:
    timers.cancel(of=proceeding, at=at)
    award = proceeding.award
    tell(
        together(pi(award.proposal), signatories(award), managers(award.proposal)),
        "proceeding_ended",
        event=last_of(proceeding),
        at=at,
        proceeding=proceeding,
        award=award,
        last_claim_by=last_claim_by,
        appeal_by=appeal_by,
    )
    return proceeding


def decision_late(proceeding: Proceeding, *, at: datetime) -> None:
    """The clock: too few votes or no signature yet; the head and whoever is waited for are told, again every week."""
    event = audit.record("proceeding.late", of=proceeding, by=None, at=at)
    timers.again(Deadline.DECIDE_PROCEEDING, of=proceeding, due_at=at + TOLD_AGAIN, at=at)
    proposal = proceeding.award.proposal
    people = heads(proposal)
    if proceeding.state == State.DECIDED:
        _ask_for_signature(proceeding, event=event, at=at)
    else:
        people = together(people, committee(proposal))
    tell(people, "proceeding_late", event=event, at=at, proceeding=proceeding, award=proceeding.award)
