"""The person behind a request that needed signing in."""

from django.http import HttpRequest

from rdfast.people.models import User


def person(request: HttpRequest) -> User:
    """Who is signed in. Only for views under `login_required`."""
    assert isinstance(request.user, User)
    return request.user
