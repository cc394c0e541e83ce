"""`make run`, from the outside: what it refuses, and that it leaves nothing behind."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import pytest

from rdfast.local import addresses, locks, postgres, valkey
from tests.local.test_supervisor import is_alive
from tests.stack import wait_until

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture
def run(data: Path, port: int) -> Generator[Run]:
    """Start `manage.py run` on a folder and port of the test's own."""
    started: list[subprocess.Popen[str]] = []

    def start(**more: str) -> subprocess.Popen[str]:
        env: Mapping[str, str] = {
            **{
                name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")
            },
            "RDFAST_DATA": str(data),
            "PORT": str(port),
            "RDFAST_DEMO": "1",
            **more,
        }
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run"],
            cwd=addresses.CHECKOUT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=60)


def refusal(process: subprocess.Popen[str]) -> str:
    """What a run that refused said: one sentence and exit code 1."""
    said, complaint = process.communicate(timeout=60)
    assert process.returncode == 1, said + complaint
    assert "Traceback" not in complaint and len(complaint.strip().splitlines()) == 1, complaint
    return complaint


def wait_for_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "is running at" in line:
            return said
    raise AssertionError(f"It ended: {said}{process.stderr.read() if process.stderr else ''}")


def test_a_port_in_use_is_refused_in_a_sentence(run, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()

        assert f"Port {port} is in use" in refusal(run())


@pytest.mark.parametrize("nonsense", ["0", "70000", "http", "-1", "٨٠٨٠"])
def test_a_port_that_is_none_is_refused_in_a_sentence(run, nonsense):
    assert "PORT is" in refusal(run(PORT=nonsense))


def test_an_unreachable_database_is_refused_in_a_sentence_without_its_password(run, port):
    said = refusal(run(DATABASE_URL=f"postgres://rdfast:geheim@127.0.0.1:{port}/rdfast"))

    assert "Cannot reach the database of DATABASE_URL" in said
    assert "geheim" not in said


def test_an_unreachable_redis_is_refused_in_a_sentence_without_its_password(run, port):
    said = refusal(run(REDIS_URL=f"redis://:geheim@127.0.0.1:{port}/0"))

    assert "Cannot reach the server of REDIS_URL" in said
    assert "geheim" not in said


def test_a_second_run_of_the_same_folder_is_refused_in_a_sentence(run, data):
    held = locks.try_lock(data / "run.lock")
    assert held is not None

    said = refusal(run())

    os.close(held)
    assert "already running in this folder" in said


def test_a_run_begins_again_survives_its_parts_is_followed_at_once_and_leaves_nothing(run, data, port):
    """One life on one folder, for preparing the demonstration takes longest."""
    _interrupt_while_it_prepares(run(), data)

    process = run()
    said = wait_for_address(process)
    assert f"http://localhost:{port}/" in said
    _kill_its_parts(process, data, port)

    process.kill()
    process.communicate()
    process = run()
    assert f"http://localhost:{port}/" in wait_for_address(process)

    parts = children_of(process.pid)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert not any(map(is_alive, parts))
    assert not postgres.answers(data) and not answers(port)


def _interrupt_while_it_prepares(process: subprocess.Popen[str], data: Path) -> None:
    assert process.stdout is not None
    assert "Preparing" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate()[0] == "Stopped.\n"
    assert process.returncode == 0
    assert not postgres.answers(data)


def _kill_its_parts(process: subprocess.Popen[str], data: Path, port: int) -> None:
    assert status(port) < 500
    parts = children_of(process.pid)
    assert len(parts) == 5  # two servers, web, worker, beat
    for part in parts:
        os.kill(part, signal.SIGKILL)
    wait_until(lambda: len(children_of(process.pid)) == 5 and not set(parts) & set(children_of(process.pid)))
    wait_until(lambda: answers(port) and postgres.answers(data) and valkey.answers(data))
    assert status(port) < 500


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(child) for child in listed.stdout.split()]


def answers(port: int) -> bool:
    try:
        status(port)
    except (OSError, http.client.HTTPException):
        return False
    return True


def status(port: int) -> int:
    call = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        call.request("GET", "/")
        return call.getresponse().status
    finally:
        call.close()
