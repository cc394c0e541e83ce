"""The benchmarks there are."""

from tests.bench.bench import Bench

BENCHES: dict[str, Bench] = {
    "pages": Bench(
        asks="what the pages cost, and whether they stay as quick at 100 times the proposals",
        size=100_000,
        module="pages",
    ),
    "grant": Bench(
        asks="how close a grant with ledger, audit and outbox comes to the least SQL that writes the same rows",
        size=5,
        module="granting",
    ),
    "day": Bench(
        asks="the deadline day: is anyone refused, how long do they wait, what gives way first",
        size=600,
        module="day",
        needs_redis=True,
    ),
    "sweep": Bench(
        asks="the sweep of due deadlines, against as many empty jobs of a PostgreSQL job queue",
        size=5_000,
        module="sweeping",
    ),
    "invariants": Bench(
        asks="what check_invariants costs on an installation of so many awards",
        size=100_000,
        module="checking",
    ),
    "memory": Bench(
        asks="what the web server and the worker hold in memory, at rest and after work",
        size=300,
        module="holding",
        needs_redis=True,
    ),
}
