"""Copying the uploaded files out and back."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps

from rdfast.core.uploads import StoredFile
from rdfast.local.backups import manifest
from rdfast.local.problems import CannotRun

_HALF = ".restoring"


def recorded() -> dict[str, str]:
    """Path and SHA-256 of every file that the database knows."""
    known: dict[str, str] = {}
    for model in apps.get_models():
        if issubclass(model, StoredFile):
            known |= dict(model._default_manager.values_list("path", "sha256"))
    return known


def copy_out(source: Path, target: Path) -> None:
    """Copy every file there is. One that is taken back meanwhile belongs to no finished operation."""
    target.mkdir(mode=0o700)
    for path in manifest.listing(source):
        try:
            _copy(source / path, target / path)
        except FileNotFoundError:
            (target / path).unlink(missing_ok=True)


def lost(folder: Path, expected: dict[str, str]) -> list[str]:
    """Which of the recorded files are not in the folder as they were recorded."""
    return sorted(
        path
        for path, sha256 in expected.items()
        if not (folder / path).is_file() or manifest.sha256_of(folder / path) != sha256
    )


def ensure_room(target: Path, source: Path) -> None:
    """Refuse when the files folder holds anything but the backup's own files, left by an interrupted restore."""
    for path in manifest.listing(target):
        same = (source / path).is_file() and manifest.sha256_of(source / path) == manifest.sha256_of(
            target / path
        )
        if not same and not path.endswith(_HALF):
            raise CannotRun(f"The files folder {target} is not empty: it holds {path}. Nothing was changed.")


def copy_back(source: Path, target: Path) -> Iterator[Path]:
    """Put the files where the application reads them; gives each that was not there before, once it is."""
    for path in manifest.listing(source):
        if not (target / path).exists():
            half = target / f"{path}{_HALF}"
            _copy(source / path, half)
            yield half.rename(target / path)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 1 << 20)
        written.flush()
        os.fsync(written.fileno())
