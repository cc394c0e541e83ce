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
}
