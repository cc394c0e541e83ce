"""What processes use, read from Linux's /proc."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


def family(pid: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdecimal() and (stat := _read(each / "stat")):
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(each.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def processor_seconds(pid: int) -> float:
    """Processor time that the process and its living descendants have used, their ended children included."""
    fields = [
        stat.rpartition(")")[2].split() for one in family(pid) if (stat := _read(Path(f"/proc/{one}/stat")))
    ]
    return sum(int(each[11]) + int(each[12]) for each in fields) / _TICKS


def memory(pid: int) -> tuple[int, int]:
    """Resident and proportional set size of one process in bytes; the latter shares out what processes share."""
    rollup = _read(Path(f"/proc/{pid}/smaps_rollup"))
    sizes = {
        name: int(rest.split()[0]) * 1024
        for name, _colon, rest in (line.partition(":") for line in rollup.splitlines()[1:])
    }
    return sizes.get("Rss", 0), sizes.get("Pss", 0)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
