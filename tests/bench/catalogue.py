"""The benchmarks there are."""

from tests.bench.bench import Bench

BENCHES: dict[str, Bench] = {
    "pages": Bench(
        asks="what the pages cost, and whether they stay as quick at 100 times the proposals",
        size=100_000,
        module="pages",
    ),
}
