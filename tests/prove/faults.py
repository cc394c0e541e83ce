"""What can befall an installation: each program and each server killed, and Redis frozen."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from django.db import connection

from rdfast.local.supervisor import Child

# How long a frozen Redis stays so, in seconds: longer than any time-out of its clients.
FROZEN = 4.0


class Faults:
    """Strikes the children of a supervisor. What was struck is started again by the supervisor, not from here."""

    def __init__(self, children: dict[str, Child], coin: random.Random) -> None:
        self._children, self._coin = children, coin

    def strike(self, kind: str) -> None:
        """Do it now."""
        KINDS[kind](self)

    def kill(self, name: str) -> None:
        """End the program itself; what it had started is left to whoever restarts it."""
        _kill([self._process(name)])

    def kill_one_child(self, name: str) -> None:
        """End one of the processes that the program started."""
        if children := _children_of(self._process(name)):
            _kill([self._coin.choice(children)])

    def kill_all(self, name: str) -> None:
        """End the server and all its processes at once, as a power cut would."""
        parent = self._process(name)
        _kill([parent, *_children_of(parent)])

    def kill_backend(self) -> None:
        """End one connection's process of PostgreSQL, which then ends all others and recovers."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            found = [pid for (pid,) in cursor.fetchall()]
        connection.close()
        if found:
            _kill([self._coin.choice(found)])

    def freeze(self, name: str) -> None:
        """The port stays open and nobody answers, for a while."""
        os.kill(self._process(name), signal.SIGSTOP)
        time.sleep(FROZEN)
        os.kill(self._process(name), signal.SIGCONT)

    def _process(self, name: str) -> int:
        process = self._children[name].process
        assert process is not None
        return process.pid


KINDS: dict[str, Callable[[Faults], None]] = {
    "worker killed": lambda faults: faults.kill("worker"),
    "worker's child killed": lambda faults: faults.kill_one_child("worker"),
    "beat killed": lambda faults: faults.kill("beat"),
    "web killed": lambda faults: faults.kill("web"),
    "web's worker killed": lambda faults: faults.kill_one_child("web"),
    "Redis killed": lambda faults: faults.kill("redis"),
    "Redis frozen": lambda faults: faults.freeze("redis"),
    "PostgreSQL's backend killed": Faults.kill_backend,
    "PostgreSQL killed": lambda faults: faults.kill_all("postgres"),
}
OF_REDIS = {"Redis killed", "Redis frozen"}


def _children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kill(pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
