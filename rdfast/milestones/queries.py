"""Reads of milestones."""

from django.db.models import QuerySet

from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.milestones.models import Evidence, Milestone
from rdfast.milestones.states import FINAL, State
from rdfast.people.models import User
from rdfast.programmes.relations import Relation


def relations(milestone: Milestone, user: User) -> frozenset[Relation]:
    """How the person stands to the milestone: as to its award."""
    return funding.relations(milestone.award, user)


def on_applicant_side(user: User) -> QuerySet[Milestone]:
    """Milestones of the awards that the person leads or signs for."""
    return with_award(Milestone.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Milestone]:
    """Milestones of the awards that the person may read for the agency."""
    return with_award(
        Milestone.objects.filter(award__in=funding.readable_by_agency(user, *roles).values("pk"))
    )


def with_award(milestones: QuerySet[Milestone]) -> QuerySet[Milestone]:
    """The milestones with what their pages show of the award."""
    return milestones.select_related(
        "award__proposal__call__programme", "award__policy", "award__pi", "award__organisation"
    )


def misses_in_a_row(award: Award) -> int:
    """How many of the award's milestones were missed one after the other, up to the last whose time has come."""
    come = award.milestones.exclude(state__in=[State.PLANNED, State.SUPERSEDED]).order_by("-number")
    states = list(come.values_list("state", flat=True))
    return next((index for index, state in enumerate(states) if state != State.MISSED), len(states))


def first_is_passed(award: Award) -> bool:
    """Whether the first milestone that still applies is passed."""
    first = award.milestones.exclude(state=State.SUPERSEDED).order_by("number").first()
    return first is not None and first.state == State.PASSED


def last_that_applies(award: Award) -> Milestone | None:
    """The milestone with which the work ends."""
    return award.milestones.exclude(state=State.SUPERSEDED).order_by("number").last()


def all_reached(award: Award) -> bool:
    """Whether nothing lies ahead any more and the last milestone is passed."""
    last = last_that_applies(award)
    ahead = award.milestones.exclude(state__in=FINAL)
    return last is not None and last.state == State.PASSED and not ahead.exists()


def evidence() -> QuerySet[Evidence]:
    """Every file of every report, with its milestone."""
    return Evidence.objects.select_related("report__milestone__award__proposal__call")
