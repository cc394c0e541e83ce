"""Reads of deadlines."""

from datetime import datetime

from django.db.models import QuerySet

from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer


def pending() -> QuerySet[Timer]:
    """Deadlines that have not ended, the next one first."""
    return Timer.objects.filter(status=Timer.Status.PENDING).order_by("due_at", "id")


def due(at: datetime, *, limit: int) -> list[int]:
    """The ids of what is due at `at`, in order, without locking anything."""
    return list(pending().filter(next_try_at__lte=at, due_at__lte=at).values_list("pk", flat=True)[:limit])


def next_due() -> datetime | None:
    """When the sweep has something to look at next: a deadline, or another try at one that failed."""
    return pending().order_by("next_try_at").values_list("next_try_at", flat=True).first()


def ahead_in(matter_id: int) -> QuerySet[Timer]:
    """The deadlines ahead in one proposal's story; reminders are left out."""
    return pending().filter(matter_id=matter_id).exclude(kind=Kind.REMINDER)


def due_at_of(kind: Kind, subject_kind: str, subject_id: int) -> datetime | None:
    """When the pending deadline of this kind is due for the subject, if there is one."""
    return (
        pending()
        .filter(kind=kind, subject_kind=subject_kind, subject_id=subject_id)
        .values_list("due_at", flat=True)
        .first()
    )
