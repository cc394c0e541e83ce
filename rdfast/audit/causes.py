"""What set things in motion: one request, one task, one fired deadline, one command.

A door opens a cause; every event recorded inside carries it, so that all that one click did can be found. The log
names the same causes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_chain: ContextVar[tuple[str, ...]] = ContextVar("causes", default=())


@contextmanager
def because(cause: str) -> Iterator[None]:
    """Name the cause of everything recorded in this block, for example `timer:17`."""
    token = _chain.set((*_chain.get(), cause))
    try:
        yield
    finally:
        _chain.reset(token)


def current() -> str:
    """The cause that holds here: the innermost."""
    chain = _chain.get()
    return chain[-1] if chain else "direct"


def chain() -> tuple[str, ...]:
    """The causes that hold here, the outermost first: a deadline fires within a task."""
    return _chain.get()
