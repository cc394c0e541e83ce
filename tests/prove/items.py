"""What a story is made of: forms that people send, deadlines they wait for, and other ways it could take.

A player performs what a story yields before asking for more; so a story sees what its own acts did.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Model
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.people.models import User
from rdfast.timers import clock

T = TypeVar("T")
Count = Callable[[], int]
PDF = b"%PDF-1.7 evidence"
UNDERSTOOD = {"understood": "on"}
# The fields by which one address tells one act from another, the telling one first.
ACTS = ("action", "verdict", "vote", "answer", "decision", "found", "kind")


@dataclass(frozen=True)
class Post:
    """One form that one person sends."""

    by: User | None  # nobody has signed in yet
    url: str
    form: dict[str, Any]
    # How often it has had its effect; one, once its sender was told so.
    effect: Count
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def act(self) -> str:
        """Which of the address's acts it is; empty where there is one."""
        return next((str(self.form[name]) for name in ACTS if name in self.form), "")


@dataclass(frozen=True)
class Wait:
    """Nobody can go on before a deadline, which is near, or the next sweep has acted."""

    until: Callable[[], bool]
    what: str = "a near deadline"


@dataclass(frozen=True)
class Later:
    """Nobody does anything for these many days, looked at one after the other."""

    days: tuple[int, ...]


@dataclass(frozen=True)
class Fork:
    """Other ways the story could take from here, each to its own end."""

    ways: list[Callable[[], "Iterator[Item]"]]


Item = Post | Wait | Later | Fork


def left_alone(*days: int) -> Iterator[Item]:
    """Nobody does anything any more."""
    yield Later(days)


def until(instant: datetime | None) -> Later:
    """The days pass to that of the instant."""
    assert instant is not None
    return Later(((timezone.localdate(instant) - timezone.localdate(clock.now())).days,))


def file_name(field_name: str, held: bytes) -> str:
    """What the browser calls an uploaded file."""
    return f"{field_name}.{'pdf' if held.startswith(b'%PDF') else 'csv'}"


def look(query: Callable[[], T]) -> T:
    """Ask the database, again while it is being restarted."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return query()
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def happened(kind: str, of: Model) -> Count:
    """How often the history says that this happened to the object."""
    found = Event.objects.filter(kind=kind, subject_kind=of._meta.label_lower, subject_id=of.pk)
    return lambda: found.all().count()


def newly(count: Count) -> Count:
    """How many came to those there are now."""
    return partial(_more_than, count(), count)


def _more_than(before: int, count: Count) -> int:
    return count() - before
