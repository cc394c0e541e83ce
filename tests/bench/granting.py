"""The grant as the web does it, against the same rows written by as little SQL as possible under pgbench.

Both have the same clients on the same database, turn by turn: all of them in one envelope, then spread over 64.
"""

import multiprocessing
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rdfast.flow import granting
from rdfast.local import postgres
from rdfast.local.demo import cases
from rdfast.people.models import User
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from tests import databases, ground
from tests.bench import crowd
from tests.bench.bench import Outcome, Spread, say, table

CLIENTS = 4
ROUNDS = 5
# Nothing but proposals that wait for their answer, with ids that follow each other.
DECK = [(cases.submitted, 0.5)] * 10
SCRIPT = Path(__file__).with_name("grant.sql")


@dataclass
class Field:
    """One database with proposals that wait; the application takes them from the top, pgbench from below."""

    envelopes: int
    name: str
    manager: User
    next_up: int
    top: int
    rates: dict[str, list[float]] = field(default_factory=dict)
    wal: dict[str, list[float]] = field(default_factory=dict)


def measure(size: int) -> Outcome:
    """`size` seconds for each turn of either side."""
    with _field(1, size) as hot, _field(64, size) as spread:
        asked = _queries(hot)
        for number in range(ROUNDS):
            say(f"grant: round {number + 1} of {ROUNDS}")
            for one in (hot, spread):
                with databases.pointing_at(one.name):
                    _take(one, "operation", _by_operation(one, size))
                    _take(one, "SQL", _by_pgbench(one, size))
                    _analyze()
        wrong = _wrong(hot) + _wrong(spread)
    return Outcome(_told([hot, spread], asked, wrong))


@contextmanager
def _field(envelopes: int, seconds: int) -> Iterator[Field]:
    with ground.fresh_database():
        world = crowd.fill(ROUNDS * seconds * 1500, deck=DECK, programmes=envelopes)
        low = world.below[Proposal]
        name = str(connection.settings_dict["NAME"])
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SEQUENCE bench_grant START {low + 1}")
        yield Field(envelopes, name, world.stage.people["manager"], low + 1, low + world.proposals)


def _queries(one: Field) -> int:
    """How often one grant asks the database; savepoints, BEGIN and COMMIT are round trips too."""
    with databases.pointing_at(one.name), CaptureQueriesContext(connection) as asked:
        _grant(one.top, one.manager)
        one.top -= 1
    return len(asked)


def _grant(pk: int, manager: User) -> None:
    amount = Proposal.objects.values_list("asked_provisional", flat=True).get(pk=pk)
    granting.approve(pk, amount=amount, reason="Bold.", by=manager, at=timezone.now())


def _take(one: Field, who: str, done: tuple[int, float, int]) -> None:
    count, took, wal = done
    one.rates.setdefault(who, []).append(count / took)
    one.wal.setdefault(who, []).append(wal / max(count, 1))


def _by_operation(one: Field, seconds: int) -> tuple[int, float, int]:
    """Processes that grant one proposal after the other, as a web server's would."""
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    done = fork.Queue()
    until = time.monotonic() + seconds + 1
    begin = until - seconds
    clients = [
        fork.Process(target=_client, args=(one, number, begin, until, done)) for number in range(CLIENTS)
    ]
    before = _wal()
    connections.close_all()
    for client in clients:
        client.start()
    counts = [done.get(timeout=seconds + 60) for _client_ in clients]
    for client in clients:
        client.join()
    one.top -= CLIENTS * max(counts)
    return sum(counts), float(seconds), _wal() - before


def _client(one: Field, number: int, begin: float, until: float, done: "multiprocessing.Queue[int]") -> None:
    connection.ensure_connection()
    time.sleep(max(0.0, begin - time.monotonic()))
    count = 0
    while time.monotonic() < until:
        _grant(one.top - number - CLIENTS * count, one.manager)
        count += 1
    connections.close_all()
    done.put(count)


def _by_pgbench(one: Field, seconds: int) -> tuple[int, float, int]:
    settings = connection.settings_dict
    before = _wal()
    said = subprocess.run(
        [
            *(postgres.program("pgbench"), "--no-vacuum", "--file", str(SCRIPT)),
            *("--client", str(CLIENTS), "--jobs", "2", "--time", str(seconds)),
            *("--define", f"manager={one.manager.pk}", "--protocol", "prepared"),
            *("--host", str(settings["HOST"]), "--port", str(settings["PORT"] or 5432)),
            *("--username", str(settings["USER"]), one.name),
        ],
        capture_output=True,
        text=True,
        env=postgres.environment(),
        check=False,
    )
    counted = re.search(r"transactions actually processed: (\d+)", said.stdout)
    if said.returncode or counted is None:
        raise AssertionError(said.stderr[-2000:])
    return int(counted[1]), float(seconds), _wal() - before


def _analyze() -> None:
    """As autovacuum would: the tables were empty a moment ago, and are still planned for as such."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _wal() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        return int(cursor.fetchone()[0])


def _wrong(one: Field) -> list[str]:
    with databases.pointing_at(one.name):
        return broken(at=timezone.now())


def _told(fields: list[Field], asked: int, wrong: list[str]) -> list[str]:
    rows = []
    for one in fields:
        operation, sql = Spread(one.rates["operation"]), Spread(one.rates["SQL"])
        ratio = Spread([o / s for o, s in zip(one.rates["operation"], one.rates["SQL"], strict=True)])
        rows.append(
            [
                "one hot envelope" if one.envelopes == 1 else f"{one.envelopes} envelopes",
                *(
                    f"{each.median:.0f} ({each.quartiles[0]:.0f}–{each.quartiles[1]:.0f})"
                    for each in (operation, sql)
                ),
                f"{ratio.median:.2f} ({ratio.quartiles[0]:.2f}–{ratio.quartiles[1]:.2f})",
                f"{Spread(one.wal['operation']).median:,.0f}",
                f"{Spread(one.wal['SQL']).median:,.0f}",
            ]
        )
    statements = sum(line.rstrip().endswith((";", "\\gset")) for line in SCRIPT.read_text().splitlines())
    held = f"{len(wrong)} invariants broken: {wrong[:3]}" if wrong else "all invariants held afterwards"
    words = (
        f"Grants a second by {CLIENTS} clients, median (quartiles) of {ROUNDS} interleaved rounds; {held}. The operation"
        f" makes {asked} round trips in its transaction, the SQL {statements}."
    )
    head = ["", "operation", "the same in SQL", "ratio", "WAL bytes a grant", "in SQL"]
    return [words, "", *table(head, rows)]
