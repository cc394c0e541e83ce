"""The page for a failure that is nobody's fault: the database is gone, read-only, or took too long."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

RETRY_AFTER = 30  # seconds
# Read-only, and ended for idling inside a transaction: psycopg does not count these as operational.
_ALSO = {"25006", "25P03"}


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: 503 where trying again later helps, 500 where a fault of ours must be found."""
    if not is_passing(sys.exception()):
        return defaults.server_error(request)
    headers = {"Retry-After": str(RETRY_AFTER), "Cache-Control": "no-store"}
    # Without the request: what every page shows of a person is in the database.
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


def is_passing(error: BaseException | None) -> bool:
    """Whether the database could not serve just now: unreachable, full, read-only, a time limit, a deadlock."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError) or getattr(error, "sqlstate", None) in _ALSO:
            return True
        error = error.__cause__
    return False
