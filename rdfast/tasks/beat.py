"""Celery's beat, which goes on when the machine's clock is set back."""

import math
import time
from typing import Any

from celery.beat import PersistentScheduler


class SteadyScheduler(PersistentScheduler):  # type: ignore[misc]
    """Celery's own would wait until the clock is again where it was when a task was last sent."""

    _last_look = math.inf  # what the schedule's file says may be of the future too

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        now = time.time()
        if now < self._last_look:
            self._forget_the_future()
        self._last_look = now
        return super().tick(*args, **kwargs)

    def _forget_the_future(self) -> None:
        for entry in self.schedule.values():
            entry.last_run_at = min(entry.last_run_at, entry.default_now())
        self._heap = None  # Celery makes it anew from these times
