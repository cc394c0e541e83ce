"""Child processes that do not outlive their parent, and how to stop them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1
# Loaded here: nothing may be imported between fork and exec.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def spawn_bound(
    command: Sequence[str],
    *,
    log: Path,
    dying: signal.Signals,
    env: Mapping[str, str] | None = None,
    keep: Sequence[int] = (),
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child that gets the signal `dying` when the thread that started it ends (on Linux)."""
    return _spawn(command, log=log, env=env, keep=keep, user=user, before=_bind(dying))


def spawn_free(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    keep: Sequence[int] = (),
    user: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process that stays when we go."""
    return _spawn(command, log=log, env=env, keep=keep, user=user, before=None)


def stop(process: subprocess.Popen[bytes], *, with_signal: signal.Signals, within: float) -> None:
    """Ask a child to end; after `within` seconds end it and everything it started."""
    if process.poll() is not None:
        return
    process.send_signal(with_signal)
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        kill_group(process)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a child's whole session at once. Every child of ours leads its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _spawn(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None,
    keep: Sequence[int],
    user: int | None,
    before: Callable[[], None] | None,
) -> subprocess.Popen[bytes]:
    # Its own session: Ctrl-C in the terminal reaches only the parent, which stops its children in order.
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            pass_fds=keep,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            start_new_session=True,
            preexec_fn=before,  # noqa: PLW1509 - it calls only what was loaded before
        )


def _bind(dying: signal.Signals) -> Callable[[], None] | None:
    """Linux tells a child of its parent's end; elsewhere the next start finds and uses what was left."""
    libc, parent = _LIBC, os.getpid()
    if libc is None:
        return None

    def ask_to_be_told() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(dying))
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)

    return ask_to_be_told
