"""Beat goes on ticking when the machine's clock is set back."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from rdfast.celery import app
from rdfast.monitoring.broker import queue_depth
from rdfast.tasks.beat import SteadyScheduler
from tests.stack import PrivateRedis

HOUR = timedelta(hours=1)


def test_beat_goes_on_when_the_clock_is_set_back(redis_server: PrivateRedis, tmp_path: Path) -> None:
    beat: Any = SteadyScheduler(app=app, schedule_filename=str(tmp_path / "beat"), lazy=False)
    beat.tick()
    # Everything beat knows is of a time that the clock no longer shows.
    for entry in beat.schedule.values():
        entry.last_run_at += HOUR
    beat._heap = [each._replace(time=each.time + HOUR.total_seconds()) for each in beat._heap]
    beat._last_look += HOUR.total_seconds()
    assert beat.tick() <= 2  # seconds until the next delivery; Celery's own would sleep for an hour

    ours = [beat.schedule[name] for name in settings.CELERY_BEAT_SCHEDULE]
    assert all(entry.is_due().next <= entry.schedule.seconds for entry in ours)
    for entry in ours:
        entry.last_run_at -= HOUR
    beat._heap = None
    while beat.tick() == 0:
        pass
    assert queue_depth() == len(ours)


def test_a_schedule_kept_from_a_later_hour_does_not_hold_beat_up(
    redis_server: PrivateRedis, tmp_path: Path
) -> None:
    """It was stopped, the clock was set back, and it was started again: its file is of the future."""
    before: Any = SteadyScheduler(app=app, schedule_filename=str(tmp_path / "beat"), lazy=False)
    for entry in before.schedule.values():
        entry.last_run_at += HOUR
    before.close()
    after: Any = SteadyScheduler(app=app, schedule_filename=str(tmp_path / "beat"), lazy=False)
    assert after.tick() <= 2
    after.close()
