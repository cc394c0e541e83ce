"""An award is suspended: payments stop the same day, everybody is told why, and how to put it right."""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.audit.queries import last_of
from rdfast.core.working_days import after_days, after_working_days, end_of
from rdfast.flow.overtaking import overtake
from rdfast.flow.telling import TOLD_AGAIN, finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.states import LIVE, RUNNING, SUSPENDED, Cause
from rdfast.milestones.models import Milestone
from rdfast.milestones.queries import work_lies_ahead
from rdfast.milestones.states import LOST
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.proceedings.queries import passed_review_at, running
from rdfast.proceedings.states import Kind as ProceedingKind
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of

# The head, told that a suspension is not resolved, has so long before a proceeding opens by itself.
HEAD_ACTS_DAYS = 14


def suspend(
    award: Award, cause: Cause, *, reason: str, by: User | None, at: datetime, since: datetime | None = None
) -> None:
    """Suspend a live award, once: another cause while it is suspended is told too, and must be cured as well.

    `since` is when it began to hold, if that was before now. The caller holds the award.
    """
    if award.state in SUSPENDED:
        if _is_new(cause, award, since=since or at):
            event = audit.record(
                "award.further_cause", of=award, by=by, at=at, reason=reason, data={"suspension": cause}
            )
            _give_notice("further_cause", award, cause, event=event, reason=reason, at=at)
        return
    if award.state not in LIVE:
        return
    suspended = standing.suspend(award.pk, cause=cause, reason=reason, by=by, at=at)
    award.refresh_from_db()
    overtake(award, at=at)
    for tranche in award.tranches.filter(state="held"):
        tranche.award = award
        timers.cancel(of=tranche, at=at)
    resolve_by = _expect_resolution(award, at=at)
    _give_notice(
        "award_suspended",
        award,
        cause,
        event=last_of(suspended),
        reason=reason,
        at=at,
        resolve_by=resolve_by,
    )


def _is_new(cause: Cause, award: Award, *, since: datetime) -> bool:
    """Whether it did not hold yet, or came up again after the award had passed a special review of it."""
    before, passed_at = causes_of(award).get(cause), passed_review_at(award)
    return before is None or (passed_at is not None and before <= passed_at < since)


def _expect_resolution(award: Award, *, at: datetime) -> datetime:
    resolve_by = after_days(at, award.policy.terms.suspension_days)
    timers.set(Kind.RESOLVE, of=award, due_at=resolve_by, at=at, remind_at=[resolve_by - timedelta(days=14)])
    return resolve_by


def expect_resolution_again(award: Award, *, at: datetime) -> None:
    """A proceeding ended without effect: a suspension whose clock has run out meanwhile gets another."""
    if award.state not in SUSPENDED:
        return
    if not any(
        due_at_of(kind, award._meta.label_lower, award.pk) for kind in (Kind.RESOLVE, Kind.OPEN_TERMINATION)
    ):
        _expect_resolution(award, at=at)


def _give_notice(
    template: str,
    award: Award,
    cause: Cause,
    *,
    event: Event,
    reason: str,
    at: datetime,
    resolve_by: datetime | None = None,
) -> None:
    """Reason and reply date, the same day, to everybody concerned."""
    proposal = award.proposal
    people = together(
        pi(proposal), signatories(award), managers(proposal), heads(proposal), finance_officers(proposal)
    )
    tell(
        people,
        template,
        event=event,
        at=at,
        award=award,
        proposal=proposal,
        cause=cause.label,
        reason=reason,
        reply_by=after_days(at, award.policy.terms.reply_days),
        resolve_by=resolve_by,
    )


def causes_of(award: Award) -> dict[Cause, datetime]:
    """Why the award is suspended, and since when: the first cause, and those that came up since."""
    if award.state not in SUSPENDED or award.suspended_at is None:
        return {}
    further = Event.objects.filter(
        kind="award.further_cause",
        subject_kind=award._meta.label_lower,
        subject_id=award.pk,
        at__gte=award.suspended_at,
    )
    causes = {Cause(award.suspension_cause): award.suspended_at}
    for event in further.order_by("id"):
        causes[Cause(event.data["suspension"])] = event.at
    return causes


def expect_answer(milestone: Milestone, *, at: datetime) -> None:
    """A milestone was missed or failed: the manager answers within ten working days; one critical that failed suspends.

    The caller holds the award.
    """
    award = milestone.award
    timers.set(Kind.ACT_ON_FAILURE, of=milestone, due_at=_answer_by(milestone, at), at=at)
    if milestone.is_critical and milestone.state == MilestoneState.FAILED:
        reason = _("The critical milestone “%(title)s” failed.") % {"title": milestone.title}
        suspend(award, Cause.CRITICAL_FAILED, reason=reason, by=None, at=at)


def expect_report_by(milestone: Milestone, leave_until: date, *, at: datetime) -> None:
    """A missed milestone may be reported until that day: it has to be answered anew if it is not."""
    timers.cancel(Kind.ACT_ON_FAILURE, of=milestone, at=at)
    timers.set(Kind.ACT_ON_FAILURE, of=milestone, due_at=_answer_by(milestone, end_of(leave_until)), at=at)


def _answer_by(milestone: Milestone, since: datetime) -> datetime:
    return after_working_days(since, milestone.award.policy.terms.after_failure_working_days)


def failure_unanswered(milestone: Milestone, *, at: datetime) -> None:
    """The clock: nobody acted on the missed or failed milestone; the head is told, again and again."""
    award = milestone.award
    if award.state not in RUNNING:
        return
    event = audit.record("milestone.failure_unanswered", of=milestone, by=None, at=at)
    timers.again(Kind.ACT_ON_FAILURE, of=milestone, due_at=_answer_by(milestone, at), at=at)
    people = together(heads(award.proposal), managers(award.proposal))
    tell(people, "failure_unanswered", event=event, at=at, milestone=milestone, award=award)


def failures_answered(award: Award, *, at: datetime) -> None:
    """The award was reshaped: its missed and failed milestones are answered, if there is work to go on with."""
    if work_lies_ahead(award):
        ask_no_more(award, at=at)


def ask_no_more(award: Award, *, at: datetime) -> None:
    """The missed and failed milestones of the award wait for nobody."""
    for milestone in award.milestones.filter(state__in=LOST):
        milestone.award = award
        timers.cancel(Kind.ACT_ON_FAILURE, of=milestone, at=at)


def unresolved(award: Award, *, at: datetime) -> None:
    """The clock: nobody resolved the suspension; the head is told, and a proceeding opens if nothing happens.

    While a special review runs, the committee resolves it.
    """
    if running(award, ProceedingKind.SPECIAL_REVIEW).exists():
        timers.set(Kind.RESOLVE, of=award, due_at=at + TOLD_AGAIN, at=at)
        return
    event = audit.record("award.unresolved", of=award, by=None, at=at)
    due_at = after_days(at, HEAD_ACTS_DAYS)
    timers.set(Kind.OPEN_TERMINATION, of=award, due_at=due_at, at=at)
    proposal = award.proposal
    people = together(heads(proposal), managers(proposal))
    tell(people, "suspension_unresolved", event=event, at=at, award=award, due_at=due_at)
