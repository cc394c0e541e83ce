"""Lines of the log: for people, or as one JSON object each (RDFAST_LOG=json).

A line names what the audit trail names, request, task, deadline and the person's number, and nothing that tells
who somebody is: no addresses, no query strings, no values of rows. Nothing here needs Django to be set up.
"""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from rdfast.audit import causes

if TYPE_CHECKING:
    from django.http import HttpRequest

# PostgreSQL adds the values of the row that it refused.
_ROW = re.compile(
    r"^DETAIL: .*?(?=^(?:HINT|CONTEXT|QUERY): |^The above |^During |^Traceback |\Z)", re.M | re.S
)
_MAIL_ADDRESS = re.compile(r"[\w.%+-]+@[\w-]+\.[\w.-]+")
# Whose ids stand in fields of their own.
_NUMBERED = {"request", "task"}
_MEASURED = ("status", "seconds")

_request: ContextVar["HttpRequest | None"] = ContextVar("request", default=None)


@contextmanager
def quiet() -> Iterator[None]:
    """Only warnings are written in this block: a command that lets months pass says itself what matters."""
    ours = logging.getLogger("rdfast")
    before = ours.level
    ours.setLevel(logging.WARNING)
    try:
        yield
    finally:
        ours.setLevel(before)


@contextmanager
def of_request(request: "HttpRequest") -> Iterator[None]:
    """Lines written in this block belong to the request."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def path_of(request: "HttpRequest") -> str:
    """The path on one line of ASCII, without the query."""
    return quote(request.path, safe="/:@!$&'()*+,;=~")


class Line(logging.Formatter):
    """Time, level, logger, message and cause on a line; a traceback below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s [%(cause)s]")

    def format(self, record: logging.LogRecord) -> str:
        record.cause = causes.current()
        return discreet(super().format(record))


class JsonLine(logging.Formatter):
    """One JSON object. Only what is named here gets in, whatever else a library hangs on its record."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": discreet(record.getMessage()),
            "cause": causes.current(),
            **_ids(),
            **_facts_of_request(),
            **{name: getattr(record, name) for name in _MEASURED if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = discreet(self.formatException(record.exc_info))
        return json.dumps(line, default=str)


def discreet(text: str) -> str:
    """The text without values of rows and without mail addresses, which exceptions like to carry."""
    return _MAIL_ADDRESS.sub("(address)", _ROW.sub("DETAIL: (withheld)\n", text))


def _ids() -> dict[str, str]:
    named = (cause.partition(":") for cause in causes.chain())
    return {f"{kind}_id": number for kind, _colon, number in named if kind in _NUMBERED}


def _facts_of_request() -> dict[str, Any]:
    request = _request.get()
    if request is None:
        return {}
    # Known only if the request asked who it is; the log does not ask the database.
    user = getattr(request, "_cached_user", None)
    return {"user_id": getattr(user, "pk", None), "method": request.method, "path": path_of(request)}
