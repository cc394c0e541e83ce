"""The web server's workers are replaced while people work: every request is answered, and answered by the new ones."""

import http.client
import os
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from rdfast.local import stack
from rdfast.local.reachable import web_answers
from tests import databases
from tests.databases import FreshDatabase
from tests.stack import Program, wait_until

VISITORS = 4


class Call(http.client.HTTPConnection):
    """A connection to a Unix socket, kept open from request to request as a proxy keeps it."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(20)
        self.sock.connect(str(self._path))

    def status(self, address: str, **headers: str) -> int:
        self.request("GET", address, headers=headers)
        answer = self.getresponse()
        answer.read()
        return answer.status


class Visitor(threading.Thread):
    """Asks for one page after the other until told to stop, and notes what was not answered with it."""

    def __init__(self, path: Path, stop: threading.Event, *, new_call_each_time: bool) -> None:
        super().__init__()
        self._path, self._stopped, self._new_call_each_time = path, stop, new_call_each_time
        self.answered = 0
        self.failures: list[str] = []

    def run(self) -> None:
        call = Call(self._path)
        while not self._stopped.is_set():
            kept_open = call.sock is not None
            try:
                status = call.status("/calls/")
            except (OSError, http.client.HTTPException) as failure:
                call.close()
                # A kept connection may be closed while nothing is asked on it. Every client calls again then.
                if not (kept_open and _was_closed_before(failure)):
                    self.failures.append(repr(failure))
                continue
            self.answered += status == 200
            self.failures += [] if status == 200 else [str(status)]
            if self._new_call_each_time:
                call.close()
        call.close()


def _was_closed_before(failure: Exception) -> bool:
    return isinstance(failure, http.client.RemoteDisconnected | BrokenPipeError | ConnectionResetError)


@pytest.fixture
def web(fresh_database: FreshDatabase, tmp_path: Path) -> Generator[tuple[Program, Path]]:
    """The web server as in production, behind a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="rdfast-web-"))
    path = folder / "web.sock"
    program = Program(
        stack.web_on(path), tmp_path / "web.log", {**os.environ, "DATABASE_URL": fresh_database.url}
    )
    try:
        wait_until(lambda: path.exists() and _is_ready(path))
        yield program, path
    finally:
        program.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(path: Path) -> bool:
    call = Call(path)
    try:
        return call.status("/ready/") == 200
    except OSError:
        return False
    finally:
        call.close()


def test_a_restart_under_load_turns_nobody_away(web: tuple[Program, Path]) -> None:
    program, path = web
    stop = threading.Event()
    visitors = [Visitor(path, stop, new_call_each_time=number % 2 == 0) for number in range(VISITORS)]
    for visitor in visitors:
        visitor.start()
    try:
        os.kill(program.process.pid, signal.SIGHUP)
        wait_until(lambda: program.said().count("Stopped old worker") == stack.WEB_WORKERS)
        answered = _answered(visitors)
        wait_until(lambda: _answered(visitors) > answered + 20)
    finally:
        stop.set()
        for visitor in visitors:
            visitor.join()

    assert [failure for visitor in visitors for failure in visitor.failures] == []
    assert min(visitor.answered for visitor in visitors) > 20


def _answered(visitors: list[Visitor]) -> int:
    return sum(visitor.answered for visitor in visitors)


def test_connections_that_the_database_ended_fail_nobody(
    web: tuple[Program, Path], fresh_database: FreshDatabase
) -> None:
    """PostgreSQL was restarted between two requests: each thread of the server looks before it asks."""
    _program, path = web
    call = Call(path)
    for _restart in range(3):
        assert [call.status("/calls/") for _request in range(10)] == [200] * 10
        with databases.gone(fresh_database.name):
            assert (call.status("/calls/"), call.status("/ready/"), call.status("/health/")) == (
                503,
                503,
                200,
            )
    call.close()


def test_a_restart_on_a_port_turns_nobody_away_either(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    env = {**os.environ, "DATABASE_URL": fresh_database.url}
    program = Program(stack.web(port), tmp_path / "web.log", env)
    refused: list[str] = []

    def restarted() -> bool:
        """Ask once, as somebody new; has every worker been replaced?"""
        call = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            call.request("GET", "/calls/")
            refused.extend([] if (status := call.getresponse().status) == 200 else [str(status)])
        except (OSError, http.client.HTTPException) as failure:
            refused.append(repr(failure))
        call.close()
        return program.said().count("Stopped old worker") == stack.WEB_WORKERS

    try:
        wait_until(lambda: web_answers(port))
        os.kill(program.process.pid, signal.SIGHUP)
        wait_until(restarted, within=90)
        assert refused == []
    finally:
        program.kill()
