"""Reads about programmes, and who serves in them."""

from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from rdfast.core.once import once_a_page
from rdfast.core.working_days import start_of
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.people.models import User
from rdfast.programmes import rules
from rdfast.programmes.models import Appointment, Call, Envelope, Policy, Programme

Role = Appointment.Role


@once_a_page
def roles_of(user: User) -> frozenset[str]:
    """Every role the person holds in any programme."""
    return frozenset(Appointment.objects.filter(user=user).values_list("role", flat=True))


def roles_in(user: User, programme_id: int) -> set[str]:
    """Every role the person holds in the programme."""
    return set(Appointment.objects.filter(user=user, programme=programme_id).values_list("role", flat=True))


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


def readable(user: User) -> QuerySet[Programme]:
    """The programmes whose envelopes and policy versions the person may read: the list form of `rules.may_read`."""
    return programmes_served(user, *rules.READERS)


def without_a_version() -> QuerySet[Programme]:
    """The programmes that cannot begin work, because no policy version was ever adopted."""
    return Programme.objects.filter(policies__isnull=True)


def may_adopt(user: User, programme_id: int) -> bool:
    """Whether the person may adopt a policy version of the programme now."""
    return rules.may_adopt(
        roles_in(user, programme_id),
        is_administrator=user.is_active and user.is_staff,
        has_version=Policy.objects.filter(programme=programme_id).exists(),
    )


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


def cap_base_of(envelope: Envelope) -> int:
    """What caps on money at risk are a share of: the year's allotment, but for what was carried over while it ran.

    So each won counts in one running year. What leaves after the year's end stays: running awards need it.
    """
    return ledger.allotted_and_kept(envelope.pk, until=start_of(date(envelope.year + 1, 1, 1)))


def available_in(envelope: Envelope) -> int:
    """What the envelope can still commit."""
    return ledger.balance(BoxKind.AVAILABLE, envelope_id=envelope.pk)


def year_is_over(envelope: Envelope, at: datetime) -> bool:
    """Whether the envelope's fiscal year, which is the calendar year, has ended at `at`."""
    return timezone.localdate(at).year > envelope.year
