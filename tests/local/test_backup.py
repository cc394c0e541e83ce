"""A backup is restored, or refused; nothing lies between."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection

from rdfast.core.uploads import storing
from rdfast.core.working_days import start_of
from rdfast.flow import performing
from rdfast.local.backups import contents, manifest, programs
from rdfast.local.backups.taking import take
from rdfast.local.problems import CannotRun
from rdfast.milestones.models import Evidence, Milestone
from rdfast.reports.invariants import broken
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from tests import make
from tests.databases import FreshDatabase, copy_of, pointing_at
from tests.stack import wait_until

PDF = b"%PDF-1.7 measured: 83 % after 100 cycles"


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    settings.MEDIA_ROOT.mkdir()
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def milestone(fresh_database: FreshDatabase, files: Path) -> Milestone:
    """A paid award whose first milestone was reported with a file."""
    milestone = make.opened(make.world())
    at = start_of(milestone.due_on - timedelta(days=13))
    with storing([SimpleUploadedFile("결과.pdf", PDF)]) as stored:
        return performing.report(
            milestone.pk, text="It held 83 %.", files=stored, by=milestone.award.pi, at=at
        )


@pytest.fixture
def backup(milestone: Milestone, tmp_path: Path) -> Path:
    return _save(tmp_path / "backup", milestone)


@pytest.fixture
def empty(backup: Path, fresh_database: FreshDatabase, settings: Any, tmp_path: Path) -> Generator[Path]:
    """A new installation: an empty database, which the settings point to, and an empty files folder."""
    settings.MEDIA_ROOT = tmp_path / "new uploads"
    name = f"{fresh_database.name}_empty"
    with copy_of("template0", name), pointing_at(name):
        yield Path(settings.MEDIA_ROOT)


def _save(folder: Path, milestone: Milestone) -> Path:
    """A backup on the evening of the report: the story's own time, whatever the real one is."""
    assert milestone.reported_at is not None
    take(folder, at=milestone.reported_at)
    return folder


def _restore(folder: Path) -> str:
    said = StringIO()
    call_command("restore", str(folder), stdout=said)
    return said.getvalue()


def _nothing_there(files: Path) -> bool:
    return contents.is_empty() and not manifest.listing(files)


def test_what_is_restored_is_what_was_saved(backup: Path, empty: Path, milestone: Milestone) -> None:
    assert "All ten invariants hold" in _restore(backup)

    saved = manifest.read(backup)
    assert contents.read() == saved.contents
    assert saved.contents.boxes["advances"] == 24_000_000
    assert saved.contents.rows["public.funding_payment"] == 1
    evidence = Evidence.objects.get(report__milestone=milestone.pk)
    assert (evidence.name, (empty / evidence.path).read_bytes()) == ("결과.pdf", PDF)
    assert saved.lost == []


def test_the_restored_installation_works_on(backup: Path, empty: Path, milestone: Milestone) -> None:
    _restore(backup)
    restored = Milestone.objects.get(pk=milestone.pk)
    # Numbers go on where they were, and the database's own guards came along.
    at = make.MONDAY + timedelta(days=80)
    timers.set(Kind.CONFIRM_FINDING, of=restored, due_at=at + timedelta(days=1), at=at)
    with pytest.raises(IntegrityError, match="planned"):
        Milestone.objects.filter(pk=milestone.pk).update(state="planned")


