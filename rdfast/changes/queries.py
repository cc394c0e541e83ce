"""Reads of changes, and what one would do."""

from collections.abc import Collection

from django.db.models import QuerySet

from rdfast.changes import rules
from rdfast.changes.models import Change
from rdfast.changes.rules import Ahead, Facts
from rdfast.changes.states import Side, State
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.funding.states import UNPAID
from rdfast.milestones.models import Milestone
from rdfast.milestones.states import BEHIND, REPLACEABLE
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation
from rdfast.settlement.queries import most_to_recover
from rdfast.settlement.states import Origin

Role = Appointment.Role


def relations(change: Change, user: User) -> frozenset[Relation]:
    """How the person stands to the change: as to its award."""
    return funding.relations(change.award, user)


def on_applicant_side(user: User) -> QuerySet[Change]:
    """Changes of awards that the person leads or signs for, newest first."""
    return _with_award(Change.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Change]:
    """Changes of awards that the person may read for the agency, newest first."""
    awards = funding.readable_by_agency(user, *roles)
    return _with_award(Change.objects.filter(award__in=awards.values("pk")))


def waiting(user: User) -> QuerySet[Change]:
    """Changes that wait for the programme's answer, the longest waiting first."""
    mine = readable_by_agency(user, Role.MANAGER, Role.DEPUTY, Role.HEAD)
    return mine.filter(state=State.PROPOSED, side="applicant").order_by("pk")


def may(move: str, change: Change, user: User) -> bool:
    """Whether the person may answer the change now."""
    return rules.may(
        move,
        state=change.state,
        side=change.side,
        relations=relations(change, user),
        terms=change.award.policy.terms,
    )


def asked_of_applicant(ids: Collection[int]) -> set[int]:
    """Which of these changes wait for the applicant side's answer."""
    if not ids:
        return set()
    asked = Change.objects.filter(pk__in=ids, state=State.PROPOSED, side=Side.AGENCY)
    return set(asked.values_list("pk", flat=True))


def in_hand(award: Award) -> Change | None:
    """The change that waits for its answer, if there is one."""
    return Change.objects.filter(award=award, state=State.PROPOSED).first()


def facts(award: Award, change: Change | None = None) -> Facts:
    """What a change of the award starts from: this one, or one that would be proposed now."""
    milestones = list(award.milestones.exclude(state=MilestoneState.SUPERSEDED).order_by("number"))
    replaced = [each for each in milestones if _is_replaced(each, change)]
    passed = [each.number for each in milestones if each.state == MilestoneState.PASSED]
    unpaid = award.tranches.filter(state__in=UNPAID).exclude(state="bounced").order_by("number")
    return Facts(
        amount=award.amount,
        paid=funding.paid_or_bounced(award),
        unspent=most_to_recover(award, Origin.ADVANCES) or 0,
        first_is_paid=funding.is_paid_after(award, passed[-1] if passed else None),
        under_way=[_ahead(each) for each in milestones if each.state not in BEHIND and each not in replaced],
        planned=[_ahead(each) for each in replaced],
        last_number=max((each.number for each in milestones), default=0),
        payments=[(each.expected_on.isoformat(), each.amount) for each in unpaid],
    )


def _is_replaced(milestone: Milestone, change: Change | None) -> bool:
    """Planned when the change was proposed, and not reported since."""
    state: str = milestone.state
    after = change.replaces_after if change else None
    if after is not None and milestone.number > after:
        return state in REPLACEABLE
    return state == MilestoneState.PLANNED


def _ahead(each: Milestone) -> Ahead:
    return Ahead(each.number, each.title, each.due_on, each.share_percent)


def promised(change: Change) -> list[Ahead]:
    """The milestones that the change wants, as its effect counts them."""
    return [
        Ahead(each.number, each.title, each.due_on, each.share_percent) for each in change.milestones.all()
    ]


def _with_award(changes: QuerySet[Change]) -> QuerySet[Change]:
    return changes.select_related(
        "award__proposal__call__programme",
        "award__policy",
        "award__pi",
        "award__organisation",
        "proposed_by",
        "answered_by",
    ).order_by("-pk")
