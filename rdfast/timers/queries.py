"""Reads of deadlines."""

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import F, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rdfast.audit.operations import Subject
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer

M = TypeVar("M", bound=Model)


def pending() -> QuerySet[Timer]:
    """Deadlines that have not ended, the next one first."""
    return Timer.objects.filter(status=Timer.Status.PENDING).order_by("due_at", "id")


def due(at: datetime, *, limit: int) -> list[Timer]:
    """What is due at `at`, in order, without locking anything: whether it still is, `claim` asks again.

    A kind that this release does not know was set by a newer one, which runs beside it and will act.
    """
    found = pending().filter(next_try_at__lte=at, due_at__lte=at, kind__in=Kind.values)
    # Read apart: joined, every deadline due would be joined before the first ones are taken.
    return list(found.prefetch_related("about")[:limit])


def was_set_again(dead: Timer) -> bool:
    """Whether a newer deadline of the same kind and subject, or a newer reminder of the same moment, took its place."""
    newer = Timer.objects.filter(
        kind=dead.kind,
        subject_kind=dead.subject_kind,
        subject_id=dead.subject_id,
        about=dead.about_id,
        pk__gt=dead.pk,
    )
    return (newer.filter(due_at=dead.due_at) if dead.about_id else newer).exists()


def next_due() -> datetime | None:
    """When the sweep has something to look at next: a deadline, or another try at one that failed."""
    known = pending().filter(kind__in=Kind.values)
    return known.order_by("next_try_at").values_list("next_try_at", flat=True).first()


def ahead_in(matter_id: int) -> QuerySet[Timer]:
    """The deadlines ahead in one proposal's story; reminders are left out."""
    return pending().filter(matter_id=matter_id).exclude(kind=Kind.REMINDER)


def ahead_in_any(matter_ids: QuerySet[Any]) -> QuerySet[Timer]:
    """The deadlines ahead in several stories, the next one first; reminders are left out."""
    return pending().filter(matter_id__in=matter_ids).exclude(kind=Kind.REMINDER)


def due_at_of(kind: Kind, subject_kind: str, subject_id: int) -> datetime | None:
    """When the pending deadline of this kind is due for the subject, if there is one; once late, when it was due at first."""
    found = pending().filter(kind=kind, subject_kind=subject_kind, subject_id=subject_id)
    return found.values_list(Coalesce("late_since", "due_at"), flat=True).first()


def newest(kind: Kind, of: Subject) -> Timer | None:
    """The subject's newest deadline of this kind, ended or not; reminders of it are none."""
    found = Timer.objects.filter(kind=kind, subject_kind=of._meta.label_lower, subject_id=of.pk)
    return found.order_by("-pk").first()


def late_subjects(kind: Kind, matter_id: int) -> list[int]:
    """The subjects in one story of which a deadline of this kind has passed, and goes on being late."""
    late = pending().filter(kind=kind, matter_id=matter_id, late_since__isnull=False)
    return list(late.values_list("subject_id", flat=True))


def answered_late(matter_id: int, *kinds: Kind, since: datetime) -> bool:
    """Whether a deadline of these kinds had passed before what it asked for was done, after `since`."""
    met = Timer.objects.filter(matter_id=matter_id, kind__in=kinds, status=Timer.Status.CANCELLED)
    return met.filter(late_since__isnull=False, ended_at__gt=since).exists()


def with_due_at(rows: QuerySet[M], *kinds: Kind, matter: str, name: str = "due_at") -> QuerySet[M]:
    """The rows with `due_at` (or another name), the most pressing first: the due time of their newest deadline of these kinds.

    A deadline that has had its effect still counts, for what it asked for is overdue; told again, it stays so. `matter` is the path
    from a row to its proposal's id.
    """
    deadlines = (
        Timer.objects.filter(
            matter_id=OuterRef(matter),
            subject_kind=rows.model._meta.label_lower,
            subject_id=OuterRef("pk"),
            kind__in=kinds,
        )
        .exclude(status=Timer.Status.CANCELLED)
        .order_by("-id")
    )
    first_due = deadlines.values(first_due=Coalesce("late_since", "due_at"))
    annotated: QuerySet[M] = rows.annotate(**{name: Subquery(first_due[:1])})
    return annotated.order_by(F(name).asc(nulls_last=True), "pk")


def with_next_due_at(rows: QuerySet[M], *, matter: str) -> QuerySet[M]:
    """The rows with `next_due_at`: the next deadline ahead in the story of their proposal."""
    ahead = pending().filter(matter_id=OuterRef(matter)).exclude(kind=Kind.REMINDER)
    annotated: QuerySet[M] = rows.annotate(next_due_at=Subquery(ahead.values("due_at")[:1]))  # type: ignore[assignment]
    return annotated
