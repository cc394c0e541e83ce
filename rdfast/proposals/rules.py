"""Who may do what to a proposal, and when a proposal is complete. Facts are passed in."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import written
from rdfast.core.refusals import RuleBroken
from rdfast.people.models import Organisation, User
from rdfast.programmes.relations import Relation
from rdfast.programmes.terms import Terms
from rdfast.proposals.states import ANSWERABLE, EDITABLE, MACHINE

WHO: dict[str, frozenset[Relation]] = {
    "submit": frozenset({Relation.PI}),
    "resubmit": frozenset({Relation.PI}),
    "withdraw": frozenset({Relation.PI}),
    "give_back": frozenset({Relation.MANAGER}),
    "recommend": frozenset({Relation.MANAGER}),
    "route": frozenset({Relation.MANAGER}),
    "decline": frozenset({Relation.MANAGER}),
    "reopen": frozenset(),
    "approve": frozenset({Relation.MANAGER, Relation.SECOND_APPROVER}),
    "send_back": frozenset({Relation.SECOND_APPROVER}),
    "lapse": frozenset(),
}


def may(move: str, *, state: str, relations: frozenset[Relation], escalated: bool = False) -> bool:
    """Whether a person of these relations may take the move in this state.

    The head steps in for whoever let the clock run out. Each of the two approvals has its own person.
    """
    allowed = set(WHO[move])
    if move == "approve":
        allowed = {Relation.MANAGER} if state in ANSWERABLE else {Relation.SECOND_APPROVER}
    if escalated and allowed & {Relation.MANAGER, Relation.SECOND_APPROVER}:
        allowed.add(Relation.HEAD)
    return state in MACHINE.sources_of(move) and bool(allowed & relations)


def may_reassign(*, state: str, relations: frozenset[Relation], escalated: bool) -> bool:
    """Whether the head may give a late decision to a manager."""
    return escalated and state in ANSWERABLE and Relation.HEAD in relations


def may_propose(user: User) -> bool:
    """Whether the person belongs to an organisation that may apply: any but an agency."""
    return user.organisation is not None and user.organisation.kind != Organisation.Kind.AGENCY


def may_edit(*, state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may change the text of the proposal."""
    return state in EDITABLE and Relation.PI in relations


@dataclass(frozen=True)
class PlannedMilestoneFacts:
    """One milestone as the proposal states it."""

    title: str
    criterion: str
    due_on: date | None
    share_percent: int | None


@dataclass(frozen=True)
class MemberFacts:
    """One person of the team as the proposal states it."""

    name: str
    task: str
    effort_percent: int
    is_official: bool = False


@dataclass(frozen=True)
class Facts:
    """What completeness depends on. Amounts in minor units."""

    title_ko: str
    title_en: str
    abstract_ko: str
    abstract_en: str
    aim: str
    has_topic: bool
    has_organisation: bool
    asked_amount: int
    asked_provisional: int
    own_cash: int
    own_kind: int
    budget_total: int
    work_ends_on: date
    milestones: list[PlannedMilestoneFacts] = field(default_factory=list)
    team: list[MemberFacts] = field(default_factory=list)


class Incomplete(RuleBroken):
    """Something a submitted proposal needs is missing or does not fit."""


def gaps(facts: Facts, *, terms: Terms, today: date) -> list[RuleBroken]:
    """Everything that keeps the proposal from being complete, each with the form field it belongs to."""
    return [
        *_text_gaps(facts),
        *_team_gaps(facts),
        *_money_gaps(facts),
        *_milestone_gaps(facts, terms, today),
    ]


def _text_gaps(facts: Facts) -> list[RuleBroken]:
    found: list[RuleBroken] = []
    if not (facts.title_ko or facts.title_en):
        found.append(Incomplete(_("Give a title in Korean or English."), field="title_ko"))
    if not (facts.abstract_ko or facts.abstract_en):
        found.append(Incomplete(_("Write an abstract in Korean or English."), field="abstract_ko"))
    if not facts.aim:
        found.append(Incomplete(_("Say what the work aims at."), field="aim"))
    if not facts.has_topic:
        found.append(Incomplete(_("Choose a topic of the call."), field="topic"))
    if not facts.has_organisation:
        found.append(Incomplete(_("Choose the organisation that carries the work."), field="organisation"))
    return found


