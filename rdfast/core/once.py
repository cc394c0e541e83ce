"""A page asks the database the same question once."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_answers: ContextVar[dict[Hashable, object] | None] = ContextVar("answers_of_this_page", default=None)


@contextmanager
def one_page() -> Iterator[None]:
    """Within, answers are kept. Only for what changes nothing: whoever acts must know how things stand now."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def once_a_page(question: Callable[P, R]) -> Callable[P, R]:
    """Decorate a read that many parts of a page need. Its arguments are hashable, and nobody changes its answer."""

    @wraps(question)
    def ask(*args: P.args, **kwargs: P.kwargs) -> R:
        answers = _answers.get()
        if answers is None:
            return question(*args, **kwargs)
        key = (question, args, tuple(sorted(kwargs.items())))
        if key not in answers:
            answers[key] = question(*args, **kwargs)
        return answers[key]  # type: ignore[return-value]

    return ask
