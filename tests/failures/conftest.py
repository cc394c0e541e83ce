"""Servers and disks of a test's own, to be filled, stopped and made to hang."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
import pytest
from django.db import connection, connections
from pytest_django import DjangoDbBlocker

from rdfast.local import addresses, postgres, processes, servers
from tests.stack import CeleryStack, PrivateRedis, celery_on, wait_until

SmallDisk = Callable[[str], Path]


class PrivatePostgres:
    """A PostgreSQL that no other test sees, as safe as that of `make run`."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._server: servers.Server | None = None
        self.url = addresses.database_url(data)

    def start(self) -> None:
        self._server = servers.start_postgres(self._data)

    def stop(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._server is not None and self._server.process is not None:
            processes.kill_group(self._server.process)
            self._server = None

    def bring_back(self) -> None:
        """What its supervisor does: start it whenever it has ended, until it answers."""
        wait_until(self._up)

    def _up(self) -> bool:
        # It may be about to end: a server that could not write dies some time after the last answer.
        if self._server is None or self._server.process is None or self._server.process.poll() is not None:
            self.start()
        return postgres.answers(self._data)

    def fill(self, dump: Path) -> None:
        """Make the migrated database."""
        options = ["--no-owner", "--exit-on-error", f"--dbname={self.url}"]
        subprocess.run([postgres.program("pg_restore"), *options, str(dump)], check=True)


@pytest.fixture(scope="session")
def migrated_dump(template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The migrated database as a file."""
    to = tmp_path_factory.mktemp("migrated") / "database.dump"
    parts = {**connection.settings_dict, "NAME": template_database}
    env = {"PGPASSWORD": str(parts["PASSWORD"])} if parts["PASSWORD"] else {}
    where = [f"--host={parts['HOST']}", f"--port={parts['PORT']}", f"--username={parts['USER']}"]
    command = [postgres.program("pg_dump"), "--format=custom", f"--file={to}", *where, template_database]
    subprocess.run(command, env={**os.environ, **env}, check=True)
    return to


@pytest.fixture
def small_disk() -> Generator[SmallDisk]:
    """Makes small disks, `small_disk("8m")`: in memory, mounted for this test alone."""
    mounted: list[Path] = []

    def make(size: str) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="rdfast-disk-"))
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            folder.rmdir()
            pytest.skip("Only who may mount a file system can fill a disk.")
        mounted.append(folder)
        return folder

    yield make
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def fill_up(disk: Path) -> Path:
    """Write until nothing more goes in; gives the file to remove."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue
    return ballast


@contextmanager
def installed_on(data: Path, dump: Path) -> Iterator[PrivatePostgres]:
    """The settings point to a migrated database on a server of its own in this folder."""
    server = PrivatePostgres(data)
    server.start()
    before = dict(connection.settings_dict)
    try:
        server.fill(dump)
        connections.close_all()
        connection.settings_dict.update(
            {key: value for key, value in dj_database_url.parse(server.url).items() if key != "OPTIONS"}
        )
        yield server
    finally:
        connections.close_all()
        connection.settings_dict.update(before)
        server.stop()
        shutil.rmtree(addresses.socket_folder(data), ignore_errors=True)


@pytest.fixture
def own_postgres(migrated_dump: Path, django_db_blocker: DjangoDbBlocker) -> Generator[PrivatePostgres]:
    """A migrated installation whose database server can be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="rdfast-gone-"))
    with django_db_blocker.unblock(), installed_on(folder, migrated_dump) as server:
        yield server
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def own_stack(
    own_postgres: PrivatePostgres, redis_server: PrivateRedis, tmp_path: Path
) -> Generator[CeleryStack]:
    """Worker and beat on a database server that can be stopped."""
    with celery_on(own_postgres.url, redis_server, tmp_path) as running:
        running.start_worker()
        running.start_beat()
        yield running
