"""Folders that git ignores and only their owner can enter."""

import os
import stat
from pathlib import Path

from rdfast.local.problems import CannotRun


def make_ignored(folder: Path) -> None:
    """Make a folder that git does not see, wherever it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")


def make_private(folder: Path) -> None:
    """Make a folder for us alone. A shared temp folder may hold a stranger's folder of that name: refuse it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        _ensure_ours(folder)
        folder.chmod(0o700)


def _ensure_ours(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise CannotRun(f"{folder} is in the way: it is not a folder. Remove it and try again.")
    if found.st_uid != os.getuid() and os.getuid() != 0:
        raise CannotRun(f"{folder} belongs to another user. Remove it, or set RDFAST_DATA to another folder.")
