"""A worker of an older release beside a newer one leaves alone what it does not know."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rdfast.celery import app
from rdfast.flow.deadlines import sweep
from rdfast.monitoring.operations import check_tonight
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make
from tests.databases import FreshDatabase
from tests.stack import CeleryStack, wait_until

HOUR = timedelta(hours=1)


def _newer(kind: str, about: Timer | None = None, subject: str = "proposals.proposal") -> Timer:
    """A deadline as a later release sets it, due before everything else."""
    due_at = make.MONDAY + HOUR
    return Timer.objects.create(
        kind=kind,
        about=about,
        subject_kind=subject,
        subject_id=1,
        due_at=due_at,
        next_try_at=due_at,
        set_at=make.MONDAY,
    )


def test_a_deadline_it_does_not_know_is_left_to_the_newer_release(fresh_database: FreshDatabase) -> None:
    w = make.world()
    make.submitted(w)
    unknown = _newer("from_next_year")
    theirs = [unknown, _newer(Kind.REMINDER, about=unknown), _newer(Kind.SIGN, subject="next.year")]

    at = make.MONDAY + 48 * HOUR
    for _tick in range(10):
        sweep(at=at)
    assert Timer.objects.get(kind=Kind.DECIDE, late_since=None).status == "done"
    for timer in theirs:
        timer.refresh_from_db()
        assert (timer.status, timer.attempts, timer.last_error) == ("pending", 0, "")


def test_the_nightly_check_is_left_to_the_newer_release(fresh_database: FreshDatabase) -> None:
    make.world()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('funding', '9999_next', now())"
        )
    assert check_tonight(at=make.MONDAY) is None
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE name = '9999_next'")
    assert check_tonight(at=make.MONDAY) is not None


@pytest.mark.usefixtures("fresh_database")
def test_a_task_it_does_not_know_is_dropped_and_the_next_tick_does_its_work(
    celery_stack: CeleryStack,
) -> None:
    app.send_task("rdfast.tasks.from_next_year", retry=False)
    celery_stack.worker.wait_for("rdfast.tasks.from_next_year")
    w = make.world(at=timezone.now() - 60 * HOUR)
    make.submitted(w, at=timezone.now() - 50 * HOUR)
    app.send_task("rdfast.tasks.sweep", retry=False)
    wait_until(lambda: Timer.objects.get(kind=Kind.DECIDE, late_since=None).status == "done")
    assert "unregistered task" in celery_stack.worker.said()
    assert celery_stack.worker.process.poll() is None
