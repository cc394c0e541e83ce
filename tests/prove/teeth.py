"""Teeth: a bug is planted in a copy of the code or in its database, and the proof named for it has to find it.

A proof that finds nothing proves nothing. Each plant is one edit of one file, or SQL on the migrated database.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests import ground
from tests.prove.plant import Plant
from tests.prove.plants import PLANTS
from tests.prove.proof import Options, Outcome, Progress

ROOT = Path(__file__).parent.parent.parent
AT_ONCE = 2
# What is taken at random may miss a bug once: it is tried again, in other worlds.
SEEDS = (0, 1000, 2000)
# These leave the ground's Redis alone, where one proof's worker would take another's tasks.
BESIDE_OTHERS = {"random", "bank"}
CODE = ("rdfast", "templates", "static", "locale", "tests", "manage.py", "pyproject.toml")


def prove(options: Options) -> Outcome:
    """Plant the first `size` bugs, each in a copy of its own."""
    plants, progress = PLANTS[: options.size], Progress("teeth", len(PLANTS))
    rows, missed = [], []
    for plant, found, took in _all_tried(plants):
        if found is None:
            missed.append(f"{plant.proof} did not find: {plant.bug}")
        rows.append(f"| {plant.bug} | {plant.proof} | {_cell(found)} | {took:.0f} s |")
        progress.at(len(rows), rows[-1])
    return Outcome(len(plants), "planted bugs", missed, _told(rows))


def _all_tried(plants: list[Plant]) -> Iterator[tuple[Plant, str | None, float]]:
    """Those that may run beside others two at a time, then the rest one after the other."""
    alone = [plant for plant in plants if plant.proof not in BESIDE_OTHERS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(_tried, [plant for plant in plants if plant not in alone])
    yield from map(_tried, alone)


def _tried(plant: Plant) -> tuple[Plant, str | None, float]:
    """What the proof says about it first, and after how many seconds."""
    began = time.monotonic()
    found = _first_violation(plant)
    return plant, found, time.monotonic() - began


def _first_violation(plant: Plant) -> str | None:
    """What the proof says about the planted bug; None if it says with every seed that all holds."""
    with _copy_with(plant) as copy:
        said = (_said(plant, copy, seed=plant.seed + more) for more in SEEDS)
        return next((first for first in said if first), None)


def _said(plant: Plant, copy: Path, *, seed: int) -> str | None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tests.prove", plant.proof),
            *("--size", str(plant.size), "--seed", str(seed), "--planted", plant.sql),
        ],
        cwd=copy,
        env={**os.environ, ground.LENT: os.environ["RDFAST_DATA"]},
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if line.startswith("VIOLATION ")]
    if not found and done.returncode:
        raise RuntimeError(f"{plant.proof} did not run on {plant.bug}: {done.stdout}{done.stderr}")
    return found[0].removeprefix("VIOLATION ") if found else None


@contextmanager
def _copy_with(plant: Plant) -> Iterator[Path]:
    """The code with the bug in it, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="rdfast-plant-") as folder:
        copy = Path(folder)
        for name in CODE:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / name, copy / name)
        plant.into(copy)
        yield copy


def _cell(found: str | None) -> str:
    if found is None:
        return "**nothing**"
    return found.replace("|", "\\|").replace("\n", " ")[:160]


def _told(rows: list[str]) -> list[str]:
    return ["| planted bug | proof | what it said first | took |", "|---|---|---|---|", *rows]
