"""What every proof takes and gives. `python -m tests.prove` runs them, on the ground of `tests/ground.py`."""

import importlib
import sys
import time
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Options:
    """How one proof is run. `size` counts what the proof counts: steps, faults, deadlines, seconds."""

    seed: int
    size: int
    # SQL run on every database of the proof: a planted bug that the proof has to find.
    planted: str = ""


@dataclass
class Outcome:
    """What a proof did and found. No violation means that it holds."""

    done: int
    unit: str
    violations: list[str] = field(default_factory=list)
    # Markdown lines for the proof's own section of docs/proofs.md.
    told: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Proof:
    """A proof as the command knows it: what must hold, and how much of it is done by default.

    Its module has `prove(options) -> Outcome` and is loaded when the ground stands, for it reads the settings.
    """

    claim: str
    size: int
    module: str

    def run(self, options: Options) -> Outcome:
        """Do it."""
        outcome: Outcome = importlib.import_module(f"tests.prove.{self.module}").prove(options)
        return outcome


class Progress:
    """A line on standard error every few seconds; `of` None when nobody knows how much there is to do."""

    def __init__(self, name: str, of: int | None) -> None:
        self._name, self._of = name, of
        self._began = self._last = time.monotonic()

    def at(self, done: int, more: str = "") -> None:
        """Say how far the proof is, unless that was said a moment ago."""
        now = time.monotonic()
        if now - self._last < 5:
            return
        self._last = now
        of = f" of {self._of:,}" if self._of else ""
        sys.stderr.write(f"{self._name}: {done:,}{of} after {now - self._began:.0f} s {more}\n")
        sys.stderr.flush()

    def found(self, violations: list[str]) -> None:
        """Say what is wrong as soon as it is known: the rest of a long proof can wait."""
        for violation in violations:
            sys.stderr.write(f"{self._name}: VIOLATION {violation}\n")
        sys.stderr.flush()
