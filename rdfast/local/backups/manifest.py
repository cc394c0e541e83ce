"""The list that a backup carries of itself: every file with its SHA-256, and what the database held."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rdfast.local.backups.contents import Contents
from rdfast.local.problems import CannotRun

NAME = "manifest.json"
DUMP = "database.dump"
FILES = "files"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """`files` maps every path in the folder to its SHA-256. `lost` are uploads that were already gone."""

    taken_at: datetime
    contents: Contents
    files: dict[str, str]
    lost: list[str]


def write(folder: Path, manifest: Manifest) -> None:
    """The last file of a backup: without it the folder is none."""
    data = {"format": FORMAT, **asdict(manifest), "taken_at": manifest.taken_at.isoformat()}
    with (folder / NAME).open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1, ensure_ascii=False, sort_keys=True)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> Manifest:
    """The folder's own list. Raises CannotRun when there is none that can be read."""
    try:
        data = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise CannotRun(f"{folder / NAME} has format {data['format']}; this release reads {FORMAT}.")
        return Manifest(
            taken_at=datetime.fromisoformat(data["taken_at"]),
            contents=Contents(**data["contents"]),
            files=dict(data["files"]),
            lost=list(data["lost"]),
        )
    except OSError as error:
        raise CannotRun(
            f"{folder} is not a whole backup: {NAME} cannot be read ({error.strerror})."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise CannotRun(f"{folder} is not a whole backup: {NAME} is damaged.") from None


def ensure_true(folder: Path, manifest: Manifest) -> None:
    """Refuse a folder that is not, file for file, what its manifest says."""
    there = {path for path in listing(folder) if path != NAME}
    wrong = [f"{path} is missing" for path in sorted(manifest.files.keys() - there)]
    wrong += [f"{path} is not in the manifest" for path in sorted(there - manifest.files.keys())]
    wrong += [
        f"{path} is damaged"
        for path in sorted(there & manifest.files.keys())
        if sha256_of(folder / path) != manifest.files[path]
    ]
    if DUMP not in manifest.files:
        wrong.append(f"{DUMP} is not in the manifest")
    if wrong:
        raise CannotRun(f"{folder} does not match its manifest: {'; '.join(wrong)}.")


def listing(folder: Path) -> list[str]:
    """Every file below the folder, as a path relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def sha256_of(path: Path) -> str:
    """The SHA-256 of the whole file, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
