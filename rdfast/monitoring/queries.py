"""What operations look at. Each question reads an index, or a bounded number of rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rdfast.decisions.models import Decision
from rdfast.monitoring.models import Check
from rdfast.outbox.models import Message
from rdfast.proposals.models import Proposal
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer

# Nobody acts differently on a longer queue, and counting it to the end takes time when there is least of it.
COUNTED = 100_000
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Queue:
    """How many wait, and how many seconds the oldest has waited."""

    count: int
    lag: float


@dataclass(frozen=True)
class Punctuality:
    """How many decisions of a programme came in time, and how many late."""

    code: str
    in_time: int
    late: int


def deadlines_due(at: datetime) -> Queue:
    """Deadlines the sweep should have acted on. One that failed waits from the time of its next try."""
    due = Timer.objects.filter(status=Timer.Status.PENDING, next_try_at__lte=at, due_at__lte=at)
    return _queue(due.order_by("next_try_at"), "next_try_at", at)


def messages_waiting(at: datetime) -> Queue:
    """Messages not delivered yet, also those whose next try is ahead."""
    waiting = Message.objects.filter(status=Message.Status.PENDING)
    return _queue(waiting.order_by("next_try_at"), "created_at", at)


def deadlines_dead() -> int:
    """Deadlines that failed for good."""
    return Timer.objects.filter(status=Timer.Status.DEAD).count()


def messages_dead() -> int:
    """Messages given up."""
    return Message.objects.filter(status=Message.Status.DEAD).count()


def decisions_lately(at: datetime) -> list[Punctuality]:
    """The answers of the last thirty days, by the deadline that each of them met or missed."""
    deadline = Timer.objects.filter(
        matter_id=OuterRef("proposal_id"),
        subject_kind=Proposal._meta.label_lower,
        kind__in=[Kind.DECIDE, Kind.SECOND_APPROVAL],
        set_at__lt=OuterRef("at"),
    ).order_by("-id")
    programmes = (
        Decision.objects.filter(at__gt=at - LATELY, at__lte=at)
        .annotate(due_at=Subquery(deadline.values(first_due=Coalesce("late_since", "due_at"))[:1]))
        .values(code=F("proposal__call__programme__code"))
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(at__gt=F("due_at"))))
        .order_by("code")
    )
    return [Punctuality(row["code"], row["count"] - row["late"], row["late"]) for row in programmes]


def last_check() -> Check | None:
    """The newest nightly check."""
    return Check.objects.order_by("-night_of").first()


def _queue(rows: QuerySet[Any], since: str, at: datetime) -> Queue:
    found = rows[:COUNTED].aggregate(count=Count("pk"), oldest=Min(since))
    lag = (at - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Queue(found["count"], max(0.0, lag))
