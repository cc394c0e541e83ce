"""Milestones open, are reported, run over, are missed."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from rdfast.appeals.queries import is_appealed
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.uploads import Stored
from rdfast.core.working_days import end_of, start_of
from rdfast.flow import evaluating, holding, proceeding
from rdfast.flow.overtaking import overtake_by_report
from rdfast.flow.standing_down import stand_down
from rdfast.flow.telling import TOLD_AGAIN, heads, managers, pi, tell, together
from rdfast.funding.states import Cause
from rdfast.milestones import operations as milestones
from rdfast.milestones.models import Milestone
from rdfast.milestones.queries import misses_in_a_row
from rdfast.milestones.rules import opens_on
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


def expect(milestone: Milestone, *, at: datetime) -> None:
    """A promise has its clock: it opens for its report some days before it is due."""
    opens = start_of(opens_on(milestone.due_on, milestone.award.policy.terms.milestone_opens_days))
    timers.set(Kind.OPEN_MILESTONE, of=milestone, due_at=max(opens, at + timedelta(seconds=1)), at=at)


def open_(milestone: Milestone, *, at: datetime) -> None:
    """The clock: fourteen days before it is due the report can be written and reviewers are invited."""
    opened = milestones.open_(milestone.pk, at=at)
    due_at = end_of(opened.due_on)
    timers.set(Kind.REPORT_DUE, of=opened, due_at=due_at, at=at, remind_at=[due_at - timedelta(days=3)])
    tell(
        pi(opened.award.proposal),
        "milestone_open",
        event=last_of(opened),
        at=at,
        milestone=opened,
        due_at=due_at,
    )
    evaluating.fill_panel(opened, at=at)


@boundaries.commit
def report(milestone_id: int, *, text: str, files: Iterable[Stored], by: User, at: datetime) -> Milestone:
    """Reported, therefore: its clocks stop and the reviewers' clocks start."""
    milestone = milestones.report(milestone_id, text=text, files=files, by=by, at=at)
    timers.cancel(of=milestone, at=at)
    overtake_by_report(milestone, at=at)
    evaluating.expect_reviews(milestone, at=at)
    return milestone


def run_over(milestone: Milestone, *, at: datetime) -> None:
    """The clock: the due day passed without a report; days of grace begin."""
    late = milestones.run_over(milestone.pk, at=at)
    due_at = end_of(late.due_on + timedelta(days=late.award.policy.terms.grace_days))
    # After an outage of ours the days of grace may be over already: the warning comes first all the same.
    due_at = max(due_at, at + timedelta(days=2))
    timers.set(Kind.REPORT_MISSED, of=late, due_at=due_at, at=at, remind_at=[due_at - timedelta(days=3)])
    tell(
        pi(late.award.proposal),
        "milestone_overdue",
        event=last_of(late),
        at=at,
        milestone=late,
        due_at=due_at,
    )


def miss(milestone: Milestone, *, at: datetime) -> None:
    """The clock: the days of grace passed too. Two misses in a row suspend."""
    missed = milestones.miss(milestone.pk, at=at)
    event = last_of(missed)
    stand_down(missed, at=at)
    award = missed.award
    proposal = award.proposal
    people = together(pi(proposal), managers(proposal), heads(proposal))
    tell(people, "milestone_missed", event=event, at=at, milestone=missed)
    holding.expect_answer(missed, at=at)
    misses = misses_in_a_row(award)
    if misses >= award.policy.terms.misses_to_suspension:
        reason = _("Milestones missed in a row: %(count)s.") % {"count": misses}
        holding.suspend(award, Cause.MILESTONES_MISSED, reason=reason, by=None, at=at)


@boundaries.commit
def give_leave(milestone_id: int, *, until: date, reason: str, by: User, at: datetime) -> Milestone:
    """The manager lets a missed milestone be reported until a day; after it the report is refused as before."""
    milestone = milestones.give_leave(milestone_id, until=until, reason=reason, by=by, at=at)
    holding.expect_report_by(milestone, until, at=at)
    people = pi(milestone.award.proposal)
    tell(people, "milestone_leave", event=last_of(milestone), at=at, milestone=milestone, reason=reason)
    return milestone


def fail_uncured(milestone: Milestone, *, at: datetime) -> None:
    """The clock: a condition was not met in time. While an appeal against it waits for its decision, nothing fails."""
    if is_appealed(milestone.findings.get(round=milestone.round), "finding.confirmed"):
        due_at = at + TOLD_AGAIN
        timers.set(Kind.CURE, of=milestone, due_at=due_at, at=at, remind_at=[due_at - timedelta(days=3)])
        return
    failed = milestones.fail_uncured(milestone.pk, at=at)
    proposal = failed.award.proposal
    people = together(pi(proposal), managers(proposal), heads(proposal))
    tell(people, "milestone_failed_uncured", event=last_of(failed), at=at, milestone=failed)
    proceeding.answer_failure(failed, at=at)
