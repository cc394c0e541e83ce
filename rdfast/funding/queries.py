"""Reads of awards and tranches, and the exposure they add up to."""

from datetime import date, timedelta

from django.db.models import Q, QuerySet, Sum

from rdfast.funding.models import Award, Payment, Tranche
from rdfast.funding.states import LIVE, PAID, UNPAID, AwardState, TrancheState
from rdfast.ledger import queries as ledger
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation
from rdfast.proposals import queries as proposals

Role = Appointment.Role


def relations(award: Award, user: User) -> frozenset[Relation]:
    """How the person stands to the award: as to its proposal."""
    return proposals.relations(award.proposal, user)


def on_applicant_side(user: User) -> QuerySet[Award]:
    """Awards that the person leads or signs for, newest first."""
    mine = Q(pi=user)
    if user.is_signatory and user.organisation_id:
        mine |= Q(organisation=user.organisation_id)
    return _with_names(Award.objects.filter(mine))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Award]:
    """Awards of the programmes that the person serves, without what a conflict of interest hides."""
    return _with_names(
        Award.objects.filter(proposal__in=proposals.readable_by_agency(user, *roles).values("pk"))
    )


def _with_names(awards: QuerySet[Award]) -> QuerySet[Award]:
    return awards.select_related(
        "proposal__call__programme", "envelope__programme", "policy", "organisation", "pi"
    ).order_by("-pk")


def provisional_awards_of(pi: User) -> int:
    """How many offered or provisional awards the person leads."""
    return Award.objects.filter(pi=pi, state__in=[AwardState.OFFERED, *LIVE]).count()


def running_projects_of(person: User) -> int:
    """How many running awards the person takes part in, leading or not.

    Two indexes answer it together; asked with OR, PostgreSQL reads every award there is.
    """
    running = Award.objects.filter(state__in=[AwardState.OFFERED, *LIVE]).values("pk")
    return len(running.filter(pi=person).union(running.filter(proposal__team__user=person)))


def tranches_readable(user: User, *roles: str) -> QuerySet[Tranche]:
    """Tranches of the awards that the person may read for the agency."""
    return Tranche.objects.filter(award__in=readable_by_agency(user, *roles).values("pk")).select_related(
        "award__proposal__call__programme",
        "award__envelope__programme",
        "award__policy",
        "award__organisation",
        "award__pi",
        "approved_by",
        "released_by",
    )


def tranches_waiting(user: User, state: TrancheState, *roles: str) -> QuerySet[Tranche]:
    """Tranches in this state that wait for the person, the longest waiting first."""
    return tranches_readable(user, *roles).filter(state=state).order_by("pk")


def paid_before(tranche: Tranche) -> int:
    """What earlier tranches of the award have paid."""
    earlier = tranche.award.tranches.filter(number__lt=tranche.number, state__in=PAID)
    return earlier.aggregate(total=Sum("amount"))["total"] or 0


def unpaid_before(tranche: Tranche) -> int:
    """How many earlier tranches of the award are not paid yet."""
    return tranche.award.tranches.filter(number__lt=tranche.number).exclude(state__in=PAID).count()


def settled_total(award: Award) -> int:
    """What the bank has confirmed as paid."""
    settled = award.tranches.filter(state=TrancheState.SETTLED)
    return settled.aggregate(total=Sum("amount"))["total"] or 0


def payments_of(award: Award) -> QuerySet[Payment]:
    """The payments of the award, oldest first."""
    return Payment.objects.filter(tranche__award=award).select_related("released_by").order_by("pk")


def exposure(awards: QuerySet[Award], *, today: date, days: int) -> int:
    """What these awards put at risk: advances, and unpaid tranches expected within `days`."""
    soon = Tranche.objects.filter(
        award__in=awards.filter(state__in=[AwardState.OFFERED, *LIVE]).values("pk"),
        state__in=UNPAID,
        expected_on__lte=today + timedelta(days=days),
    )
    expected: int = soon.aggregate(total=Sum("amount"))["total"] or 0
    return ledger.advances_of(awards.order_by().values("pk")) + expected


def exposure_in(envelope_id: int, *, organisation_id: int | None, today: date, days: int) -> tuple[int, int]:
    """`exposure` of all awards of the envelope, and of those to the organisation, in two round trips."""
    theirs = Q(award__organisation=organisation_id)
    soon = Tranche.objects.filter(
        award__envelope=envelope_id,
        award__state__in=[AwardState.OFFERED, *LIVE],
        state__in=UNPAID,
        expected_on__lte=today + timedelta(days=days),
    ).aggregate(everyone=Sum("amount"), theirs=Sum("amount", filter=theirs))
    of_them = Award.objects.filter(envelope=envelope_id, organisation=organisation_id)
    advances, their_advances = ledger.advances_in(envelope_id, award_ids=of_them.values("pk"))
    return advances + (soon["everyone"] or 0), their_advances + (soon["theirs"] or 0)
