"""Restoring a backup into an empty installation, and proving that it is the one that was saved."""

from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from rdfast.core import releases
from rdfast.local.backups import contents, manifest, programs, uploads
from rdfast.local.backups.manifest import DUMP, FILES, Manifest
from rdfast.local.problems import CannotRun
from rdfast.reports.invariants import broken, snapshot


def restore(folder: Path) -> Manifest:
    """Fill the empty database and the empty files folder from the backup, then check both.

    Raises CannotRun: before anything was changed when the backup or the place is unfit; afterwards, naming
    every offender, when what was restored is not what was saved or breaks an invariant.
    """
    saved = manifest.read(folder)
    _ensure_fit(folder, saved)
    _fill(folder)
    offenders = _offenders(saved)
    if offenders:
        listed = "\n".join(f"  {offender}" for offender in offenders)
        raise CannotRun(f"It was restored, but {len(offenders)} things are not as they must be:\n{listed}")
    return saved


def _ensure_fit(folder: Path, saved: Manifest) -> None:
    if newer := releases.unknown(saved.contents.migrations):
        raise CannotRun(
            f"The backup is of a newer release: this one does not know {', '.join(newer)}. "
            "Install that release, then restore. Nothing was changed."
        )
    if not contents.is_empty():
        name = connection.settings_dict["NAME"]
        raise CannotRun(
            f"The database {name} is not empty. Make a new one (`createdb`), point DATABASE_URL to it and "
            "restore there. Nothing was changed."
        )
    manifest.ensure_true(folder, saved)
    uploads.ensure_room(Path(settings.MEDIA_ROOT), folder / FILES)
    programs.read_through(folder / DUMP)


def _fill(folder: Path) -> None:
    """Files first: the database, which comes in one transaction, is what makes them count."""
    put: list[Path] = []
    try:
        for path in uploads.copy_back(folder / FILES, Path(settings.MEDIA_ROOT)):
            put.append(path)  # noqa: PERF402 - what is there when a later one fails is removed again
        programs.restore(folder / DUMP)
    except BaseException:
        for path in put:
            path.unlink(missing_ok=True)
        raise
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _offenders(saved: Manifest) -> list[str]:
    """What differs from the backup or breaks an invariant. An older release's tables are brought up to date between."""
    with snapshot():
        offenders = contents.differences(saved.contents, contents.read())
        lost = uploads.lost(Path(settings.MEDIA_ROOT), uploads.recorded())
    offenders += [f"the file {path} is missing or damaged" for path in lost if path not in saved.lost]
    call_command("migrate", interactive=False, verbosity=0)
    with snapshot():
        # As at the time of the backup: deadlines that came due since then wait for the first sweep.
        return offenders + broken(at=saved.taken_at)
