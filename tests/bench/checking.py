"""`check_invariants` at many awards: each invariant by itself, and the command as the night runs it."""

import time

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from rdfast.reports.invariants import INVARIANTS
from tests import ground
from tests.bench import crowd
from tests.bench.bench import Outcome, Spread, say, table

ROUNDS = 3


def measure(size: int) -> Outcome:
    """All invariants over `size` awards, every one of them with its whole story."""
    with ground.fresh_database():
        world = crowd.fill(size, deck=crowd.AWARDS)
        say(f"invariants: {world.proposals:,} awards made")
        times: dict[str, list[float]] = {}
        for _round in range(ROUNDS):
            for invariant in INVARIANTS:
                began = time.perf_counter()
                offenders = invariant(timezone.now())
                times.setdefault(invariant.__name__, []).append(time.perf_counter() - began)
                if offenders:
                    raise AssertionError(offenders[:5])
        began = time.perf_counter()
        call_command("check_invariants")
        whole = time.perf_counter() - began
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
            (held,) = cursor.fetchone()
    words = (
        f"{world.proposals:,} awards with their stories, {held} of database: the command took {whole:.1f} s and reads"
        f" only. Each invariant, median (quartiles) of {ROUNDS} rounds in milliseconds:"
    )
    rows = [(name.replace("_", " "), Spread(each).in_ms()) for name, each in times.items()]
    return Outcome([words, "", *table(["invariant", "ms"], rows)])
