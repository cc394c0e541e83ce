"""Reads of milestones."""

from django.db.models import QuerySet

from rdfast.funding import queries as funding
from rdfast.milestones.models import Evidence, Milestone
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


def evidence() -> QuerySet[Evidence]:
    """Every file of every report, with its milestone."""
    return Evidence.objects.select_related("report__milestone__award__proposal__call")
