"""What views read from a request: who asks, and which page of a list."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest

from rdfast.people.models import User
from rdfast.programmes.queries import roles_of

M = TypeVar("M", bound=Model)
PAGE = 25


def person(request: HttpRequest) -> User:
    """Who asks; `login_required` has seen to it that somebody does."""
    if not isinstance(request.user, User):
        raise TypeError("this page is for people who have signed in")
    return request.user


def person_serving(request: HttpRequest, *roles: str) -> User:
    """Who asks, if they hold one of the roles in some programme; for others the page does not exist."""
    user = person(request)
    if not roles_of(user) & set(roles):
        raise Http404
    return user


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
