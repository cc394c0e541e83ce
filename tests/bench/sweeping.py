"""The sweep of due deadlines, against as many empty jobs of procrastinate, a job queue on PostgreSQL.

50,000 deadlines are due among 1,000,000. One sweeper and one worker take 500 each, turn by turn. A deadline here is
a reminder: its subject is locked, it acts once, an event and a message are written. A job does nothing at all.
"""

import asyncio
import time
from typing import Any

import procrastinate
from django.utils import timezone

from rdfast.flow.deadlines import sweep
from rdfast.local.demo import cases
from rdfast.timers.kinds import Kind
from tests import databases, ground
from tests.bench import crowd
from tests.bench.bench import Outcome, Spread, say, table

BATCH = 500
DUE, ALL = 50_000, 1_000_000
AWARDS = 5_000
DECK = [(cases.offered, 2.0)] * 10


def measure(size: int) -> Outcome:
    """`size` deadlines and as many jobs, in batches."""
    sweeps, jobs = [], []
    with ground.fresh_database():
        crowd.fill(AWARDS, deck=DECK)
        _set_reminders()
        queue = _Queue(databases.url())
        queue.fill(DUE // BATCH)
        for number in range(size // BATCH):
            say(f"sweep: batch {number + 1} of {size // BATCH}")
            sweeps.append(_timed(_sweep))
            jobs.append(_timed(lambda number=number: queue.work(number)))
    ratio = Spread([job / one for job, one in zip(jobs, sweeps, strict=True)])
    words = (
        f"{DUE:,} due among {ALL:,} pending deadlines, and {DUE:,} jobs; {len(sweeps)} batches of {BATCH} of each, turn by"
        f" turn. The sweep works at {ratio.median:.2f} ({ratio.quartiles[0]:.2f}–{ratio.quartiles[1]:.2f}) times the"
        " speed of the empty jobs."
    )
    rows = [
        (name, f"{BATCH / Spread(times).median:.0f}", f"{DUE / BATCH * Spread(times).median:.0f}")
        for name, times in (("deadlines", sweeps), ("empty jobs", jobs))
    ]
    return Outcome([words, "", *table(["", "a second", f"seconds for {DUE:,}"], rows)])


def _timed(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _sweep() -> None:
    acted = sweep(at=timezone.now(), limit=BATCH)
    if acted != BATCH:
        raise AssertionError(f"{acted} of {BATCH} deadlines acted.")


def _set_reminders() -> None:
    """So many reminders of the awards' signatures, the first of them due."""
    later = "ELSE now() + n * interval '1 day' END"
    moment = f"CASE WHEN n <= {DUE // AWARDS} THEN now() - n * interval '1 second' {later}"
    crowd.remind(Kind.SIGN, ALL // AWARDS, moment=moment)


class _Queue:
    """procrastinate in the same database, one queue for each batch so that a worker ends with it."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._app = self._open()
        with self._replaced() as app, app.open():
            app.schema_manager.apply_schema()

    def _open(self) -> Any:
        app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=self._url))

        @app.task(name="nothing")
        def nothing() -> None:
            pass

        return app

    def _replaced(self) -> Any:
        """The application with a connector that needs no event loop."""
        return self._app.replace_connector(procrastinate.SyncPsycopgConnector(conninfo=self._url))

    def fill(self, batches: int) -> None:
        """Put the jobs in."""
        with self._replaced() as app, app.open():
            for number in range(batches):
                task = app.configure_task("nothing", queue=f"batch{number}")
                task.batch_defer(*({} for _each in range(BATCH)))

    def work(self, number: int) -> None:
        """Do one batch's jobs, as many at a time as the sweep does: one."""
        asyncio.run(self._work(number))

    async def _work(self, number: int) -> None:
        async with self._app.open_async():
            await self._app.run_worker_async(
                queues=[f"batch{number}"],
                wait=False,
                concurrency=1,
                listen_notify=False,
                install_signal_handlers=False,
            )
