"""Can this process reach what it needs? If not: one sentence."""

import contextlib
import http.client
import socket
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import redis
from django.db import OperationalError, connection

from rdfast.local import stack
from rdfast.local.problems import CannotRun

SECONDS = 5


def port_from(text: str) -> int:
    """The port to serve on; refuses what is none."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise CannotRun(f"PORT is {text!r}: give a number from 1 to 65535.")
    return int(text)


def ensure_port_free(port: int) -> None:
    """Refuse a port that someone listens on, or that we may not open. Our own last run may still say goodbye there."""
    if not wait_until(lambda: _is_free(port), within=stack.WEB_GOODBYE + 2):
        raise CannotRun(
            f"Port {port} is in use: stop what uses it, or choose another, as in `make run PORT={port % 65535 + 1}`."
        )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as attempt:
        # A connection of yesterday still closing is no obstacle.
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind(("127.0.0.1", port))
        except PermissionError:
            raise CannotRun(f"Port {port} needs an administrator: choose another with PORT=8000.") from None
        except OSError:
            return False
    return True


def ensure_database() -> None:
    """Refuse in one sentence if the database of the settings does not answer."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CannotRun(f"Cannot reach the database of DATABASE_URL: {_in_one_line(error)}") from None


def ensure_redis(url: str) -> None:
    """Refuse in one sentence if the server of REDIS_URL does not answer."""
    address = url.replace("redis+socket://", "unix://", 1)
    try:
        client = redis.Redis.from_url(address, socket_timeout=SECONDS, socket_connect_timeout=SECONDS)
        with contextlib.closing(client):
            client.ping()
    except (redis.RedisError, ValueError) as error:
        place = urlsplit(url).hostname or urlsplit(url).path or url
        raise CannotRun(f"Cannot reach the server of REDIS_URL ({place}): {_in_one_line(error)}") from None


def web_answers(port: int) -> bool:
    """Does the web server answer a request, whatever it says?"""
    call = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    with contextlib.closing(call):
        try:
            call.request("HEAD", "/")
            call.getresponse()
        except (OSError, http.client.HTTPException):
            return False
    return True


def wait_until(condition: Callable[[], bool], *, within: float) -> bool:
    """Did the condition become true in time?"""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
