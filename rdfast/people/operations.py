"""Writes about people."""

from datetime import datetime

from rdfast.core.locks import lock
from rdfast.core.transactions import one_transaction
from rdfast.people.models import Conflict, Organisation, User


def lock_person(pk: int) -> User:
    """Hold the person, so that two awards to one PI are granted one after the other."""
    return lock(User, pk)


def lock_organisation(pk: int) -> Organisation:
    """Hold the organisation, so that its exposure is counted by one grant or release at a time."""
    return lock(Organisation, pk)


@one_transaction
def declare_conflict(
    user: User, *, with_user: User | None, with_organisation: Organisation | None, reason: str, at: datetime
) -> Conflict:
    """Record that the person has a conflict of interest; it holds until an administrator removes it.

    Declaring it again changes nothing.
    """
    lock_person(user.pk)  # a double click waits for itself
    declared = Conflict.objects.filter(user=user, with_user=with_user, with_organisation=with_organisation)
    return declared.first() or Conflict.objects.create(
        user=user, with_user=with_user, with_organisation=with_organisation, reason=reason, declared_at=at
    )
