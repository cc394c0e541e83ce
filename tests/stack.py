"""A Redis-protocol server and a Celery of the test's own, to be stopped, frozen and killed at will."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from rdfast.celery import app
from rdfast.local import addresses, processes, servers, stack
from tests.databases import FreshDatabase

PATIENCE = 30.0


class PrivateRedis:
    """A real server with an append-only file: what was acknowledged survives stop and start."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._server: servers.Server | None = None
        self.url = addresses.redis_url(data)

    def start(self) -> None:
        self._server = servers.start_valkey(self._data)

    def stop(self) -> None:
        if self._server is not None:
            self.thaw()  # a frozen process does not hear that it should end
            self._server.stop()
            self._server = None

    def kill(self) -> None:
        """End it as a power cut would."""
        processes.kill_group(self._process)
        self._server = None

    def freeze(self) -> None:
        """The port stays open and nobody answers: worse than a refused connection."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        if self._server is None or self._server.process is None:
            raise RuntimeError("This server is stopped.")
        return self._server.process


class Program:
    """A program of the stack as a child process, with all it says in a file."""

    def __init__(self, command: Sequence[str], log: Path, env: dict[str, str]) -> None:
        self._command, self._log, self._env = command, log, env
        self.process = self._launch()

    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, words: str) -> None:
        """Wait until the program has said this; fail with what it said instead."""
        wait_until(lambda: words in self.said() or self.process.poll() is not None)
        assert words in self.said(), self.said()

    def kill(self) -> None:
        """End it and its children as a power cut would."""
        processes.kill_group(self.process)

    def stop(self) -> None:
        processes.stop(self.process, with_signal=signal.SIGTERM, within=10)

    def start_again(self) -> None:
        self.process = self._launch()

    def _launch(self) -> subprocess.Popen[bytes]:
        return processes.spawn_bound(self._command, log=self._log, dying=signal.SIGTERM, env=self._env)


@dataclass
class CeleryStack:
    """A running worker; a beat too after `start_beat()`."""

    folder: Path
    env: dict[str, str]
    programs: list[Program] = field(default_factory=list)

    def start_worker(self) -> Program:
        name = f"worker{len(self.programs)}"
        worker = self.start(name, [*stack.worker(), "--hostname", f"{name}@%h"])
        worker.wait_for(" ready.")
        return worker

    def start_beat(self) -> Program:
        name = f"beat{len(self.programs)}"
        return self.start(name, stack.beat(self.folder / name))

    @property
    def worker(self) -> Program:
        return self.programs[0]

    def said(self) -> str:
        return "\n".join(program.said() for program in self.programs)

    def start(self, name: str, command: Sequence[str]) -> Program:
        """Start a program of the stack; what it says is in a file of this name."""
        program = Program(command, self.folder / f"{name}.log", self.env)
        self.programs.append(program)
        return program


@pytest.fixture
def redis_server(settings: Any) -> Generator[PrivateRedis]:
    """A server that no other test sees; this process's Celery publishes to it."""
    folder = Path(tempfile.mkdtemp(prefix="rdfast-redis-"))
    redis = PrivateRedis(folder)
    redis.start()
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis.url
    with _celery_pointing_at(redis.url):
        yield redis
    redis.stop()
    shutil.rmtree(addresses.socket_folder(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def celery_stack(
    fresh_database: FreshDatabase, redis_server: PrivateRedis, tmp_path: Path
) -> Generator[CeleryStack]:
    """A real worker on the test's own database and queue."""
    with celery_on(fresh_database.url, redis_server, tmp_path) as running:
        running.start_worker()
        yield running


@contextmanager
def celery_on(database_url: str, redis: PrivateRedis, folder: Path) -> Iterator[CeleryStack]:
    """A Celery on this database and queue, nothing started yet; whatever was is killed at the end."""
    env = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis.url,
        # There is no mail server here; the rows tell what was delivered, and how often it was tried.
        "RDFAST_EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    }
    running = CeleryStack(folder, env)
    try:
        yield running
    finally:
        for program in running.programs:
            program.kill()


@contextmanager
def _celery_pointing_at(url: str) -> Iterator[None]:
    """Celery reads its settings once and keeps its connections: tell it, and make it forget those."""
    before = app.conf.broker_url
    _move_celery(url)
    try:
        yield
    finally:
        _move_celery(before)


def _move_celery(url: str) -> None:
    app.conf.broker_url = url
    app._after_fork()


def wait_until(condition: Callable[[], bool], within: float = PATIENCE) -> None:
    """Wait for something that other processes bring about; fail if they never do."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "It did not happen."
        time.sleep(0.05)
