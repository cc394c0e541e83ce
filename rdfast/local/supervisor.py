"""Keeps a handful of programs running, and stops them in order."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Self

from rdfast.local import processes
from rdfast.local.problems import CannotRun

GLANCE = 0.2  # seconds between two looks at the children
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
SETTLED = 30.0  # a child that lived this long starts again with the first pause


@dataclass
class Child:
    """A program to keep running. `launch` gives None if the program runs without us."""

    name: str
    launch: Callable[[], subprocess.Popen[bytes] | None]
    goodbye: signal.Signals
    stop_within: float
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float | None = None
    pause: float = FIRST_PAUSE

    def start(self) -> None:
        self.restart_at = None
        self.started_at = time.monotonic()
        self.process = self.launch()

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process, with_signal=self.goodbye, within=self.stop_within)

    def has_died(self) -> bool:
        return self.restart_at is None and self.process is not None and self.process.poll() is not None


class Supervisor:
    """Use it as a context: what it started is stopped at the end, last started first."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[Child] = []
        self._asked_to_stop = False
        self._raises = False

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._children:
            self._children.pop().stop()

    @contextmanager
    def interruptible(self) -> Iterator[None]:
        """Within, who asks to stop need not wait: KeyboardInterrupt ends what is being done."""
        self._raises = True
        try:
            yield
        finally:
            self._raises = False

    @property
    def asked_to_stop(self) -> bool:
        return self._asked_to_stop

    def start(self, child: Child) -> None:
        """Start a child now and keep it running from now on."""
        child.start()
        self._children.append(child)

    def look_after(self) -> None:
        """Restart what dies until someone asks to stop."""
        while not self._asked_to_stop:
            self.look_once()
            time.sleep(GLANCE)

    def look_once(self) -> None:
        for child in self._children:
            if child.has_died():
                self._plan_restart(child)
            if child.restart_at is not None and time.monotonic() >= child.restart_at:
                self._restart(child)

    def _plan_restart(self, child: Child) -> None:
        assert child.process is not None  # noqa: S101 - has_died says so
        lived = time.monotonic() - child.started_at
        child.pause = FIRST_PAUSE if lived > SETTLED else min(child.pause * 2, LONGEST_PAUSE)
        child.restart_at = time.monotonic() + child.pause
        # What the child itself had started would be in its successor's way.
        code = child.process.returncode
        processes.kill_group(child.process)
        self._say(f"{child.name} ended ({_explain(code)}); starting it again in {child.pause:.0f} s.")

    def _restart(self, child: Child) -> None:
        try:
            child.start()
        except CannotRun as problem:
            child.pause = min(child.pause * 2, LONGEST_PAUSE)
            child.restart_at = time.monotonic() + child.pause
            self._say(str(problem))

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._asked_to_stop = True
        if self._raises:
            self._raises = False
            raise KeyboardInterrupt


def _explain(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