def test_the_folder_is_for_its_owner_alone(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o700


def _cut(backup: Path) -> None:
    dump = backup / manifest.DUMP
    os.truncate(dump, dump.stat().st_size // 2)


def _flip_one_bit(backup: Path) -> None:
    dump = backup / manifest.DUMP
    damaged = bytearray(dump.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    dump.write_bytes(damaged)


def _lose_a_file(backup: Path) -> None:
    next((backup / manifest.FILES).iterdir()).unlink()


def _add_a_file(backup: Path) -> None:
    (backup / manifest.FILES / "stranger.pdf").write_bytes(PDF)


def _lose_the_manifest(backup: Path) -> None:
    (backup / manifest.NAME).unlink()


def _half_the_manifest(backup: Path) -> None:
    os.truncate(backup / manifest.NAME, 100)


def _cut_with_a_manifest_that_agrees(backup: Path) -> None:
    _cut(backup)
    _tell_manifest(backup, lambda data: data["files"].update({manifest.DUMP: _sha(backup)}))


def _from_the_future(backup: Path) -> None:
    _tell_manifest(backup, lambda data: data["contents"]["migrations"].append("funding.9999_next_year"))


def _sha(backup: Path) -> str:
    return manifest.sha256_of(backup / manifest.DUMP)


def _tell_manifest(backup: Path, change: Any) -> None:
    data = json.loads((backup / manifest.NAME).read_text())
    change(data)
    (backup / manifest.NAME).write_text(json.dumps(data))


DAMAGES = {
    _cut: "database.dump is damaged",
    _flip_one_bit: "database.dump is damaged",
    _lose_a_file: "is missing",
    _add_a_file: "stranger.pdf is not in the manifest",
    _lose_the_manifest: "not a whole backup",
    _half_the_manifest: "manifest.json is damaged",
    _cut_with_a_manifest_that_agrees: "pg_restore failed",
    _from_the_future: "newer release: this one does not know funding.9999_next_year",
}


def test_an_unfit_backup_is_refused_and_changes_nothing(backup: Path, empty: Path, tmp_path: Path) -> None:
    for damage, words in DAMAGES.items():
        damaged = tmp_path / damage.__name__
        shutil.copytree(backup, damaged)
        damage(damaged)
        with pytest.raises(CannotRun, match=words):
            _restore(damaged)
        assert _nothing_there(empty), damage.__name__


def test_a_database_that_is_not_empty_is_refused_and_left_alone(
    backup: Path, milestone: Milestone, files: Path
) -> None:
    before = contents.read()
    with pytest.raises(CannotRun, match="is not empty"):
        _restore(backup)
    assert contents.read() == before
    assert len(manifest.listing(files)) == 1


def test_a_files_folder_that_is_not_empty_is_refused_and_left_alone(backup: Path, empty: Path) -> None:
    empty.mkdir()
    (empty / "somebody.pdf").write_bytes(PDF)
    with pytest.raises(CannotRun, match=r"holds somebody\.pdf"):
        _restore(backup)
    assert contents.is_empty()
    assert manifest.listing(empty) == ["somebody.pdf"]


def test_an_interrupted_restore_can_be_begun_again(backup: Path, empty: Path) -> None:
    # Killed while copying: one file whole, one half.
    shutil.copytree(backup / manifest.FILES, empty)
    (empty / "half.pdf.restoring").write_bytes(PDF[:5])
    assert "All ten invariants hold" in _restore(backup)


def test_a_restore_that_differs_from_its_backup_names_the_difference(backup: Path, empty: Path) -> None:
    _tell_manifest(backup, lambda data: data["contents"]["boxes"].update(advances=24_000_001))
    with pytest.raises(CannotRun, match="advances: 24000001 before, 24000000 now"):
        _restore(backup)


def test_an_installation_that_was_broken_is_not_called_sound_when_it_is_restored(
    milestone: Milestone, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    with connection.cursor() as cursor:  # as only somebody with the database's own password can
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE funding_tranche SET state = 'scheduled' WHERE number = 1")
        cursor.execute("SET session_replication_role = DEFAULT")
    _save(tmp_path / "broken", milestone)
    name = f"{fresh_database.name}_empty"
    with (
        copy_of("template0", name),
        pointing_at(name),
        pytest.raises(CannotRun, match=r"funding.tranche \d+ is scheduled, its history ends with settled"),
    ):
        _restore(tmp_path / "broken")


def test_a_lost_upload_is_named_when_saving_and_does_not_stop_the_restore(
    milestone: Milestone, files: Path, fresh_database: FreshDatabase, tmp_path: Path, settings: Any
) -> None:
    (lost,) = manifest.listing(files)
    (files / lost).unlink()
    warned = StringIO()
    call_command("backup", str(tmp_path / "backup"), stdout=StringIO(), stderr=warned)
    assert lost in warned.getvalue()
    assert manifest.read(tmp_path / "backup").lost == [lost]
    shutil.rmtree(tmp_path / "backup")
    _save(tmp_path / "backup", milestone)
    name = f"{fresh_database.name}_empty"
    with copy_of("template0", name), pointing_at(name):
        assert "All ten invariants hold" in _restore(tmp_path / "backup")


def test_what_is_written_while_the_backup_runs_is_not_in_it(
    milestone: Milestone, fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A submission in the moment between counting and dumping: both are of the snapshot before it.
    writer = f"""
import psycopg
with psycopg.connect({fresh_database.url!r}) as other:
    other.execute("INSERT INTO people_organisation SELECT (json_populate_record(o, json_build_object("
        "'id', o.id + 1000, 'registration_number', 'n' || o.id))).* FROM people_organisation o")
"""
    dump = programs.dump

    def write_then_dump(to: Path, *, snapshot: str) -> None:
        subprocess.run([sys.executable, "-c", writer], check=True)
        dump(to, snapshot=snapshot)

    monkeypatch.setattr(programs, "dump", write_then_dump)
    _save(tmp_path / "backup", milestone)
    name = f"{fresh_database.name}_empty"
    with copy_of("template0", name), pointing_at(name):
        shutil.rmtree(tmp_path / "uploads")
        assert "All ten invariants hold" in _restore(tmp_path / "backup")


def test_an_interrupted_backup_leaves_no_folder_that_looks_whole(
    milestone: Milestone, fresh_database: FreshDatabase, tmp_path: Path, files: Path
) -> None:
    folder = tmp_path / "backup"
    # pg_dump waits for this lock, so the backup is caught in the middle.
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE audit_event IN ACCESS EXCLUSIVE MODE NOWAIT")
        env = {**os.environ, "DATABASE_URL": fresh_database.url}
        saving = subprocess.Popen([sys.executable, "manage.py", "backup", str(folder)], env=env)
        wait_until((tmp_path / "backup.partial").exists)
        saving.send_signal(signal.SIGKILL)
        saving.wait()
        cursor.execute("ROLLBACK")
    assert not folder.exists()
    with pytest.raises(CannotRun, match="not a whole backup"):
        _restore(tmp_path / "backup.partial")
    with pytest.raises(CannotRun, match=r"backup.partial exists already"):
        call_command("backup", str(folder))


def test_a_missing_program_is_named_with_the_way_to_get_it(milestone: Milestone) -> None:
    with pytest.raises(CannotRun, match=r"pg_nonesuch \d+ or newer is not here.*pip install"):
        programs.find("pg_nonesuch")


def test_deadlines_that_came_due_since_the_backup_are_no_offenders(backup: Path, empty: Path) -> None:
    assert "All ten invariants hold" in _restore(backup)
    months_later = manifest.read(backup).taken_at + timedelta(days=90)
    assert any("nobody acted" in offender for offender in broken(at=months_later))
