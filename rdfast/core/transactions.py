"""One transaction for an operation and everything it calls."""

from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

P = ParamSpec("P")
R = TypeVar("R")
_inside: ContextVar[bool] = ContextVar("inside_one_transaction", default=False)


def one_transaction(operation: Callable[P, R]) -> Callable[P, R]:
    """Decorate an operation: all of it happens, or nothing; called by another such operation it is part of that.

    `transaction.atomic` would make a savepoint there, two round trips each. Nobody rolls back to it: a refusal
    ends the whole operation. So an operation never catches another's refusal in order to go on.
    """

    @wraps(operation)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _inside.get():
            return operation(*args, **kwargs)
        token = _inside.set(True)
        try:
            with transaction.atomic():
                return operation(*args, **kwargs)
        finally:
            _inside.reset(token)

    return run
