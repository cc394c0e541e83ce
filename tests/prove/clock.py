"""Nobody sweeps for ten days; then two beats and a worker of eight, while the clock jumps a month forward and back.

The deadlines are those of a crowd of proposals, with more reminders of their payments than they would have: so there
are many deadlines on one matter. The programs are the real ones; their clock is the demonstration's, which this proof
moves as a broken machine would.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import F, Q, QuerySet

from rdfast.audit.models import Event
from rdfast.local import stack
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from rdfast.timers import clock
from rdfast.timers.kinds import NOTICE, Kind
from rdfast.timers.models import DemoClock, Timer
from rdfast.timers.queries import pending
from tests import ground
from tests.bench import crowd
from tests.prove.proof import Options, Outcome, Progress
from tests.stack import CeleryStack

BEATS = 2
SWEEPERS = 8
OUTAGE = timedelta(days=10)
JUMP = timedelta(days=30)
# A quarter of the deadlines are the crowd's own, two of each proposal; the others are reminders.
DEADLINES_PER_PROPOSAL = 8
FEWEST_PROPOSALS = 200
# The reminders fall due within this time, evenly, and before what they remind of.
REMINDED = (
    f"now() + (least(t.due_at, now() + interval '{(OUTAGE + JUMP).days} days') - now()) * n / {{times}}"
)
# Long enough after a jump back for every beat to have asked for a sweep.
STILL = 12.0


def prove(options: Options) -> Outcome:
    """Let at least `size` deadlines act, or all that there are."""
    with ground.fresh_database(planted=options.planted) as url, _demo_clock():
        crowd.fill(max(FEWEST_PROPOSALS, options.size // DEADLINES_PER_PROPOSAL), programmes=3)
        _remind_often(options.size)
        before = _Before()
        _set_ahead(OUTAGE)
        with _sweepers(url) as sweepers:
            violations, jumps = _jump_about(before, options.size)
            said = sweepers.said()
        violations += before.wrong() + broken(at=clock.now())
        violations += [line for line in said.splitlines() if "ERROR" in line or "Traceback" in line][:5]
        return Outcome(before.acted(), "deadlines", violations, before.told(jumps))


def _remind_often(size: int) -> None:
    """Reminders for what is missing to so many deadlines."""
    payments = pending().filter(kind=Kind.ACCOUNT).count()
    times = -(-(size * 3 // 4) // payments)
    crowd.remind(Kind.ACCOUNT, times, moment=REMINDED.format(times=times + 1))


def _jump_about(before: "_Before", size: int) -> tuple[list[str], int]:
    """A month forward, back, and forward again, each time until nothing is due."""
    progress, violations, jumps = Progress("clock", size), list[str](), 0
    ahead = OUTAGE
    _wait_until_nothing_is_due(before, progress)
    violations += before.of_the_future()
    while before.acted() < size and pending().exists() and not violations:
        _set_ahead(ahead + JUMP)
        _wait_until_nothing_is_due(before, progress)
        violations += before.of_the_future()
        _set_ahead(ahead)
        violations += _acted_on_standing_back(before)
        ahead += JUMP
        _set_ahead(ahead)
        jumps += 2
    return violations, jumps


def _acted_on_standing_back(before: "_Before") -> list[str]:
    """With the clock a month behind what was reached, everything due has acted and nothing else may."""
    acted = before.acted()
    time.sleep(STILL)
    more = before.acted() - acted
    return [f"{more} deadlines acted while the clock stood back"] if more else []


def _wait_until_nothing_is_due(before: "_Before", progress: Progress) -> None:
    while True:
        now = clock.now()
        due = pending().filter(next_try_at__lte=now).count()
        waiting = Message.objects.filter(status=Message.Status.PENDING).count()
        progress.at(before.acted(), f"{due:,} due, {waiting:,} messages waiting, {now:%Y-%m-%d}")
        if not due and not waiting:
            return
        time.sleep(1)


@contextmanager
def _demo_clock() -> Iterator[None]:
    """This process reads the same clock as the programs it starts."""
    settings.DEMO = True
    try:
        yield
    finally:
        settings.DEMO = False


def _set_ahead(ahead: timedelta) -> None:
    """The clock as a broken machine has it: also back, which nobody can ask for in the application."""
    DemoClock.objects.update_or_create(pk=1, defaults={"ahead": ahead})


@contextmanager
def _sweepers(url: str) -> Iterator[CeleryStack]:
    folder = Path(os.environ["RDFAST_DATA"]) / f"clock-{time.monotonic_ns()}"
    folder.mkdir()
    running = CeleryStack(folder, {**os.environ, "DATABASE_URL": url, "RDFAST_DEMO": "1"})
    try:
        running.start("worker", [*stack.worker(), "--concurrency", str(SWEEPERS)]).wait_for(" ready.")
        for _beat in range(BEATS):
            running.start_beat()
        yield running
    finally:
        for program in running.programs:
            program.kill()


class _Before:
    """How things stood when the proof began, and what has happened since.

    Its clock never goes back as far as this, so a deadline that ended later ended in the proof.
    """

    def __init__(self) -> None:
        self.at = clock.now()
        self.last_event = Event.objects.latest("pk").pk
        self.pending = pending().count()

    def acted(self) -> int:
        """How many deadlines have had their effect since."""
        return self._acted().count()

    def wrong(self) -> list[str]:
        """Deadlines with more or less than one effect, too early an effect, or one nobody was warned of."""
        return [
            *self._not_once(),
            *self._too_early(),
            *(f"{timer} acted on somebody who was not warned in time" for timer in self._unwarned()),
            *(f"{timer} failed: {timer.last_error}" for timer in Timer.objects.filter(attempts__gt=0)),
        ]

    def of_the_future(self) -> list[str]:
        """Deadlines that say they acted later than it is; asked before the clock goes back."""
        return [f"{timer} acted before its time" for timer in self._acted().filter(ended_at__gt=clock.now())]

    def told(self, jumps: int) -> list[str]:
        """What happened, by kind of deadline."""
        kinds = Counter(self._acted().values_list("kind", flat=True))
        events = Event.objects.filter(pk__gt=self.last_event)
        postponed = events.filter(kind="clock.stopped").count()
        messages = Message.objects.filter(event__gt=self.last_event).count()
        return [
            (
                f"{self.pending:,} deadlines were pending when the sweeping stopped for {OUTAGE.days} days; "
                f"{BEATS} beats and {SWEEPERS} sweepers then made up for it, through {jumps} jumps of "
                f"{JUMP.days} days, half of them back. {postponed:,} harmful deadlines waited for their warning "
                f"first; {messages:,} messages were delivered."
            ),
            "",
            "Acted: " + ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common()) + ".",
        ]

    def _acted(self) -> QuerySet[Timer]:
        return Timer.objects.filter(status=Timer.Status.DONE, ended_at__gt=self.at)

    def _unwarned(self) -> list[Timer]:
        """Nothing of the crowd's money is in a claim or with the bank: every one of its deadlines can harm."""
        late = Q()
        for kind, notice in NOTICE.items():
            late |= Q(kind=kind) & (Q(warned_at=None) | Q(warned_at__gt=F("ended_at") - notice))
        return list(self._acted().filter(late))

    def _not_once(self) -> list[str]:
        """A reminder that its deadline overtook has ended without an effect; all others have exactly one."""
        return self._named(
            "deadline {} ({}, {}) had {} effects",
            """
            SELECT t.id, t.kind, t.status, coalesce(e.times, 0) FROM timers_timer t
            LEFT JOIN effects e ON e.cause = 'timer:' || t.id
            WHERE (t.ended_at IS NULL OR t.ended_at > %s) AND coalesce(e.times, 0) <> (t.status = 'done')::int
            AND NOT (t.kind = 'reminder' AND e.times IS NULL)
            """,
            self.at,
        )

    def _too_early(self) -> list[str]:
        return self._named(
            "deadline {} ({}) acted at {}, due at {}",
            """
            SELECT t.id, t.kind, e.first, t.due_at FROM timers_timer t
            JOIN effects e ON e.cause = 'timer:' || t.id WHERE e.first < t.due_at
            """,
        )

    def _named(self, sentence: str, sql: str, *parameters: datetime) -> list[str]:
        """Offenders; `effects` has one row for each deadline that did something, and in how many transactions."""
        effects = """
            WITH effects AS MATERIALIZED (
                SELECT cause, count(DISTINCT transaction) AS times, min(at) AS first FROM audit_event
                WHERE id > %s AND starts_with(cause, 'timer:') AND kind <> 'clock.stopped' GROUP BY 1
            )
        """
        with connection.cursor() as cursor:
            cursor.execute(effects + sql, [self.last_event, *parameters])
            return [sentence.format(*row) for row in cursor.fetchall()]
