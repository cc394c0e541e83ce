"""Writes of milestones. Every write locks the award first."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.core.uploads import Stored
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.milestones import rules
from rdfast.milestones.models import Evidence, FinalEvidence, FinalReport, Milestone, MilestoneReport
from rdfast.milestones.queries import days_if_signed, relations, report_is_taken
from rdfast.milestones.states import MACHINE, REPLACEABLE, State
from rdfast.people.models import User
from rdfast.proposals.models import PlannedMilestone, Proposal


class ReportEmpty(RuleBroken):
    """A report says something."""


class ReportedBefore(RuleBroken):
    """A final report is given once."""


class LeaveInThePast(RuleBroken):
    """Leave to report late is for a day to come."""


class LeaveGivenBefore(RuleBroken):
    """The milestone may be reported until that day already."""


@one_transaction
def plan(award: Award, proposal: Proposal, *, by: User | None, at: datetime) -> list[Milestone]:
    """Make the award's milestones from those the proposal planned."""
    made = Milestone.objects.bulk_create(
        _as_planned(award, planned) for planned in proposal.planned_milestones.all()
    )
    audit.all_began(made, by=by, at=at)
    return made


def _as_planned(award: Award, planned: PlannedMilestone) -> Milestone:
    if planned.due_on is None or planned.share_percent is None:
        raise ValueError(f"{planned.proposal} was submitted with an incomplete milestone")
    return Milestone(
        award=award,
        number=planned.number,
        title=planned.title,
        criterion=planned.criterion,
        due_on=planned.due_on,
        share_percent=planned.share_percent,
        is_critical=planned.is_critical,
    )


@dataclass(frozen=True)
class Promise:
    """One milestone as a plan or a change wants it."""

    title: str
    criterion: str
    due_on: date
    share_percent: int
    is_critical: bool = False


@one_transaction
def replan(
    award: Award, promises: list[Promise], *, after: int | None = None, by: User | None, at: datetime
) -> tuple[list[Milestone], list[Milestone]]:
    """Put these milestones in place of those not begun, numbered after all there were.

    With `after`, those numbered higher are replaced too if they have begun meanwhile and were not reported. Returns
    the superseded and the new ones, so that clocks can follow. The caller holds the award.
    """
    gone = supersede(award, [State.PLANNED], by=by, at=at)
    if after is not None:
        gone += supersede(award, REPLACEABLE, after=after, by=by, at=at)
    last = award.milestones.aggregate(last=Max("number"))["last"] or 0
    made = Milestone.objects.bulk_create(
        Milestone(award=award, number=number, **asdict(promise))
        for number, promise in enumerate(promises, start=last + 1)
    )
    audit.all_began(made, by=by, at=at)
    return gone, made


@one_transaction
def settle_due_days(award: Award, *, by: User, at: datetime) -> list[Milestone]:
    """At signing: keep the due days, or move them all so far that the first milestone opens after the signature."""
    settled = days_if_signed(award, at=at)
    for milestone, day in settled:
        if day != milestone.due_on:
            moved = {"from": milestone.due_on.isoformat(), "to": day.isoformat()}
            milestone.due_on = day
            milestone.save(update_fields=["due_on"])
            audit.record("milestone.due_day_moved", of=milestone, by=by, at=at, data=moved)
    return [milestone for milestone, _day in settled]


