"""Reviewers are invited, answer and deliver; their quorum makes a finding; the manager confirms it."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from rdfast.appeals.queries import appeal_by
from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.refusals import ensure
from rdfast.core.working_days import after_days, after_working_days
from rdfast.flow import completing, paying, proceeding
from rdfast.flow.telling import TOLD_AGAIN, administrators, heads, managers, pi, tell, together
from rdfast.milestones import operations as milestones
from rdfast.milestones.models import Milestone
from rdfast.milestones.queries import relations
from rdfast.milestones.states import EVALUATED
from rdfast.milestones.states import State as MilestoneState
from rdfast.people import operations as people
from rdfast.people.models import User
from rdfast.reviews import operations as reviews
from rdfast.reviews import queries
from rdfast.reviews.models import Finding, Review
from rdfast.reviews.rules import expects_reviewers, finding_is_due, may_invite
from rdfast.reviews.states import DELIVERED, PENDING, Grade, State
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


def fill_panel(milestone: Milestone, *, at: datetime) -> None:
    """Invite the next best reviewers until the panel has its size; without candidates those are told who can help."""
    size = milestone.award.policy.terms.reviewers
    active = queries.of_round(milestone).filter(state__in=PENDING | DELIVERED).count()
    missing = max(0, size - active)
    found = list(queries.candidates(milestone)[:missing])
    for reviewer in found:
        _invite(milestone, reviewer, by=None, at=at)
    if len(found) < missing:
        _ask_for_reviewers(milestone, at=at)


def _ask_for_reviewers(milestone: Milestone, *, at: datetime) -> None:
    """Managers know whom to ask; only administrators can appoint them."""
    event = audit.record("milestone.no_candidates", of=milestone, by=None, at=at)
    proposal = milestone.award.proposal
    programme = proposal.call.programme
    facts: dict[str, Any] = {"event": event, "at": at, "milestone": milestone, "programme": programme}
    tell(managers(proposal), "reviewers_missing", page="milestone", pk=milestone.pk, **facts)
    page = "admin:programmes_programme_change"
    tell(administrators(), "reviewers_missing", page=page, pk=programme.pk, **facts)


@boundaries.commit
def invite(milestone_id: int, reviewer: User, *, by: User, at: datetime) -> Review:
    """The manager invites a particular reviewer."""
    milestone = milestones.lock_milestone(milestone_id)
    ensure(
        may_invite(
            milestone_state=milestone.state,
            has_finding=queries.has_finding(milestone),
            relations=relations(milestone, by),
        ),
        _("Only the programme's managers invite reviewers, and only until the panel has given its result."),
    )
    return _invite(milestone, reviewer, by=by, at=at)


def _invite(milestone: Milestone, reviewer: User, *, by: User | None, at: datetime) -> Review:
    review = reviews.invite(milestone.pk, reviewer, by=by, at=at)
    hours = timedelta(hours=milestone.award.policy.terms.answer_hours)
    timers.set(Kind.ANSWER_INVITATION, of=review, due_at=at + hours, at=at, remind_at=[at + hours / 2])
    tell([reviewer], "review_invitation", event=last_of(review), at=at, review=review, due_at=at + hours)
    return review


@boundaries.commit
def accept(review_id: int, *, by: User, at: datetime) -> Review:
    """Accepted without conflict of interest; its delivery clock runs once the milestone is reported."""
    review = reviews.accept(review_id, by=by, at=at)
    timers.cancel(Kind.ANSWER_INVITATION, of=review, at=at)
    if review.milestone.state in EVALUATED:
        _expect(review, at=at)
        _start_if_reported(review.milestone, by=by, at=at)
    return review


def expect_reviews(milestone: Milestone, *, at: datetime) -> None:
    """The milestone was reported: whoever accepted has fourteen days, and the panel twenty-one."""
    terms = milestone.award.policy.terms
    timers.set(Kind.REACH_QUORUM, of=milestone, due_at=after_days(at, terms.quorum_days), at=at)
    accepted = list(queries.of_round(milestone).filter(state=State.ACCEPTED))
    for review in accepted:
        review.milestone = milestone
        _expect(review, at=at)
    reviewers = [review.reviewer for review in accepted]
    event = last_of(milestone)
    tell(reviewers, "milestone_reported", event=event, at=at, milestone=milestone)
    tell(managers(milestone.award.proposal), "report_arrived", event=event, at=at, milestone=milestone)
    if accepted:
        _start_if_reported(milestone, by=None, at=at)
    fill_panel(milestone, at=at)


def _expect(review: Review, *, at: datetime) -> None:
    due_at = after_days(at, review.milestone.award.policy.terms.deliver_days)
    reminders = [at + (due_at - at) / 2, due_at - timedelta(days=1)]
    timers.set(Kind.DELIVER_REVIEW, of=review, due_at=due_at, at=at, remind_at=reminders)


def _start_if_reported(milestone: Milestone, *, by: User | None, at: datetime) -> None:
    if milestone.state == MilestoneState.REPORTED:
        milestone.state = milestones.start_review(milestone.pk, by=by, at=at).state


@boundaries.commit
def decline(review_id: int, *, reason: str, by: User, at: datetime) -> Review:
    """The reviewer cannot; the next one is invited."""
    return _replace(reviews.decline(review_id, reason=reason, by=by, at=at), at=at)


@boundaries.commit
def recuse(review_id: int, *, reason: str, by: User, at: datetime) -> Review:
    """The reviewer has a conflict of interest, which is remembered; the next one is invited."""
    review = reviews.recuse(review_id, reason=reason, by=by, at=at)
    award = review.milestone.award
    people.declare_conflict(
        by, with_user=award.pi, with_organisation=award.organisation, reason=reason[:300], at=at
    )
    return _replace(review, at=at)


def expire(review: Review, *, at: datetime) -> None:
    """The clock: no answer or no review in time; the next reviewer is invited."""
    expired = reviews.expire(review.pk, at=at)
    tell([expired.reviewer], "review_expired", event=last_of(expired), at=at, review=expired)
    _replace(expired, at=at)


def _replace(review: Review, *, at: datetime) -> Review:
    timers.cancel(of=review, at=at)
    milestone = review.milestone
    if _find_if_due(milestone, at=at):
        return review
    if expects_reviewers(milestone_state=milestone.state, has_finding=queries.has_finding(milestone)):
        fill_panel(milestone, at=at)
    return review


@boundaries.commit
def deliver(
    review_id: int, *, scores: dict[str, int], grade: str, comments: str, by: User, at: datetime
) -> Review:
    """A review is in; with the quorum reached and nobody still writing, the panel has spoken."""
    review = reviews.submit(review_id, scores=scores, grade=grade, comments=comments, by=by, at=at)
    timers.cancel(of=review, at=at)
    _find_if_due(review.milestone, at=at)
    return review


def _find_if_due(milestone: Milestone, *, at: datetime) -> bool:
    if milestone.state != MilestoneState.UNDER_REVIEW or queries.has_finding(milestone):
        return False
    states = list(queries.of_round(milestone).values_list("state", flat=True))
    submitted, accepted = states.count(State.SUBMITTED), states.count(State.ACCEPTED)
    terms = milestone.award.policy.terms
    if not finding_is_due(submitted=submitted, accepted=accepted, quorum=terms.quorum):
        return False
    finding = reviews.make_finding(milestone, at=at)
    timers.cancel(of=milestone, at=at)
    for review in queries.of_round(milestone):
        review.milestone = milestone
        timers.cancel(of=review, at=at)
    due_at = after_working_days(at, terms.confirm_finding_working_days)
    timers.set(Kind.CONFIRM_FINDING, of=finding, due_at=due_at, at=at)
    tell(
        managers(milestone.award.proposal),
        "finding_made",
        event=last_of(finding),
        at=at,
        finding=finding,
        milestone=milestone,
        due_at=due_at,
    )
    return True


@boundaries.commit
def confirm(finding_id: int, *, reason: str, by: User, at: datetime) -> Finding:
    """Confirmed, therefore: the milestone has its result; a pass may open a gate, or complete the award."""
    finding = reviews.confirm(finding_id, reason=reason, by=by, at=at)
    milestone = milestones.conclude(finding.milestone_id, finding.result, by=by, at=at, reason=reason)
    timers.cancel(of=finding, at=at)
    award = milestone.award
    due_at = after_days(at, award.policy.terms.cure_days)
    if finding.result == Grade.CONDITIONAL:
        reminders = [due_at - timedelta(days=days) for days in (7, 3)]
        timers.set(Kind.CURE, of=milestone, due_at=due_at, at=at, remind_at=reminders)
    tell(
        pi(award.proposal),
        "finding_confirmed",
        event=last_of(finding),
        at=at,
        finding=finding,
        milestone=milestone,
        due_at=due_at,
        appeal_by=appeal_by(last_of(finding), award.policy),
    )
    if finding.result == Grade.FAILED:
        proceeding.answer_failure(milestone, at=at)
    paying.consider(award, at=at)
    completing.consider(award, by=by, at=at)
    return finding


def quorum_missing(milestone: Milestone, *, at: datetime) -> None:
    """The clock: too few reviews three weeks after the report; the head is told, again every week.

    Whoever can be invited by now, because somebody was appointed since, is invited.
    """
    event = audit.record("milestone.quorum_missing", of=milestone, by=None, at=at)
    timers.again(Kind.REACH_QUORUM, of=milestone, due_at=at + TOLD_AGAIN, at=at)
    fill_panel(milestone, at=at)
    proposal = milestone.award.proposal
    tell(
        together(heads(proposal), managers(proposal)),
        "quorum_missing",
        event=event,
        at=at,
        milestone=milestone,
    )


def confirmation_late(finding: Finding, *, at: datetime) -> None:
    """The clock: nobody confirmed the finding; the head is told, again every week."""
    if finding.milestone.state != MilestoneState.UNDER_REVIEW:
        return
    event = audit.record("finding.late", of=finding, by=None, at=at)
    timers.again(Kind.CONFIRM_FINDING, of=finding, due_at=at + TOLD_AGAIN, at=at)
    proposal = finding.milestone.award.proposal
    people_told = together(heads(proposal), managers(proposal))
    tell(people_told, "finding_late", event=event, at=at, finding=finding, milestone=finding.milestone)
