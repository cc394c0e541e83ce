"""Writes of plans. Every write locks the award first."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core import boundaries
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import ManyRulesBroken, OutOfDate, RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.milestones.models import Milestone
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.plans import queries, rules
from rdfast.plans.models import Plan, PlanBudgetLine, PlannedStep
from rdfast.plans.states import MACHINE
from rdfast.programmes.models import BudgetCategory
from rdfast.proposals.models import Proposal


class ReasonMissing(RuleBroken):
    """A plan is returned with a reason."""


@dataclass(frozen=True)
class Step:
    """One row of the milestones; incomplete in a draft. `milestone` is the id of the one it restates."""

    title: str = ""
    criterion: str = ""
    due_on: date | None = None
    share_percent: int | None = None
    is_critical: bool = False
    milestone: int | None = None


@dataclass(frozen=True)
class Content:
    """Everything the plan's form holds. Amounts in minor units; budget by (category id, year of the work)."""

    scope: str = ""
    team: str = ""
    data: str = ""
    amount: int = 0
    own_cash: int = 0
    own_kind: int = 0
    budget: dict[tuple[int, int], int] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)


_PLAIN_FIELDS = ["scope", "team", "data", "amount", "own_cash", "own_kind"]


@one_transaction
def begin(award: Award, *, due_at: datetime, by: User, at: datetime) -> Plan:
    """The plan that a signed award owes, filled in from its proposal. The caller holds the award."""
    proposal = award.proposal
    plan = Plan.objects.create(
        award=award,
        due_at=due_at,
        scope=proposal.aim,
        team=_team_of(proposal),
        amount=proposal.asked_amount,
        own_cash=proposal.own_cash,
        own_kind=proposal.own_kind,
    )
    audit.began(plan, by=by, at=at)
    PlanBudgetLine.objects.bulk_create(
        PlanBudgetLine(plan=plan, category_id=line.category_id, year=line.year, amount=line.amount)
        for line in proposal.budget.all()
    )
    planned = award.milestones.filter(state=MilestoneState.PLANNED).order_by("number")
    _write_steps(plan, [_restating(milestone) for milestone in planned])
    return plan


@one_transaction
def follow(award: Award, gone: list[Milestone], made: list[Milestone]) -> None:
    """The milestones ahead were agreed anew: in the plan those made stand in place of those that are gone.

    What it promises beyond them stays. A form of the plan that was loaded before is out of date. The caller holds
    the award.
    """
    plan = Plan.objects.filter(award=award).select_for_update(no_key=True).first()
    if plan is None:
        return
    steps, theirs = list(plan.steps.order_by("number")), {milestone.pk for milestone in gone}
    kept = [step for step in steps if step.milestone_id not in theirs]
    if not made and len(kept) == len(steps):
        return
    anew = [*kept, *(_restating(milestone) for milestone in made)]
    plan.steps.all().delete()
    _write_steps(plan, sorted(anew, key=lambda step: (step.due_on is None, step.due_on)))
    plan.revision += 1
    plan.save(update_fields=["revision"])


def _restating(milestone: Milestone) -> PlannedStep:
    return PlannedStep(
        milestone=milestone,
        title=milestone.title,
        criterion=milestone.criterion,
        due_on=milestone.due_on,
        share_percent=milestone.share_percent,
        is_critical=milestone.is_critical,
    )


def _write_steps(plan: Plan, steps: list[PlannedStep]) -> None:
    for number, step in enumerate(steps, start=1):
        step.pk, step.plan, step.number = None, plan, number
    PlannedStep.objects.bulk_create(steps)


def _team_of(proposal: Proposal) -> str:
    return "\n".join(f"{m.name}: {m.task} ({m.effort_percent} %)" for m in proposal.team.order_by("pk"))


