"""The person behind a request that needed signing in."""

from django.http import Http404, HttpRequest

from rdfast.people.models import User
from rdfast.programmes.queries import roles_of


def person(request: HttpRequest) -> User:
    """Who is signed in. Only for views under `login_required`."""
    if not isinstance(request.user, User):
        raise TypeError("this view is not under login_required")
    return request.user


def person_serving(request: HttpRequest, *roles: str) -> User:
    """Who is signed in, if they hold one of the roles in some programme; for others the page does not exist."""
    user = person(request)
    if not roles_of(user) & set(roles):
        raise Http404
    return user
