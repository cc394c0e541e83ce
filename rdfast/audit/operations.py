"""Recording events, in the transaction of what they tell of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from rdfast.audit import causes
from rdfast.audit.models import Event
from rdfast.core.machines import Move
from rdfast.people.models import User


class Subject(Protocol):
    """An object that things happen to."""

    pk: Any
    _meta: ClassVar[Any]

    @property
    def matter_id(self) -> int | None:
        """The proposal whose story the object belongs to."""


class Stateful(Subject, Protocol):
    """An object with a state machine."""

    state: Any
    last_move: Move | None


def record(
    kind: str,
    *,
    of: Subject,
    by: User | None,
    at: datetime,
    reason: str = "",
    data: dict[str, Any] | None = None,
) -> Event:
    """Record that something happened to `of` that did not change its state. `by` None means the clock."""
    return _added(_event(kind, of, by, at, "", "", reason, data), of)


def moved(
    subject: Stateful, *, by: User | None, at: datetime, reason: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Record the move the subject has just taken. `by` None means the clock."""
    move = subject.last_move
    if move is None:
        raise ValueError(f"{subject} has not moved")
    subject.last_move = None
    machine = subject._meta.model_name
    event = _event(f"{machine}.{move.name}", subject, by, at, move.source, move.target, reason, data)
    return _added(event, subject)


def began(
    subject: Stateful, *, by: User | None, at: datetime, reason: str = "", data: dict[str, Any] | None = None
) -> Event:
    """Record that the subject came to be, in its first state."""
    return _added(_begin(subject, by, at, reason, data), subject)


def all_began(
    subjects: Sequence[Stateful],
    *,
    by: User | None,
    at: datetime,
    data: Sequence[dict[str, Any]] | None = None,
) -> None:
    """Record that each of the subjects came to be, in one round trip; `data` is theirs in the same order."""
    each = data or [{} for _subject in subjects]
    events = [_begin(subject, by, at, "", more) for subject, more in zip(subjects, each, strict=True)]
    Event.objects.bulk_create(events)
    for subject, event in zip(subjects, events, strict=True):
        _remember(subject, event)


def _added(event: Event, of: Subject) -> Event:
    event.save(force_insert=True)
    _remember(of, event)
    return event


def _remember(of: Subject, event: Event) -> None:
    """So that a message about it need not ask which event it tells of; see `queries.last_of`."""
    vars(of)["last_event"] = event


def _begin(
    subject: Stateful, by: User | None, at: datetime, reason: str, data: dict[str, Any] | None
) -> Event:
    return _event(f"{subject._meta.model_name}.begin", subject, by, at, "", str(subject.state), reason, data)


def _event(
    kind: str,
    of: Subject,
    by: User | None,
    at: datetime,
    from_state: str,
    to_state: str,
    reason: str,
    data: dict[str, Any] | None,
) -> Event:
    return Event(
        kind=kind,
        subject_kind=of._meta.label_lower,
        subject_id=of.pk,
        matter_id=of.matter_id,
        actor=by,
        at=at,
        from_state=from_state,
        to_state=to_state,
        reason=reason,
        data=data or {},
        cause=causes.current(),
    )