def _team_gaps(facts: Facts) -> list[RuleBroken]:
    found: list[RuleBroken] = []
    for index, member in enumerate(facts.team):
        if not member.name:
            found.append(Incomplete(_("Name the person."), field=f"team-{index}-name"))
        if not member.task:
            found.append(Incomplete(_("Say what this person does."), field=f"team-{index}-task"))
        if not member.effort_percent:
            message = _("Give the share of this person's working time.")
            found.append(Incomplete(message, field=f"team-{index}-effort_percent"))
        if member.is_official:
            # Whoever works on a proposal cannot decide on it: naming officials would choose the decider.
            message = _("People of an agency cannot be on the team.")
            found.append(Incomplete(message, field=f"team-{index}-email"))
    return found


def _money_gaps(facts: Facts) -> list[RuleBroken]:
    found: list[RuleBroken] = []
    if not facts.asked_amount:
        found.append(
            Incomplete(_("Say how much government money the whole work needs."), field="asked_amount")
        )
    if not facts.asked_provisional:
        found.append(Incomplete(_("Say how much you ask for to start with."), field="asked_provisional"))
    if not facts.budget_total:
        found.append(Incomplete(_("Fill in the budget."), field="budget"))
        return found
    funding = facts.asked_amount + facts.own_cash + facts.own_kind
    if funding != facts.budget_total:
        message = _(
            "The budget adds up to %(budget)s, but government money and own share add up to %(funding)s. "
            "The two must be equal."
        ) % {"budget": written(facts.budget_total), "funding": written(funding)}
        found.append(Incomplete(message, field="budget"))
    return found


def _milestone_gaps(facts: Facts, terms: Terms, today: date) -> list[RuleBroken]:
    found: list[RuleBroken] = []
    if len(facts.milestones) < 2:
        found.append(Incomplete(_("Plan at least two milestones."), field="milestones"))
    for index, milestone in enumerate(facts.milestones):
        found += _gaps_of_one(index, milestone, facts.work_ends_on, today)
    days = [milestone.due_on for milestone in facts.milestones if milestone.due_on]
    if days != sorted(set(days)):
        found.append(Incomplete(_("Each milestone must be due after the one before it."), field="milestones"))
    latest_first = today + timedelta(days=terms.first_milestone_day)
    if days and days[0] > latest_first:
        message = _("The first milestone must be due by %(day)s.") % {"day": latest_first.isoformat()}
        found.append(Incomplete(message, field="milestones-0-due_on"))
    shares = [milestone.share_percent or 0 for milestone in facts.milestones]
    if facts.milestones and sum(shares) != 100:
        message = _("The shares of the milestones add up to %(sum)s %%; they must add up to 100 %%.") % {
            "sum": sum(shares)
        }
        found.append(Incomplete(message, field="milestones"))
    return found


def _gaps_of_one(
    index: int, milestone: PlannedMilestoneFacts, work_ends_on: date, today: date
) -> list[RuleBroken]:
    at = f"milestones-{index}"
    found: list[RuleBroken] = []
    if not milestone.title:
        found.append(Incomplete(_("Name the milestone."), field=f"{at}-title"))
    if not milestone.criterion:
        found.append(
            Incomplete(
                _("Say by which criterion reviewers will see that it is reached."), field=f"{at}-criterion"
            )
        )
    if not milestone.share_percent:
        found.append(Incomplete(_("Give its share of the money in percent."), field=f"{at}-share_percent"))
    if milestone.due_on is None:
        found.append(Incomplete(_("Say when it is due."), field=f"{at}-due_on"))
    elif milestone.due_on <= today:
        found.append(Incomplete(_("This day has passed. Choose a later one."), field=f"{at}-due_on"))
    elif milestone.due_on > work_ends_on:
        message = _("Work under this call ends on %(day)s. Choose an earlier day.") % {
            "day": work_ends_on.isoformat()
        }
        found.append(Incomplete(message, field=f"{at}-due_on"))
    return found
