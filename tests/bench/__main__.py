"""`make bench`: what things cost, one after the other or one alone.

python -m tests.bench                       every benchmark, at full size
python -m tests.bench pages --size 5000     one of them, smaller
python -m tests.bench grant --write         and put what it found into docs/benchmarks.md
"""

import argparse
import logging
import sys
import time

from tests import ground
from tests.bench import page
from tests.bench.bench import Bench
from tests.bench.catalogue import BENCHES


def main() -> int:
    """Run what was asked for."""
    arguments = _arguments()
    names = arguments.benches or list(BENCHES)
    with ground.stand(redis=any(BENCHES[name].needs_redis for name in names)):
        logging.getLogger("rdfast").setLevel(logging.WARNING)  # thousands of deadlines act here
        for name in names:
            _run(name, BENCHES[name], size=arguments.size or BENCHES[name].size, write=arguments.write)
    return 0


def _run(name: str, bench: Bench, *, size: int, write: bool) -> None:
    began = time.monotonic()
    outcome = bench.run(size)
    took = time.monotonic() - began
    sys.stdout.write("\n".join([*outcome.told, f"{name}: {took:.0f} s at size {size:,}", ""]))
    sys.stdout.flush()
    if write:
        page.write(name, asks=bench.asks, size=size, took=took, told=outcome.told)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("benches", nargs="*", metavar="bench", help=f"one of {', '.join(BENCHES)}")
    parser.add_argument("--size", type=int, help="how much of what the benchmark counts")
    parser.add_argument("--write", action="store_true", help="write the result into docs/benchmarks.md")
    arguments = parser.parse_args()
    if unknown := set(arguments.benches) - set(BENCHES):
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
