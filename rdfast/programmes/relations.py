"""How a person stands to a proposal or award. Predicates ask this and the state, nothing else."""

from collections.abc import Set
from enum import StrEnum

from rdfast.people.models import User
from rdfast.people.queries import has_conflict
from rdfast.programmes.models import Appointment


class Relation(StrEnum):
    """The applicant side, the agency side, and the clock."""

    PI = "pi"
    SIGNATORY = "signatory"
    MANAGER = "manager"
    HEAD = "head"
    SECOND_APPROVER = "second_approver"
    FINANCE = "finance"
    REVIEWER = "reviewer"
    COMMITTEE = "committee"
    AUDITOR = "auditor"


APPLICANT_SIDE = frozenset({Relation.PI, Relation.SIGNATORY})
# Deputies stand in for the manager.
_OF_ROLE = {
    Appointment.Role.MANAGER: Relation.MANAGER,
    Appointment.Role.DEPUTY: Relation.MANAGER,
    Appointment.Role.HEAD: Relation.HEAD,
    Appointment.Role.SECOND_APPROVER: Relation.SECOND_APPROVER,
    Appointment.Role.FINANCE: Relation.FINANCE,
    Appointment.Role.REVIEWER: Relation.REVIEWER,
    Appointment.Role.COMMITTEE: Relation.COMMITTEE,
    Appointment.Role.AUDITOR: Relation.AUDITOR,
}


def relations_of(
    user: User, *, programme_id: int, pi_id: int, applicants: Set[int], organisation_id: int
) -> frozenset[Relation]:
    """Every relation of the person to one proposal or award.

    Whoever stands on the applicant side, or has a conflict of interest, has none on the agency side
    (forbidden pairs, `docs/procedure.md`).
    """
    theirs = set()
    if user.pk == pi_id:
        theirs.add(Relation.PI)
    if user.is_signatory and user.organisation_id == organisation_id:
        theirs.add(Relation.SIGNATORY)
    if theirs or user.pk in applicants:
        return frozenset(theirs)
    roles = Appointment.objects.filter(programme=programme_id, user=user).values_list("role", flat=True)
    agency = frozenset(_OF_ROLE[Appointment.Role(role)] for role in roles)
    if agency and has_conflict(user, applicants=applicants | {pi_id}, organisation_id=organisation_id):
        return frozenset()
    return agency
