"""Writes of milestones. Every write locks the award first."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.core.uploads import Stored
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.milestones import rules
from rdfast.milestones.models import Evidence, Milestone, MilestoneReport
from rdfast.milestones.queries import relations
from rdfast.milestones.states import MACHINE, State
from rdfast.people.models import User
from rdfast.proposals.models import PlannedMilestone, Proposal


class ReportEmpty(RuleBroken):
    """A report says something."""


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
    )


@one_transaction
def settle_due_days(award: Award, *, by: User, at: datetime) -> list[Milestone]:
    """At signing: keep each due day, or move it so far that every milestone opens after the signature."""
    signed, days = timezone.localdate(at), award.policy.terms.milestone_opens_days
    milestones = list(award.milestones.order_by("number"))
    for milestone in milestones:
        planned = milestone.due_on
        milestone.due_on = rules.due_after_signing(planned, signed, days)
        if milestone.due_on != planned:
            milestone.save(update_fields=["due_on"])
            moved = {"from": planned.isoformat(), "to": milestone.due_on.isoformat()}
            audit.record("milestone.due_day_moved", of=milestone, by=by, at=at, data=moved)
    return milestones


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
    return _save(milestone, None, at)


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
def supersede_all(award: Award, *, by: User | None, at: datetime) -> None:
    """The award ended before it began: its planned milestones no longer apply."""
    for milestone in award.milestones.filter(state=State.PLANNED).select_for_update(no_key=True):
        milestone.award = award
        milestone.supersede()
        _save(milestone, by, at)


def _save(milestone: Milestone, by: User | None, at: datetime, reason: str = "") -> Milestone:
    milestone.save(update_fields=["state"])
    audit.moved(milestone, by=by, at=at, reason=reason)
    return milestone
