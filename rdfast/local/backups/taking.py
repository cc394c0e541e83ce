"""Taking a backup of a running installation: one snapshot of the database, then the files it knows."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

from rdfast.local.backups import contents, manifest, programs, uploads
from rdfast.local.backups.manifest import DUMP, FILES, Manifest
from rdfast.local.problems import CannotRun
from rdfast.reports.invariants import snapshot


def take(folder: Path, *, at: datetime) -> Manifest:
    """Write a backup into a folder that does not exist yet. Raises CannotRun and leaves nothing otherwise."""
    with _appearing_whole(folder) as partial:
        with snapshot():
            found = contents.read()
            expected = uploads.recorded()
            programs.dump(partial / DUMP, snapshot=_export())
        # A file is stored before the row that knows it, and none is removed after: a later look misses none.
        uploads.copy_out(Path(settings.MEDIA_ROOT), partial / FILES)
        programs.read_through(partial / DUMP)
        written = Manifest(
            taken_at=at,
            contents=found,
            files={path: manifest.sha256_of(partial / path) for path in manifest.listing(partial)},
            lost=uploads.lost(partial / FILES, expected),
        )
        manifest.write(partial, written)
    return written


def _export() -> str:
    """Lend this transaction's snapshot to pg_dump: what it dumps is what was counted."""
    with connection.cursor() as cursor:
        # Nobody talks on this connection while pg_dump works, however long that takes.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        return str(cursor.fetchone()[0])


@contextmanager
def _appearing_whole(folder: Path) -> Iterator[Path]:
    """A folder under another name, which becomes the real one only when everything in it is written."""
    partial = folder.with_name(f"{folder.name}.partial")
    for there in (folder, partial):
        if there.exists():
            raise CannotRun(f"{there} exists already: name another folder, or remove it if it is not needed.")
    try:
        partial.mkdir(mode=0o700, parents=True)
        yield partial
        partial.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CannotRun(f"The backup could not be written: {error}.") from error
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
