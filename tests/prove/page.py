"""docs/proofs.md, written by the runs themselves: each replaces its own row and its own section."""

import re
import subprocess
from datetime import datetime
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs" / "proofs.md"
HEAD = """# Proofs

Written by `make prove`; each proof can be run alone (`make prove PROOF=random`), and prints the seed that replays it.

| proof | what holds | date | commit | seed | done | violations | took |
|---|---|---|---|---|---|---|---|
"""


def write(
    name: str, *, claim: str, seed: int, done: str, violations: int, took: float, told: list[str]
) -> None:
    """Put the run's row and section into the page, in alphabetical order."""
    rows, sections = _read()
    day = f"{datetime.now().astimezone():%Y-%m-%d}"
    rows[name] = f"| {name} | {claim} | {day} | {_commit()} | {seed} | {done} | {violations} | {took:.0f} s |"
    sections[name] = "\n".join(told).strip()
    body = "\n".join(rows[key] for key in sorted(rows))
    parts = [f"## {key}\n\n{sections[key]}" for key in sorted(sections) if sections[key]]
    PAGE.write_text(HEAD + body + "\n\n" + "\n\n".join(parts) + "\n")


def _read() -> tuple[dict[str, str], dict[str, str]]:
    text = PAGE.read_text() if PAGE.exists() else ""
    table, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    rows = {m[1]: m[0] for m in re.finditer(r"^\| ([a-z-]+) \|.*$", table, re.MULTILINE) if m[1] != "proof"}
    found = {section.split("\n", 1)[0].strip(): section.split("\n", 1)[1].strip() for section in sections}
    return rows, found


def _commit() -> str:
    """The commit the run proves; a plus says that the checkout held more than it."""
    commit = _git("rev-parse", "--short", "HEAD")
    changed = [line for line in _git("status", "--porcelain").splitlines() if "docs/" not in line]
    return f"{commit}{'+' if changed else ''}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=PAGE.parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()
