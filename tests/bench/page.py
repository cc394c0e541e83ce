"""docs/benchmarks.md, written by the runs themselves: each replaces its own row and its own section."""

import os
import platform
import re
import subprocess
from datetime import datetime
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Written by `make bench`; each can be run alone (`make bench BENCH=pages`). Compare the figures of one section with
each other: they come from one run, in interleaved rounds, on one machine that does other work too. Single times
say nothing about another machine; ratios, queries and bytes of WAL do.

| benchmark | what it asks | date | commit | machine | size | took |
|---|---|---|---|---|---:|---:|
"""


def write(name: str, *, asks: str, size: int, took: float, told: list[str]) -> None:
    """Put the run's row and section into the page, in alphabetical order."""
    rows, sections = _read()
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    rows[name] = f"| {name} | {asks} | {day} | {_commit()} | {_machine()} | {size:,} | {took:.0f} s |"
    sections[name] = "\n".join(told).strip()
    body = "\n".join(rows[key] for key in sorted(rows))
    parts = [f"## {key}\n\n{sections[key]}" for key in sorted(sections)]
    PAGE.write_text(HEAD + body + "\n\n" + "\n\n".join(parts) + "\n")


def _read() -> tuple[dict[str, str], dict[str, str]]:
    text = PAGE.read_text() if PAGE.exists() else ""
    table, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    rows = {
        m[1]: m[0] for m in re.finditer(r"^\| ([a-z-]+) \|.*$", table, re.MULTILINE) if m[1] != "benchmark"
    }
    found = {section.split("\n", 1)[0].strip(): section.split("\n", 1)[1].strip() for section in sections}
    return rows, found


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


def _commit() -> str:
    """The commit that was measured; a plus says that the checkout held more than it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = [line for line in _git("status", "--porcelain").splitlines() if "docs/" not in line]
    return f"{commit}{'+' if changed else ''}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PAGE.parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()
