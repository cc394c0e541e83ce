"""Where a crash would tell: before and after every commit, every publish, every acknowledgement. Each is named once.

Nothing happens at them. A proof watches them, and ends the process at each of them once.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

from rdfast.core.transactions import one_transaction

P = ParamSpec("P")
R = TypeVar("R")

# Every boundary there is, in the order in which the code was loaded.
NAMES: list[str] = []
_watcher: Callable[[str], None] | None = None


def commit(operation: Callable[P, R]) -> Callable[P, R]:
    """Make the function one transaction with named boundaries: what a door calls wears this.

    Called inside another transaction it is a part of that one, which has the boundaries.
    """
    before, after = _named(operation, "commit")
    part = one_transaction(operation)

    @one_transaction
    def with_boundaries(*args: P.args, **kwargs: P.kwargs) -> R:
        # The first to hear of the commit, before whatever else waits for it.
        transaction.on_commit(lambda: _reached(after))
        result = operation(*args, **kwargs)
        _reached(before)
        return result

    @wraps(operation)
    def through_commit(*args: P.args, **kwargs: P.kwargs) -> R:
        return (part if connection.in_atomic_block else with_boundaries)(*args, **kwargs)

    return through_commit


def around(deed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Name the boundaries of a function that does something outside the database: it sends, publishes, acknowledges."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        before, after = _named(function, deed)

        @wraps(function)
        def deed_done(*args: P.args, **kwargs: P.kwargs) -> R:
            _reached(before)
            result = function(*args, **kwargs)
            _reached(after)
            return result

        return deed_done

    return decorate


def watch(watcher: Callable[[str], None] | None) -> None:
    """Let a proof know of every boundary that this process reaches from now on; None ends that."""
    global _watcher  # noqa: PLW0603 - one process, one watcher
    _watcher = watcher


def name_of(function: Callable[..., object]) -> str:
    """What the boundaries of the function are called after."""
    return f"{function.__module__.removeprefix('rdfast.')}.{function.__qualname__}"


def _named(function: Callable[..., object], deed: str) -> tuple[str, str]:
    before, after = (f"{name_of(function)}, {side} its {deed}" for side in ("before", "after"))
    NAMES.extend((before, after))
    return before, after


def _reached(name: str) -> None:
    if _watcher is not None:
        _watcher(name)
