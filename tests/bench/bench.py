"""What every benchmark takes and gives, and how time is told: medians with their spread, never a single figure."""

import importlib
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What a benchmark found: Markdown lines for its own section of docs/benchmarks.md."""

    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Bench:
    """A benchmark as the command knows it: what it asks, and its size by default.

    Its module has `measure(size) -> Outcome` and is loaded when the ground stands, for it reads the settings.
    """

    asks: str
    size: int
    module: str
    needs_redis: bool = False

    def run(self, size: int) -> Outcome:
        """Do it."""
        outcome: Outcome = importlib.import_module(f"tests.bench.{self.module}").measure(size)
        return outcome


@dataclass(frozen=True)
class Spread:
    """Measured times in seconds."""

    times: Sequence[float]

    @property
    def median(self) -> float:
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        return percentile(self.times, 95)

    @property
    def quartiles(self) -> tuple[float, float]:
        return percentile(self.times, 25), percentile(self.times, 75)

    def in_ms(self) -> str:
        """Median and quartiles in milliseconds."""
        low, high = self.quartiles
        return f"{self.median * 1000:.1f} ({low * 1000:.1f}–{high * 1000:.1f})"


def percentile(times: Sequence[float], percent: float) -> float:
    """The time below which this percentage of the times lies (nearest rank)."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table; every column but the first is a figure."""
    lines = [head, ["---", *["---:" for _each in head[1:]]], *rows]
    return ["| " + " | ".join(str(cell) for cell in line) + " |" for line in lines]


def say(words: str) -> None:
    """Progress, on standard error."""
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()
