"""People at their browsers, who walk the path over HTTP and press the button again when no answer came."""

import http.client
import re
import threading
import time
import traceback
import urllib.parse
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connections

from rdfast.people.models import User
from tests import make
from tests.prove.items import Fork, Item, Later, Post, Wait, file_name, look
from tests.prove.path import path

# Longer than any restart here takes: whoever waits longer is stuck.
PATIENCE = 90.0
TIMEOUT = 20.0


@dataclass
class Answered:
    """What all visitors met."""

    requests: int = 0
    # Requests that got no answer, or a 5xx: from when to when, and what was said.
    failures: list[tuple[float, float, str]] = field(default_factory=list)
    # What a visitor was told is done: its name, and how often the database knows of it.
    acknowledged: list[tuple[str, Callable[[], int]]] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    stories: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, began: float, failure: str) -> None:
        """One request, answered unless it failed."""
        with self._lock:
            self.requests += 1
            if failure:
                self.failures.append((began, time.monotonic(), failure))


class Browser:
    """A signed-in person's browser: cookies, forms with their tokens, one connection at a time."""

    def __init__(self, port: int, user: User, met: Answered) -> None:
        self._port, self._met = port, met
        self._cookies = {settings.SESSION_COOKIE_NAME: _session_of(user), settings.CSRF_COOKIE_NAME: "c" * 32}

    def send(self, url: str, form: dict[str, Any], files: dict[str, bytes]) -> int:
        """Send the form; gives the status, 0 when no answer came."""
        token = {"csrfmiddlewaretoken": self._cookies[settings.CSRF_COOKIE_NAME]}
        body, content_type = _encoded({**token, **form}, files)
        return self._ask("POST", url, body, {"Content-Type": content_type})

    def open(self, url: str) -> int:
        """Look at a page."""
        return self._ask("GET", url, b"", {})

    def _ask(self, method: str, url: str, body: bytes, headers: dict[str, str]) -> int:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        began = time.monotonic()
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        try:
            line.request(method, url, body, {**headers, "Cookie": cookie})
            answer = line.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._met.count(began, f"{method} {type(error).__name__}")
            return 0
        finally:
            line.close()
        self._met.count(began, f"{method} {answer.status} {_title(said)}" if answer.status >= 500 else "")
        return answer.status


def _title(page: bytes) -> str:
    found = re.search(r"<title>\s*(.*?)\s*</title>", page.decode(errors="replace"), re.DOTALL)
    return found[1] if found else ""


def _encoded(form: dict[str, Any], files: dict[str, bytes]) -> tuple[bytes, str]:
    """The body as a browser sends it, and its content type."""
    if not files:
        return urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded"
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    ]
    for name, held in files.items():
        named = f'name="{name}"; filename="{file_name(name, held)}"'
        head = f"--{mark}\r\nContent-Disposition: form-data; {named}\r\n\r\n"
        parts.append(head.encode() + held + b"\r\n")
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"


def _session_of(user: User) -> str:
    """A session as signing in makes it, without the slow hashing of passwords."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


@dataclass
class Visitor:
    """Walks one story after the other until told to stop; each is another researcher's."""

    port: int
    w: make.World
    researchers: Iterator[User]
    stop: threading.Event
    met: Answered
    browsers: dict[int, Browser] = field(default_factory=dict)

    def run(self) -> None:
        """Until told to stop, and then to the end of the story begun."""
        try:
            while not self.stop.is_set():
                pi = next(self.researchers)
                w = replace(self.w, hana=pi)
                for item in path(w, above_limit=self.met.stories % 3 == 0):
                    self._do(item)
                self.met.stories += 1
        except Stuck as stuck:
            self.met.stuck.append(str(stuck))
        except Exception as error:  # noqa: BLE001 - whatever it is, the proof tells of it
            where = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in where if "prove" in frame.filename][-1]
            self.met.stuck.append(f"{type(error).__name__} in {ours.name}, line {ours.lineno}: {error}")
        finally:
            connections.close_all()

    def _do(self, item: Item) -> None:
        if isinstance(item, Post):
            self._press(item)
        elif isinstance(item, Wait):
            self._until(lambda: look(item.until), "a near deadline did not act")
        elif not isinstance(item, Fork | Later):
            raise TypeError(item)

    def _press(self, post: Post) -> None:
        """Press the button, again when no answer came or the page is out of date, until it is answered."""
        assert post.by is not None
        browser = self._browser_of(post.by)
        form, files = dict(post.form), dict(post.files)

        def is_answered() -> bool:
            status = browser.send(post.url, form, files)
            if status != 200 or "revision" not in form:
                return status == 302
            # It was saved, but the answer was lost, and the page is out of date. The person looks again, and sends
            # it anew if more was asked for than to save.
            form["revision"] = str(int(form["revision"]) + 1)
            files.clear()
            return look(post.effect) == 1

        self._until(is_answered, f"{post.url} was never answered")
        self.met.acknowledged.append((f"{post.url} by {post.by}", post.effect))
        browser.open(post.url)

    def _browser_of(self, user: User) -> Browser:
        if user.pk not in self.browsers:
            self.browsers[user.pk] = look(lambda: Browser(self.port, user, self.met))
        return self.browsers[user.pk]

    def _until(self, condition: Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise Stuck(otherwise)
            time.sleep(0.3)


class Stuck(Exception):
    """Somebody cannot go on."""
