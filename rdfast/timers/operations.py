"""Setting, cancelling and ending deadlines. What a deadline does is told in `flow/`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Case, F, Q, Value, When

from rdfast.audit.operations import Subject
from rdfast.core.transactions import one_transaction
from rdfast.timers import queries
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer

MOST_ATTEMPTS = 8


def set(  # noqa: A001 - `timers.set(...)` is how the flow reads
    kind: Kind, *, of: Subject, due_at: datetime, at: datetime, remind_at: Iterable[datetime] = ()
) -> Timer:
    """Set a deadline, in the transaction of what makes it due.

    A reminder goes out at each of `remind_at` that is still ahead; a harmful kind gets one right away when
    none is, because it may not act unwarned.
    """
    timer = _add(kind, of, due_at, at)
    ahead = [moment for moment in remind_at if at < moment < due_at]
    if not ahead and timer.notice is not None:
        ahead = [at]
    Timer.objects.bulk_create(_reminder(timer, moment, at) for moment in ahead)
    return timer


def again(kind: Kind, *, of: Subject, due_at: datetime, at: datetime, is_late: bool = True) -> Timer:
    """Set a deadline that has passed once more, in its own action. What it asks for stays late since it was first due;
    if that only waits now, it is as late as it was before.

    Nobody is reminded of it: whoever was warned of the passed one stays warned, and its action tells.
    """
    passed = queries.newest(kind, of)
    timer = _add(kind, of, due_at, at)
    if passed is not None:
        timer.late_since = passed.late_since or (passed.due_at if is_late else None)
        timer.warned_at = passed.warned_at
        timer.save(update_fields=["late_since", "warned_at"])
    return timer


def cancel(*kinds: Kind, of: Subject, at: datetime) -> None:
    """Cancel the pending deadlines of these kinds (all kinds when none is named), with their reminders."""
    pending = Timer.objects.filter(
        status=Timer.Status.PENDING, subject_kind=of._meta.label_lower, subject_id=of.pk
    )
    if kinds:
        theirs = Timer.objects.filter(kind__in=kinds, subject_kind=of._meta.label_lower, subject_id=of.pk)
        pending = pending.filter(Q(kind__in=kinds) | Q(about__in=theirs.values("pk")))
    # Whoever cancels holds the subject, so no other statement ends the same timers meanwhile.
    pending.update(status=Timer.Status.CANCELLED, ended_at=at)


def claim(timer_id: int, *, at: datetime) -> Timer | None:
    """The timer, locked, if it is still pending and due and nobody else holds it; else None.

    Lock the subject first: nothing locks a timer before its subject.
    """
    return (
        Timer.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("about")
        .filter(pk=timer_id, status=Timer.Status.PENDING, due_at__lte=at, next_try_at__lte=at)
        .first()
    )


def done(timer: Timer, *, at: datetime) -> None:
    """End a claimed timer whose effect is part of this transaction."""
    timer.status, timer.ended_at = Timer.Status.DONE, at
    timer.save(update_fields=["status", "ended_at"])
    if timer.kind == Kind.REMINDER:
        return
    # A reminder that its timer overtakes was never acted upon.
    overtaken = When(due_at__gt=at, then=Value(Timer.Status.CANCELLED))
    mine = Timer.objects.filter(about=timer, status=Timer.Status.PENDING)
    mine.update(status=Case(overtaken, default=Value(Timer.Status.DONE)), ended_at=at)


def postpone(timer: Timer, *, until: datetime, at: datetime, remind: bool) -> None:
    """Give a claimed timer a later due time, perhaps with a reminder now: nobody is harmed before being warned."""
    timer.due_at = timer.next_try_at = until
    timer.save(update_fields=["due_at", "next_try_at"])
    if remind:
        _reminder(timer, at, at).save()


@one_transaction
def failed(timer_id: int, *, error: str, at: datetime) -> Timer | None:
    """Record that acting on the timer failed; it is tried again later, and given up after eight tries.

    Returns the timer when it was given up now, so that the caller can raise the alarm.
    """
    timer = claim(timer_id, at=at)
    if timer is None:
        return None
    timer.attempts += 1
    timer.last_error = error[:2000]
    timer.next_try_at = at + timedelta(seconds=10 * 2**timer.attempts)
    timer.save(update_fields=["attempts", "last_error", "next_try_at"])
    if timer.attempts < MOST_ATTEMPTS:
        return None
    timer.status, timer.ended_at = Timer.Status.DEAD, at
    timer.save(update_fields=["status", "ended_at"])
    return timer


def bring_forward(kind: Kind, *, of: Subject, at: datetime) -> None:
    """A deadline that had passed, after its warning, and only waited for something, acts now."""
    waited = Timer.objects.filter(kind=kind, status=Timer.Status.PENDING, warned_at__lt=F("set_at"))
    mine = waited.filter(subject_kind=of._meta.label_lower, subject_id=of.pk)
    mine.update(due_at=at, next_try_at=at)


def set_again(dead: Timer, *, at: datetime) -> Timer:
    """A new deadline like one that failed for good, tried from now on; the caller holds the subject.

    Whoever was warned of the old one stays warned.
    """
    return Timer.objects.create(
        kind=dead.kind,
        subject_kind=dead.subject_kind,
        subject_id=dead.subject_id,
        matter_id=dead.matter_id,
        about=dead.about,
        due_at=dead.due_at,
        late_since=dead.late_since,
        next_try_at=max(dead.due_at, at),
        set_at=at,
        warned_at=dead.warned_at,
    )


def warned(timer_id: int, *, at: datetime) -> None:
    """Note that a warning of this deadline was delivered; the first one counts."""
    Timer.objects.filter(pk=timer_id, status=Timer.Status.PENDING, warned_at__isnull=True).update(
        warned_at=at
    )


def _add(kind: Kind, of: Subject, due_at: datetime, at: datetime) -> Timer:
    return Timer.objects.create(
        kind=kind,
        subject_kind=of._meta.label_lower,
        subject_id=of.pk,
        matter_id=of.matter_id,
        due_at=due_at,
        next_try_at=due_at,
        set_at=at,
    )


def _reminder(timer: Timer, due_at: datetime, at: datetime) -> Timer:
    return Timer(
        kind=Kind.REMINDER,
        subject_kind=timer.subject_kind,
        subject_id=timer.subject_id,
        matter_id=timer.matter_id,
        about=timer,
        due_at=due_at,
        next_try_at=due_at,
        set_at=at,
    )
