"""What every request passes through besides Django's own middleware."""

import logging
import re
import time
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import resolve, reverse
from django.utils import translation

from rdfast.audit.causes import because
from rdfast.core.once import one_page
from rdfast.monitoring import logs

_Next = Callable[[HttpRequest], HttpResponse]
_FOR_MACHINES = ("health", "ready", "metrics")
# A proxy's own number of the request: a UUID, with or without dashes. Anything else could forge a line of the log.
_WELL_FORMED = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.IGNORECASE)

logger = logging.getLogger(__name__)


class RequestMiddleware:
    """Every request has an id: in the answer, in the log, and as the cause of every event it records."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response
        self._quiet = (*map(reverse, _FOR_MACHINES), settings.STATIC_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        request_id = _request_id(request)
        with because(f"request:{request_id}"), logs.of_request(request):
            response = self.get_response(request)
            level = logging.DEBUG if request.path_info.startswith(self._quiet) else logging.INFO
            if logger.isEnabledFor(level):
                took = {"status": response.status_code, "seconds": round(time.monotonic() - began, 4)}
                logger.log(
                    level, "%s %s: %s", request.method, logs.path_of(request), took["status"], extra=took
                )
        response.headers["X-Request-ID"] = request_id
        return response


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given.lower() if _WELL_FORMED.fullmatch(given) else str(uuid.uuid4())


class ForMachinesMiddleware:
    """What machines ask is answered before hosts, sessions and languages are looked at: no cookie, no query."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response
        self._addresses = {reverse(name) for name in _FOR_MACHINES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info not in self._addresses:
            return self.get_response(request)
        answer: HttpResponse = resolve(request.path_info).func(request)
        return answer


class OnePageMiddleware:
    """What is only looked at asks the same question once; what acts asks again each time."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        with one_page():
            return self.get_response(request)


class AccountLanguageMiddleware:
    """A signed-in person reads in their own language, unless they switched in this browser."""

    def __init__(self, get_response: _Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
