"""The embedded PostgreSQL and Redis-protocol server of a checkout: start, find, stop.

Each server inherits a descriptor that holds its lock. So whoever gets the lock knows that no server is
left, not even one that forgot to tell, and may clear away what an earlier start left half done.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rdfast.local import addresses, folders, locks, postgres, processes, valkey
from rdfast.local.problems import CannotRun

PATIENCE = 30.0  # seconds for a server to be up: a crashed one may have much to recover
STOP_WITHIN = 10.0


@dataclass
class Server:
    """A server that answers. `process` is None if we found it running: then it is not ours to stop."""

    name: str
    process: subprocess.Popen[bytes] | None
    goodbye: signal.Signals

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, with_signal=self.goodbye, within=STOP_WITHIN)


@dataclass(frozen=True)
class _Kind:
    """What differs between the two servers. SIGINT is PostgreSQL's fast shutdown."""

    name: str
    goodbye: signal.Signals
    answers: Callable[[Path], bool]
    prepare: Callable[[Path], None]
    command: Callable[[Path], list[str]]
    env: Callable[[], Mapping[str, str]]
    user: Callable[[], int | None]


def _prepare_postgres(data: Path) -> None:
    postgres.create(data)
    postgres.remove_leftovers(data)


def _as_we_are() -> None:
    return None


def _our_environment() -> Mapping[str, str]:
    return os.environ


POSTGRES = _Kind(
    name="postgres",
    goodbye=signal.SIGINT,
    answers=postgres.answers,
    prepare=_prepare_postgres,
    command=postgres.command,
    env=postgres.environment,
    user=postgres.user,
)
TRIAL_POSTGRES = _Kind(**{**POSTGRES.__dict__, "command": postgres.command_for_trials})
VALKEY = _Kind(
    name="redis",
    goodbye=signal.SIGTERM,
    answers=valkey.answers,
    prepare=valkey.remove_leftovers,
    command=valkey.command,
    env=_our_environment,
    user=_as_we_are,
)


def start_postgres(data: Path) -> Server:
    """PostgreSQL for as long as this process lives, or the one that already runs."""
    return _start(POSTGRES, data, _spawn_bound)


def start_valkey(data: Path) -> Server:
    """The Redis-protocol server for as long as this process lives, or the one that already runs."""
    return _start(VALKEY, data, _spawn_bound)


def start_services() -> None:
    """Both servers, to stay when this process ends."""
    for kind in (POSTGRES, VALKEY):
        _start(kind, addresses.data_folder(), _spawn_free)


def start_trial_postgres(data: Path) -> Server:
    """PostgreSQL for tests: fast, and nothing in it survives a crash."""
    return _start(TRIAL_POSTGRES, data, _spawn_bound)


def stop_services() -> None:
    """Stop the servers of this checkout, whoever started them."""
    data = addresses.data_folder()
    if (pid := postgres.process_id(data)) is not None and postgres.answers(data):
        os.kill(pid, signal.SIGINT)
    valkey.ask(addresses.redis_socket(data), "SHUTDOWN")
    _wait_until(lambda: not running(), "The embedded servers do not stop.")


def running() -> list[str]:
    """The names of the servers of this checkout that answer."""
    data = addresses.data_folder()
    return [kind.name for kind in (POSTGRES, VALKEY) if kind.answers(data)]


def ensure_running() -> None:
    """Refuse in one sentence if the embedded PostgreSQL is needed and not there."""
    if not os.environ.get("DATABASE_URL") and not postgres.answers(addresses.data_folder()):
        raise CannotRun("The stack is not running: start it with `make run`.")


_Spawn = Callable[[_Kind, Path, int], subprocess.Popen[bytes]]


def _start(kind: _Kind, data: Path, spawn: _Spawn) -> Server:
    """Start a server, or wait for the one that someone else is starting or stopping."""
    folders.make_ignored(data)
    folders.make_private(addresses.socket_folder(data))
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if kind.answers(data):
            return Server(kind.name, None, kind.goodbye)
        held = locks.try_lock(data / f"{kind.name}.lock")
        if held is not None:
            return _start_holding(held, kind, data, spawn)
        time.sleep(0.05)
    raise CannotRun(f"{kind.name} of {data} is running but does not answer; see {_log(kind, data)}.")


def _start_holding(held: int, kind: _Kind, data: Path, spawn: _Spawn) -> Server:
    try:
        kind.prepare(data)
        process = spawn(kind, data, held)
    finally:
        os.close(held)
    _wait_until(
        lambda: process.poll() is not None or kind.answers(data),
        f"{kind.name} did not start within {PATIENCE:.0f} s; see {_log(kind, data)}.",
    )
    if process.poll() is not None:
        raise CannotRun(f"{kind.name} did not start: {_last_words(kind, data)}")
    return Server(kind.name, process, kind.goodbye)


def _spawn_bound(kind: _Kind, data: Path, held: int) -> subprocess.Popen[bytes]:
    return processes.spawn_bound(
        kind.command(data),
        log=_log(kind, data),
        dying=kind.goodbye,
        env=kind.env(),
        keep=[held],
        user=kind.user(),
    )


def _spawn_free(kind: _Kind, data: Path, held: int) -> subprocess.Popen[bytes]:
    return processes.spawn_free(
        kind.command(data), log=_log(kind, data), env=kind.env(), keep=[held], user=kind.user()
    )


def _wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise CannotRun(otherwise)
        time.sleep(0.02)


def _log(kind: _Kind, data: Path) -> Path:
    return data / f"{kind.name}.log"


def _last_words(kind: _Kind, data: Path) -> str:
    lines: Sequence[str] = _log(kind, data).read_text(errors="replace").strip().splitlines()
    return f"{lines[-1] if lines else 'it said nothing'} ({_log(kind, data)})"
