"""Lists page by page, by key."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

M = TypeVar("M", bound=Model)
PAGE = 25


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a list; `next_key` leads to the one after it, if there is one."""

    rows: list[M]
    next_key: int | None


def page_of(newest_first: QuerySet[M], request: HttpRequest, *, size: int = PAGE) -> Page[M]:
    """The page that `?after=` asks for; it begins below that id."""
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        newest_first = newest_first.filter(pk__lt=int(after))
    rows = list(newest_first[: size + 1])
    return Page(rows[:size], rows[size - 1].pk if len(rows) > size else None)
