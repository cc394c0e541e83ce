"""Reads of claims."""

from django.db.models import OuterRef, QuerySet, Subquery, Sum

from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation
from rdfast.settlement import rules
from rdfast.settlement.models import Claim, ClaimLine, Receipt
from rdfast.settlement.states import State


def relations(claim: Claim, user: User) -> frozenset[Relation]:
    """How the person stands to the claim: as to its award."""
    return funding.relations(claim.award, user)


def on_applicant_side(user: User) -> QuerySet[Claim]:
    """Claims of the awards that the person leads or signs for."""
    return _with_award(Claim.objects.filter(award__in=funding.on_applicant_side(user).values("pk")))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Claim]:
    """Claims handed in under awards that the person may read for the agency."""
    awards = funding.readable_by_agency(user, *roles)
    return _with_award(Claim.objects.filter(award__in=awards.values("pk")).exclude(state=State.DRAFT))


def waiting(user: User) -> QuerySet[Claim]:
    """Claims that wait for this finance officer, the longest waiting first."""
    mine = readable_by_agency(user, Appointment.Role.FINANCE).filter(state=State.SUBMITTED)
    lines = ClaimLine.objects.filter(claim=OuterRef("pk")).order_by().values("claim")
    total = Subquery(lines.values(total=Sum("amount")))
    return mine.annotate(total=total).order_by("submitted_at", "pk")


def _with_award(claims: QuerySet[Claim]) -> QuerySet[Claim]:
    return claims.select_related(
        "award__proposal__call__programme", "award__policy", "award__pi", "award__organisation", "decided_by"
    )


def accepted_total(award: Award) -> int:
    """What accepted claims have accounted for."""
    return ledger.boxes_of_award(award.pk)[BoxKind.EXPENSE]


def room_for_claims(award: Award) -> int:
    """What can still be claimed."""
    waiting_lines = ClaimLine.objects.filter(claim__award=award, claim__state=State.SUBMITTED)
    return rules.room_for_claims(
        settled=funding.settled_total(award),
        accepted=accepted_total(award),
        waiting=waiting_lines.aggregate(total=Sum("amount"))["total"] or 0,
    )


def receipts() -> QuerySet[Receipt]:
    """Every receipt, with its claim."""
    return Receipt.objects.select_related("claim__award__proposal__call")


def most_to_recover(award: Award, origin: str) -> int | None:
    raise NotImplementedError
