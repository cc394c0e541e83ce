"""Reads about people."""

from collections.abc import Set
from datetime import date

from django.db.models import Q, QuerySet

from rdfast.core.once import once_a_page
from rdfast.people.models import Ban, Conflict, User


def bans_on(user: User, organisation_id: int | None, day: date) -> QuerySet[Ban]:
    """The participation bans that stand against the person or the organisation on that day."""
    whose = Q(user=user) | Q(organisation=organisation_id) if organisation_id else Q(user=user)
    return Ban.objects.filter(whose, from_on__lte=day, until_on__gte=day)


def signatories_of(organisation_id: int | None) -> QuerySet[User]:
    """Those who sign for the organisation."""
    signing = User.objects.filter(is_signatory=True, is_active=True)
    return signing.filter(organisation=organisation_id) if organisation_id else signing.none()


def has_conflict(user: User, *, applicants: Set[int], organisation_id: int) -> bool:
    """Whether the person must keep away from a proposal of these people and this organisation.

    Same organisation, being one of them, or a declared conflict, in either direction (Innovation Act
    art. 14(2), Decree art. 27(3)).
    """
    people, places = set_apart_from(user)
    return not people.isdisjoint(applicants) or organisation_id in places


@once_a_page
def set_apart_from(user: User) -> tuple[frozenset[int], frozenset[int]]:
    """The people and organisations that the person has a conflict with: the list form of `has_conflict`."""
    declared = Conflict.objects.filter(Q(user=user) | Q(with_user=user))
    people: set[int | None] = {user.pk}
    places: set[int | None] = {user.organisation_id}
    for one, other, place in declared.values_list("user", "with_user", "with_organisation"):
        people |= {one, other}
        # An organisation named in somebody else's declaration is theirs to keep away from.
        places |= {place} if one == user.pk else set()
    return frozenset(pk for pk in people if pk), frozenset(pk for pk in places if pk)


def without_conflict(users: QuerySet[User], *, applicants: Set[int], organisation_id: int) -> QuerySet[User]:
    """Those of `users` who have no conflict with these applicants and this organisation."""
    declared = Conflict.objects.filter(
        Q(with_user__in=applicants) | Q(with_organisation=organisation_id)
    ).values("user")
    named = Conflict.objects.filter(user__in=applicants, with_user__isnull=False).values("with_user")
    return (
        users.exclude(pk__in=applicants)
        .exclude(organisation=organisation_id)
        .exclude(pk__in=declared)
        .exclude(pk__in=named)
    )
