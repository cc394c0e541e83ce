"""The supervisor keeps programs running, and takes them along when it goes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from rdfast.local import processes
from rdfast.local.supervisor import Child, Supervisor
from tests.local.test_servers import linux_only
from tests.stack import wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

SUPERVISE = """
import signal, sys
from pathlib import Path
from rdfast.local import processes
from rdfast.local.supervisor import Child, Supervisor
folder = Path(sys.argv[1])
def launch(name):
    said = f"import signal, sys, time; signal.signal(signal.SIGTERM, lambda *a: (print('{name}', flush=True), sys.exit()))"
    command = [sys.executable, "-c", said + "; print('ready', flush=True); time.sleep(60)"]
    return processes.spawn_bound(command, log=folder / "said", dying=signal.SIGKILL)
with Supervisor(print) as supervisor:
    for name in ("first", "second"):
        supervisor.start(Child(name, lambda name=name: launch(name), signal.SIGTERM, 5))
    print(*(child.process.pid for child in supervisor._children), flush=True)
    supervisor.look_after()
"""


@pytest.fixture
def supervised(tmp_path: Path) -> Generator[tuple[subprocess.Popen[str], list[int]]]:
    """A supervisor of two sleepers in a process of its own, with the sleepers' numbers."""
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in process.stdout.readline().split()]
    wait_until(lambda: (tmp_path / "said").read_text().count("ready") == 2)
    yield process, pids
    process.kill()
    process.wait()
    process.stdout.close()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead child of a dead parent may wait for init to notice.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_stops_its_children_last_started_first(supervised, tmp_path, number):
    process, pids = supervised

    process.send_signal(number)

    assert process.wait(20) == 0
    assert not any(map(is_alive, pids))
    assert (tmp_path / "said").read_text().split() == ["ready", "ready", "second", "first"]


@linux_only
def test_killed_it_takes_its_children_along(supervised):
    process, pids = supervised

    process.kill()

    wait_until(lambda: not any(map(is_alive, pids)))


def test_a_child_that_dies_is_started_again_and_that_is_said(tmp_path):
    said: list[str] = []
    child = Child("sleeper", lambda: sleeper(tmp_path), signal.SIGTERM, 5)
    with handlers_put_back(), Supervisor(said.append) as supervisor:
        supervisor.start(child)
        first = child.process
        assert first is not None
        os.kill(first.pid, signal.SIGKILL)
        first.wait()

        looking(supervisor, lambda: child.process is not first)

        assert child.process is not None and child.process.poll() is None
    assert child.process.poll() is not None
    assert said == ["sleeper ended (killed by SIGKILL); starting it again in 1 s."]


def test_a_child_that_keeps_dying_is_started_ever_more_slowly(tmp_path):
    child = Child("failing", lambda: failing(tmp_path), signal.SIGTERM, 5)
    pauses: list[float] = []
    with handlers_put_back(), Supervisor(lambda text: pauses.append(child.pause)) as supervisor:
        supervisor.start(child)
        looking(supervisor, lambda: len(pauses) == 2)

    assert pauses[1] == 2 * pauses[0]


def looking(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    """Let the supervisor look until this is so."""

    def look_and_see() -> bool:
        supervisor.look_once()
        return condition()

    wait_until(look_and_see)


def sleeper(folder: Path) -> subprocess.Popen[bytes]:
    return processes.spawn_bound(SLEEP, log=folder / "said", dying=signal.SIGKILL)


def failing(folder: Path) -> subprocess.Popen[bytes]:
    return processes.spawn_bound(
        [sys.executable, "-c", "raise SystemExit(3)"], log=folder / "said", dying=signal.SIGKILL
    )


class handlers_put_back:
    """The supervisor takes over the process's signals; pytest wants its own back."""

    def __enter__(self) -> None:
        self.before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def __exit__(self, *problem: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
