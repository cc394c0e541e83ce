"""Reads about programmes, and who serves in them."""

from datetime import datetime

from django.db.models import QuerySet

from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Call, Envelope, Policy, Programme

Role = Appointment.Role


def roles_of(user: User) -> set[str]:
    """Every role the person holds in any programme."""
    return set(Appointment.objects.filter(user=user).values_list("role", flat=True))


def serves(user: User, programme_id: int, *roles: str) -> bool:
    """Whether the person holds one of the roles in the programme."""
    return Appointment.objects.filter(user=user, programme=programme_id, role__in=roles).exists()


def programmes_served(user: User, *roles: str) -> QuerySet[Programme]:
    """The programmes in which the person holds one of the roles."""
    return Programme.objects.filter(
        pk__in=Appointment.objects.filter(user=user, role__in=roles).values("programme")
    )


def holders(programme_id: int, *roles: str) -> QuerySet[User]:
    """The active people who hold one of the roles in the programme."""
    return User.objects.filter(
        is_active=True,
        pk__in=Appointment.objects.filter(programme=programme_id, role__in=roles).values("user"),
    ).order_by("pk")


def policy_in_force(programme_id: int, at: datetime) -> Policy:
    """The programme's newest version that applies at `at`."""
    return Policy.objects.filter(programme=programme_id, starts_at__lte=at).latest("number")


def visible_calls(at: datetime) -> QuerySet[Call]:
    """Calls that have opened, those closing first on top; closed ones are still readable."""
    return (
        Call.objects.filter(opens_at__lte=at).select_related("programme", "envelope").order_by("-closes_at")
    )


def open_calls(at: datetime) -> QuerySet[Call]:
    """Calls that take proposals now, the one that closes first on top."""
    return (
        Call.objects.filter(opens_at__lte=at, closes_at__gt=at)
        .select_related("programme", "envelope")
        .order_by("closes_at", "pk")
    )


def allotment_of(envelope: Envelope) -> int:
    """The envelope's net allotment: what the treasury has put in."""
    return -ledger.balance(BoxKind.TREASURY, envelope_id=envelope.pk)


def available_in(envelope: Envelope) -> int:
    """What the envelope can still commit."""
    return ledger.balance(BoxKind.AVAILABLE, envelope_id=envelope.pk)
