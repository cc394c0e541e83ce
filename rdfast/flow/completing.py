"""The work is done: the final report comes in, and with the last milestone passed the award is completed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.refusals import ensure
from rdfast.core.uploads import Stored
from rdfast.core.working_days import end_of
from rdfast.flow import ending, proceeding
from rdfast.flow.telling import TOLD_AGAIN, heads, managers, pi, signatories, tell, together
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.states import AwardState
from rdfast.milestones import operations as milestones
from rdfast.milestones.models import FinalReport
from rdfast.milestones.queries import all_reached, last_that_applies
from rdfast.milestones.rules import final_report_is_taken
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of


def is_time(award: Award, *, at: datetime) -> bool:
    """Whether the final report is taken: the last milestone is passed, or its day has come."""
    last = last_that_applies(award)
    today = timezone.localdate(at)
    return last is not None and final_report_is_taken(last.state, due_on=last.due_on, today=today)


@boundaries.commit
def report_finally(
    award_id: int, *, text: str, lesson: str, files: Iterable[Stored], by: User, at: datetime
) -> FinalReport:
    """Given, therefore: its clock ends, and if everything was reached the award is completed."""
    award = lock_award(award_id)
    ensure(
        is_time(award, at=at),
        _("The final report is taken once the last milestone is passed, or from its due day on."),
    )
    report = milestones.report_finally(award_id, text=text, lesson=lesson, files=files, by=by, at=at)
    timers.cancel(Kind.FINAL_REPORT, of=award, at=at)
    people = managers(award.proposal)
    tell(people, "final_report", event=last_of(report.award), at=at, award=award)
    consider(award, by=by, at=at)
    return report


def consider(award: Award, *, by: User | None, at: datetime) -> None:
    """Complete a confirmed award of which nothing lies ahead, or ask for its final report. The caller holds it.

    Asked after findings, the final report, the confirmation, changes and the end of a suspension.
    """
    if award.state != AwardState.CONFIRMED:
        return
    if not all_reached(award):
        # A change may have added work since the report was asked for.
        timers.cancel(Kind.FINAL_REPORT, of=award, at=at)
        return
    report = FinalReport.objects.filter(award=award).first()
    if report is not None:
        completed = ending.complete(award, lesson=report.lesson, by=by, at=at)
        proceeding.drop_for_ended(completed, at=at)
        people = together(pi(award.proposal), signatories(award), managers(award.proposal))
        tell(people, "award_completed", event=last_of(completed), at=at, award=completed)
    elif due_at_of(Kind.FINAL_REPORT, award._meta.label_lower, award.pk) is None:
        day = timezone.localdate(at) + timedelta(days=award.policy.terms.final_report_days)
        due_at = end_of(day)
        reminders = [due_at - timedelta(days=days) for days in (14, 3)]
        timers.set(Kind.FINAL_REPORT, of=award, due_at=due_at, at=at, remind_at=reminders)


def report_overdue(award: Award, *, at: datetime) -> None:
    """The clock: no final report came; everyone is told, again every week until it does."""
    event = audit.record("award.report_overdue", of=award, by=None, at=at)
    timers.again(Kind.FINAL_REPORT, of=award, due_at=at + TOLD_AGAIN, at=at)
    proposal = award.proposal
    people = together(pi(proposal), signatories(award), managers(proposal), heads(proposal))
    tell(people, "report_overdue", event=event, at=at, award=award)
