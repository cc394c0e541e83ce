"""Lists that stay short: page by page, by key, or the most pressing of what waits."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at

M = TypeVar("M", bound=Model)
PAGE = 25
# How many waiting rows are looked at, the longest waiting first, and how many of them are shown.
LOOKED_AT, SHOWN = 200, 50


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


@dataclass(frozen=True)
class Waiting(Generic[M]):
    """The most pressing of what waits; `count` is of those looked at, and `more` says that there are others."""

    rows: list[M]
    count: int
    more: bool
    shown: int = SHOWN

    @property
    def counted(self) -> str:
        """The count as it is shown: a plus says that it was not counted to the end."""
        return f"{self.count}+" if self.more else str(self.count)


def most_pressing(longest_first: QuerySet[M], *kinds: Kind, matter: str, name: str = "due_at") -> Waiting[M]:
    """Of the rows that wait longest the most pressing, each with `due_at` (or another name) of its deadline of these kinds.

    Neither sorting nor counting goes on to the end of the queue: on a deadline day it is thousands long.
    """
    ids = list(longest_first.values_list("pk", flat=True)[: LOOKED_AT + 1])
    looked_at = longest_first.filter(pk__in=ids[:LOOKED_AT])
    rows = list(with_due_at(looked_at, *kinds, matter=matter, name=name)[:SHOWN]) if ids else []
    return Waiting(rows, min(len(ids), LOOKED_AT), more=len(ids) > LOOKED_AT)