def lock_milestone(milestone_id: int) -> Milestone:
    """Hold the award, then the milestone."""
    award_id = Milestone.objects.filter(pk=milestone_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    milestone = lock(Milestone, milestone_id)
    milestone.award = award
    return milestone


@one_transaction
def open_(milestone_id: int, *, at: datetime) -> Milestone:
    """The clock: the report may be written from now on."""
    milestone = lock_milestone(milestone_id)
    milestone.open()
    return _save(milestone, None, at)


@one_transaction
def run_over(milestone_id: int, *, at: datetime) -> Milestone:
    """The clock: the due day has passed without a report; the days of grace begin."""
    milestone = lock_milestone(milestone_id)
    milestone.run_over()
    return _save(milestone, None, at)


@one_transaction
def miss(milestone_id: int, *, at: datetime) -> Milestone:
    """The clock: the days of grace have passed too."""
    milestone = lock_milestone(milestone_id)
    milestone.miss()
    milestone.save(update_fields=["state", "round"])
    audit.moved(milestone, by=None, at=at)
    return milestone


@one_transaction
def fail_uncured(milestone_id: int, *, at: datetime) -> Milestone:
    """The clock: a conditional milestone was not put right in time."""
    milestone = lock_milestone(milestone_id)
    milestone.fail()
    return _save(milestone, None, at)


@one_transaction
def report(milestone_id: int, *, text: str, files: Iterable[Stored], by: User, at: datetime) -> Milestone:
    """The PI reports, with evidence; also to put a conditional milestone right."""
    milestone = lock_milestone(milestone_id)
    if milestone.state not in MACHINE.sources_of("report"):
        raise NotPossibleNow(milestone)
    ensure(
        rules.may("report", state=milestone.state, relations=relations(milestone, by)),
        _("Only the principal investigator reports a milestone."),
    )
    ensure(
        report_is_taken(milestone, at=at),
        _("This milestone was missed. Ask the programme for leave to report it after all."),
    )
    if not text.strip():
        raise ReportEmpty(_("Describe what was reached, measured by the criterion."), field="text")
    milestone.report(at=at)
    milestone.save(update_fields=["state", "reported_at", "round"])
    written = MilestoneReport.objects.create(
        milestone=milestone, round=milestone.round, text=text, by=by, at=at
    )
    Evidence.objects.bulk_create(Evidence(report=written, **asdict(file)) for file in files)
    audit.moved(milestone, by=by, at=at, data={"round": milestone.round})
    return milestone


@one_transaction
def start_review(milestone_id: int, *, by: User | None, at: datetime) -> Milestone:
    """A reviewer has taken the reported milestone on."""
    milestone = lock_milestone(milestone_id)
    milestone.start_review()
    return _save(milestone, by, at)


@one_transaction
def conclude(milestone_id: int, result: str, *, by: User, at: datetime, reason: str) -> Milestone:
    """A confirmed finding (`passed`, `conditional` or `failed`) becomes the milestone's state."""
    milestone = lock_milestone(milestone_id)
    move = {State.PASSED: "pass_", State.CONDITIONAL: "set_condition", State.FAILED: "fail"}[State(result)]
    ensure(
        rules.may(move, state=milestone.state, relations=relations(milestone, by)),
        _("You cannot confirm this finding."),
    )
    getattr(milestone, move)()
    return _save(milestone, by, at, reason)


@one_transaction
def supersede(
    award: Award, states: Collection[str], *, after: int = 0, by: User | None, at: datetime
) -> list[Milestone]:
    """The award ended or changed: its milestones in these states, numbered after that one, no longer apply.

    The caller holds the award.
    """
    theirs = award.milestones.filter(state__in=states, number__gt=after).order_by("number")
    gone = list(theirs.select_for_update(no_key=True))
    for milestone in gone:
        milestone.award = award
        milestone.supersede()
        _save(milestone, by, at)
    return gone


@one_transaction
def give_leave(milestone_id: int, *, until: date, reason: str, by: User, at: datetime) -> Milestone:
    """The manager lets a missed milestone be reported after all, until a day. Raises LeaveInThePast or LeaveGivenBefore."""
    milestone = lock_milestone(milestone_id)
    if milestone.state != State.MISSED:
        raise NotPossibleNow(milestone)
    ensure(
        rules.may_give_leave(state=milestone.state, relations=relations(milestone, by)),
        _("Only the programme's managers give leave to report late."),
    )
    if until < timezone.localdate(at):
        raise LeaveInThePast(_("This day has passed. Choose a later one."), field="until")
    if until == milestone.leave_until:
        raise LeaveGivenBefore(
            _("Leave until this day was given already. Nothing was changed."), field="until"
        )
    milestone.leave_until = until
    milestone.save(update_fields=["leave_until"])
    data = {"until": until.isoformat()}
    audit.record("milestone.leave_given", of=milestone, by=by, at=at, reason=reason, data=data)
    return milestone


@one_transaction
def hear_again(milestone_id: int, *, by: User, at: datetime, reason: str) -> Milestone:
    """An appeal was upheld: another panel hears the same report, in a round of its own."""
    milestone = lock_milestone(milestone_id)
    milestone.hear_again()
    milestone.save(update_fields=["state", "round"])
    audit.moved(milestone, by=by, at=at, reason=reason)
    return milestone


@one_transaction
def report_finally(
    award_id: int, *, text: str, lesson: str, files: Iterable[Stored], by: User, at: datetime
) -> FinalReport:
    """What came of the work, once, after its last milestone. Raises ReportEmpty."""
    award = lock_award(award_id)
    ensure(
        rules.may_report_finally(award_state=award.state, relations=funding.relations(award, by)),
        _("Only the principal investigator of a confirmed award gives its final report."),
    )
    for name, words in (("text", text), ("lesson", lesson)):
        if not words.strip():
            raise ReportEmpty(_("Write this part, however short."), field=name)
    if FinalReport.objects.filter(award=award).exists():
        raise ReportedBefore(_("The final report was given already."))
    report = FinalReport.objects.create(award=award, text=text, lesson=lesson, by=by, at=at)
    FinalEvidence.objects.bulk_create(FinalEvidence(report=report, **asdict(file)) for file in files)
    audit.record("award.final_report", of=award, by=by, at=at)
    return report


def _save(milestone: Milestone, by: User | None, at: datetime, reason: str = "") -> Milestone:
    milestone.save(update_fields=["state"])
    audit.moved(milestone, by=by, at=at, reason=reason)
    return milestone
