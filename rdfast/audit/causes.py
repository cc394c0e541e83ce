"""What set things in motion: one request, one fired deadline, one command.

A door opens a cause; every event recorded inside carries it, so that all that one click did can be found.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str] = ContextVar("cause", default="direct")


@contextmanager
def because(cause: str) -> Iterator[None]:
    """Name the cause of everything recorded in this block, for example `timer:17`."""
    token = _current.set(cause)
    try:
        yield
    finally:
        _current.reset(token)


def current() -> str:
    """The cause that holds here."""
    return _current.get()
