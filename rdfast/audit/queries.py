"""Reads of what happened."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from rdfast.audit.models import Event
from rdfast.audit.operations import Subject
from rdfast.people.models import User


def story_of(matter_id: int) -> QuerySet[Event]:
    """Everything that happened in one proposal's story, newest first."""
    return Event.objects.filter(matter_id=matter_id).select_related("actor").order_by("-id")


def history_of(subject: Subject) -> QuerySet[Event]:
    """Everything that happened to this very object, newest first."""
    mine = Event.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk)
    return mine.select_related("actor").order_by("-id")


def all_events() -> QuerySet[Event]:
    """Every event, newest first."""
    return Event.objects.select_related("actor").order_by("-id")


def last_of(subject: Subject) -> Event:
    """The newest event of this very object: what a message sent now tells of. Asks only if it was not just recorded."""
    just_recorded: Event | None = vars(subject).get("last_event")
    if just_recorded is not None:
        return just_recorded
    return Event.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk).latest("id")


def has_gone_on(subject: Subject, *, since: datetime) -> bool:
    """Whether this very object has moved, or a person has done something with it, after that instant."""
    later = Event.objects.filter(
        subject_kind=subject._meta.label_lower, subject_id=subject.pk, at__gt=since
    ).exclude(kind__startswith="deadline.")
    return later.exclude(to_state="", actor=None).exists()


def last_entry(subject: Subject, *kinds: str) -> Event | None:
    """The newest event of these kinds of this very object, if there is one."""
    mine = Event.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk, kind__in=kinds)
    return mine.order_by("-id").first()


def actors_of(subject: Subject, *kinds: str) -> set[int]:
    """Who did one of these kinds of things with this very object."""
    done = Event.objects.filter(subject_kind=subject._meta.label_lower, subject_id=subject.pk, kind__in=kinds)
    return set(done.exclude(actor=None).values_list("actor", flat=True))


def took_part(user: User, matter_id: int) -> bool:
    """Whether the person did anything at all in one proposal's story: those who did judge no dispute about it."""
    return acts_in(matter_id).filter(actor=user).exists()


def acts_in(matter_id: int, *, besides: Collection[str] = ()) -> QuerySet[Event]:
    """What happened in one proposal's story, but for these kinds of things; `actor` says by whom."""
    return Event.objects.filter(matter_id=matter_id).exclude(kind__in=besides)