@boundaries.commit
def save(plan_id: int, content: Content, *, revision: int, by: User, at: datetime) -> Plan:
    """Replace the plan's content. Raises OutOfDate when the form was loaded before another save."""
    plan = _lock_plan(plan_id)
    ensure(queries.may_edit(plan, by), _("This plan can no longer be edited."))
    if plan.revision != revision:
        raise OutOfDate
    for name in _PLAIN_FIELDS:
        setattr(plan, name, getattr(content, name))
    plan.revision += 1
    plan.save(update_fields=[*_PLAIN_FIELDS, "revision"])
    _replace_rows(plan, content)
    return plan


def _replace_rows(plan: Plan, content: Content) -> None:
    plan.budget.all().delete()
    plan.steps.all().delete()
    categories = BudgetCategory.objects.in_bulk()
    PlanBudgetLine.objects.bulk_create(
        PlanBudgetLine(plan=plan, category=categories[category], year=year, amount=amount)
        for (category, year), amount in sorted(content.budget.items())
        if amount
    )
    that_apply = plan.award.milestones.exclude(state=MilestoneState.SUPERSEDED)
    theirs = {milestone.pk: milestone for milestone in that_apply}
    _write_steps(
        plan,
        [
            PlannedStep(
                milestone=theirs.pop(step.milestone or 0, None),
                title=step.title,
                criterion=step.criterion,
                due_on=step.due_on,
                share_percent=step.share_percent,
                is_critical=step.is_critical,
            )
            for step in content.steps
        ],
    )


@one_transaction
def submit(plan_id: int, *, by: User, at: datetime) -> Plan:
    """Hand the plan in. Raises ManyRulesBroken with every gap, each beside its field."""
    plan = _lock_plan(plan_id)
    _ensure_may(plan, "submit", by)
    found = rules.gaps(queries.facts(plan), today=timezone.localdate(at))
    if found:
        raise ManyRulesBroken(found)
    plan.submit(at=at)
    plan.save(update_fields=["state", "submitted_at"])
    audit.moved(plan, by=by, at=at)
    return plan


@one_transaction
def accept(plan_id: int, *, reason: str, by: User, at: datetime) -> Plan:
    """The manager's yes: over this plan the award may be confirmed."""
    plan = _lock_plan(plan_id)
    _ensure_may(plan, "accept", by)
    plan.accept(by=by, at=at, reason=reason)
    return _save_decision(plan, reason, by=by, at=at)


@one_transaction
def return_(plan_id: int, *, reason: str, due_at: datetime, by: User, at: datetime) -> Plan:
    """The manager sends it back, saying what is missing; it is due again on `due_at`, or later on its own day."""
    plan = _lock_plan(plan_id)
    _ensure_may(plan, "return_", by)
    if not reason.strip():
        raise ReasonMissing(_("Say what is missing."), field="reason")
    plan.return_(by=by, at=at, reason=reason)
    plan.due_at = max(plan.due_at, due_at)
    return _save_decision(plan, reason, by=by, at=at)


@one_transaction
def put_off(plan: Plan, *, due_at: datetime) -> None:
    """The plan is due on another day. The caller holds the award."""
    plan.due_at = due_at
    plan.save(update_fields=["due_at"])


def _save_decision(plan: Plan, reason: str, *, by: User, at: datetime) -> Plan:
    plan.save(update_fields=["state", "decided_by", "decided_at", "reason", "due_at"])
    audit.moved(plan, by=by, at=at, reason=reason)
    return plan


def _lock_plan(plan_id: int) -> Plan:
    """Hold the award, then the plan."""
    award_id = Plan.objects.filter(pk=plan_id).values_list("award", flat=True).first() or 0
    award = lock_award(award_id)
    plan = lock(Plan, plan_id)
    plan.award = award
    return plan


def _ensure_may(plan: Plan, move: str, by: User) -> None:
    if plan.state not in MACHINE.sources_of(move):
        raise NotPossibleNow(plan)
    ensure(queries.may(move, plan, by), _("You cannot do this with this plan."))
