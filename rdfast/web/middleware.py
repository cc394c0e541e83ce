"""What every request passes through besides Django's own middleware."""

import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from rdfast.audit.causes import because

_Next = Callable[[HttpRequest], HttpResponse]


class AccountLanguageMiddleware:
    """A signed-in person reads in their own language, unless they switched in this browser."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class CauseMiddleware:
    """Every event recorded during a request names that request as its cause."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with because(f"request:{uuid.uuid4()}"):
            return self.get_response(request)
