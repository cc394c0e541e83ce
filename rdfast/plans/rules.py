"""Who may do what to a plan, and when a plan is complete. Facts are passed in."""

from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import written
from rdfast.core.refusals import RuleBroken
from rdfast.funding.states import AwardState
from rdfast.plans.states import EDITABLE, MACHINE
from rdfast.programmes.relations import Relation

WHO: dict[str, frozenset[Relation]] = {
    "submit": frozenset({Relation.PI}),
    "return_": frozenset({Relation.MANAGER, Relation.HEAD}),
    "accept": frozenset({Relation.MANAGER, Relation.HEAD}),
}
# A plan is worked on until the award is confirmed or ends; a suspension does not stop that.
AWARD_STATES = {AwardState.PROVISIONAL, AwardState.PROVISIONAL_SUSPENDED}


def may(move: str, *, state: str, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may take the move with the plan."""
    return state in MACHINE.sources_of(move) and award_state in AWARD_STATES and bool(WHO[move] & relations)


def may_edit(*, state: str, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may change the plan."""
    return state in EDITABLE and award_state in AWARD_STATES and Relation.PI in relations


@dataclass(frozen=True)
class StepFacts:
    """One milestone as the plan states it; what has begun already is not judged again."""

    title: str
    criterion: str
    due_on: date | None
    share_percent: int | None
    has_begun: bool = False


@dataclass(frozen=True)
class Facts:
    """What completeness depends on. Amounts in minor units."""

    scope: str
    data: str
    amount: int
    own_cash: int
    own_kind: int
    budget_total: int
    award_amount: int
    asked_amount: int
    work_ends_on: date
    steps: list[StepFacts] = field(default_factory=list)


class PlanIncomplete(RuleBroken):
    """Something a plan needs is missing or does not fit."""


def gaps(facts: Facts, *, today: date) -> list[RuleBroken]:
    """Everything that keeps the plan from being complete, each with the form field it belongs to."""
    return [*_text_gaps(facts), *_money_gaps(facts), *_step_gaps(facts, today)]


def _text_gaps(facts: Facts) -> list[RuleBroken]:
    found: list[RuleBroken] = []
    if not facts.scope:
        found.append(PlanIncomplete(_("Say what the work covers."), field="scope"))
    if not facts.data:
        message = _("Say what happens to the data, or that there will be none.")
        found.append(PlanIncomplete(message, field="data_plan"))
    return found


def _money_gaps(facts: Facts) -> list[RuleBroken]:
    found: list[RuleBroken] = []
    if facts.amount > facts.asked_amount:
        message = _("The proposal asked for %(asked)s; a plan cannot ask for more.")
        asked = {"asked": written(facts.asked_amount)}
        found.append(PlanIncomplete(message % asked, field="amount"))
    elif facts.amount < facts.award_amount:
        message = _("The award stands at %(now)s already; the whole work cannot cost the government less.")
        now = {"now": written(facts.award_amount)}
        found.append(PlanIncomplete(message % now, field="amount"))
    if not facts.budget_total:
        found.append(PlanIncomplete(_("Fill in the budget."), field="budget"))
        return found
    money = facts.amount + facts.own_cash + facts.own_kind
    if money != facts.budget_total:
        message = _(
            "The budget adds up to %(budget)s, but government money and own share add up to %(funding)s. "
            "The two must be equal."
        )
        sums = {"budget": written(facts.budget_total), "funding": written(money)}
        found.append(PlanIncomplete(message % sums, field="budget"))
    return found


def _step_gaps(facts: Facts, today: date) -> list[RuleBroken]:
    if not facts.steps:
        return [PlanIncomplete(_("Plan at least one milestone."), field="steps")]
    found: list[RuleBroken] = []
    for index, step in enumerate(facts.steps):
        if not step.has_begun:
            found += _gaps_of_one(index, step, facts.work_ends_on, today)
    days = [step.due_on for step in facts.steps if step.due_on]
    if days != sorted(set(days)):
        message = _("Each milestone must be due after the one before it.")
        found.append(PlanIncomplete(message, field="steps"))
    shares = sum(step.share_percent or 0 for step in facts.steps)
    if shares != 100:
        message = _("The shares of the milestones add up to %(sum)s %%; they must add up to 100 %%.")
        found.append(PlanIncomplete(message % {"sum": shares}, field="steps"))
    return found


def _gaps_of_one(index: int, step: StepFacts, work_ends_on: date, today: date) -> list[RuleBroken]:
    at = f"steps-{index}"
    found: list[RuleBroken] = []
    if not step.title:
        found.append(PlanIncomplete(_("Name the milestone."), field=f"{at}-title"))
    if not step.criterion:
        message = _("Say by which criterion reviewers will see that it is reached.")
        found.append(PlanIncomplete(message, field=f"{at}-criterion"))
    if not step.share_percent:
        message = _("Give its share of the money in percent.")
        found.append(PlanIncomplete(message, field=f"{at}-share_percent"))
    if step.due_on is None:
        found.append(PlanIncomplete(_("Say when it is due."), field=f"{at}-due_on"))
    elif step.due_on <= today:
        message = _("This day has passed. Choose a later one.")
        found.append(PlanIncomplete(message, field=f"{at}-due_on"))
    elif step.due_on > work_ends_on:
        message = _("Work under this call ends on %(day)s. Choose an earlier day.")
        found.append(PlanIncomplete(message % {"day": work_ends_on.isoformat()}, field=f"{at}-due_on"))
    return found
