"""Reads of plans."""

from django.db.models import Prefetch, QuerySet, Sum

from rdfast.core.once import once_a_page
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.milestones.operations import Promise
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.plans import rules
from rdfast.plans.models import Plan, PlanBudgetLine, PlannedStep
from rdfast.plans.rules import Facts, StepFacts
from rdfast.plans.states import IN, State
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation

Role = Appointment.Role


def relations(plan: Plan, user: User) -> frozenset[Relation]:
    """How the person stands to the plan: as to its award."""
    return funding.relations(plan.award, user)


def may(move: str, plan: Plan, user: User) -> bool:
    """Whether the person may take the move with the plan now."""
    return rules.may(move, state=plan.state, award_state=plan.award.state, relations=relations(plan, user))


def may_edit(plan: Plan, user: User) -> bool:
    """Whether the person may change the plan now."""
    return rules.may_edit(state=plan.state, award_state=plan.award.state, relations=relations(plan, user))


def on_applicant_side(user: User) -> QuerySet[Plan]:
    """Plans of the awards that the person leads or signs for."""
    return with_everything(Plan.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Plan]:
    """Plans of the awards that the person may read for the agency."""
    return with_everything(
        Plan.objects.filter(award__in=funding.readable_by_agency(user, *roles).values("pk"))
    )


def waiting(user: User) -> QuerySet[Plan]:
    """Plans that wait for this person's answer, the longest waiting first."""
    awards = funding.readable_by_agency(user, Role.MANAGER, Role.DEPUTY, Role.HEAD)
    mine = Plan.objects.filter(state=State.SUBMITTED, award__in=awards.values("pk"))
    return _with_award(mine).filter(award__state__in=rules.AWARD_STATES).order_by("submitted_at", "pk")


def with_everything(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    """The plans with all their rows, for a page that shows one whole."""
    return _with_award(plans).prefetch_related(
        Prefetch("budget", queryset=PlanBudgetLine.objects.select_related("category")),
        Prefetch("steps", queryset=PlannedStep.objects.select_related("milestone").order_by("number")),
    )


def _with_award(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    return plans.select_related(
        "award__proposal__call__programme",
        "award__policy",
        "award__organisation",
        "award__pi",
        "decided_by",
    )


@once_a_page
def plan_of(award: Award) -> Plan | None:
    """The award's plan; one that was never signed has none."""
    return Plan.objects.filter(award=award).first()


def is_in(award: Award) -> bool:
    """Whether the award's plan was handed in, accepted or not."""
    return Plan.objects.filter(award=award, state__in=IN).exists()


def amount_in(award: Award) -> int | None:
    """The total of the award's plan that was handed in, accepted or not, in minor units; None while it is not."""
    return Plan.objects.filter(award=award, state__in=IN).values_list("amount", flat=True).first()


def promises(plan: Plan) -> list[Promise]:
    """What the plan promises beyond those milestones of the award that have begun, which stay as they are."""
    return [
        Promise(
            title=step.title,
            criterion=step.criterion,
            due_on=step.due_on,
            share_percent=step.share_percent,
            is_critical=step.is_critical,
        )
        for step in plan.steps.select_related("milestone").order_by("number")
        if step.due_on and step.share_percent and not has_begun(step)
    ]


def has_begun(step: PlannedStep) -> bool:
    """Whether the milestone that the step restates is under way or done."""
    return step.milestone is not None and step.milestone.state != MilestoneState.PLANNED


def facts(plan: Plan) -> Facts:
    """What completeness depends on, read from the plan's rows."""
    award = plan.award
    return Facts(
        scope=plan.scope,
        data=plan.data,
        amount=plan.amount,
        own_cash=plan.own_cash,
        own_kind=plan.own_kind,
        budget_total=plan.budget.aggregate(total=Sum("amount"))["total"] or 0,
        award_amount=award.amount,
        asked_amount=award.asked_amount,
        work_ends_on=award.proposal.call.work_ends_on,
        steps=[
            StepFacts(step.title, step.criterion, step.due_on, step.share_percent, has_begun(step))
            for step in plan.steps.select_related("milestone").order_by("number")
        ],
    )
