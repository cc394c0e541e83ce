"""Playing stories in one process: a clock that stands still during a step, mails kept as files, copies to try in."""

import itertools
import os
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import uuid4

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client, override_settings
from django.urls import resolve
from django.utils import translation

from rdfast.celery import app
from rdfast.flow.deadlines import settle_down
from rdfast.timers import clock
from rdfast.timers.queries import due
from tests import databases, ground, make
from tests.prove.items import Fork, Item, Later, Post, Wait, file_name
from tests.prove.proof import Progress

_numbers = itertools.count(1)
SECOND = timedelta(seconds=2)
# As the clock tells it.
MONDAY = make.MONDAY.astimezone(UTC)
Deliver = Callable[[], Any]


class Postbox(BaseEmailBackend):
    """Keeps every mail as a file, where it survives the process that sent it."""

    def send_messages(self, email_messages: Any) -> int:
        for each in email_messages:
            text = f"{each.to} {each.subject} {each.extra_headers['Message-ID']}"
            (mails() / uuid4().hex).write_text(text)
        return len(email_messages)


def mails() -> Path:
    """The folder of the mails that were sent."""
    return Path(settings.EMAIL_FILE_PATH)  # type: ignore[misc]


def posted() -> Counter[str]:
    """How often each mail was sent."""
    return Counter(each.read_text() for each in mails().iterdir())


def tasks() -> dict[str, Any]:
    """Every Celery task of ours."""
    app.loader.import_default_modules()
    return {name: task for name, task in sorted(app.tasks.items()) if name.startswith("rdfast.")}


@dataclass
class Player(ABC):
    """Walks a story. What a step is tried with is the business of those who inherit."""

    name: str
    at: datetime = MONDAY
    forms: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.progress = Progress(self.name, None)

    @abstractmethod
    def step(self, what: str, deliver: list[Deliver], *, again: list[Deliver]) -> None:
        """Try it in copies, then do it once here. `again` is what a person does who got no answer."""

    def walk(self, stories: list[Callable[[], Iterator[Item]]], *, planted: str = "") -> None:
        """Every story in a database of its own, until something is broken."""
        for story in stories:
            if not self.violations:
                self.at = MONDAY
                with ground.fresh_database(planted=planted):
                    self.play(story())

    def play(self, story: Iterator[Item]) -> None:
        """To its end, every fork of it too, unless something is broken."""
        for item in story:
            if isinstance(item, Fork):
                self._fork(item)
            elif isinstance(item, Post):
                self._form(item)
            elif isinstance(item, Wait):
                self._wait(item)
            else:
                self._later(item)
            # What the story does next may need what is broken.
            if self.violations:
                return

    def _fork(self, fork: Fork) -> None:
        for way in fork.ways:
            at = self.at
            with copy_of_this():
                self.play(way())
            self.at = at

    def _form(self, post: Post) -> None:
        self.at += SECOND
        name = resolve(post.url).view_name
        self.forms[name] += 1
        cookies = _signed_in(post)
        what = f"{name} {post.act}".strip()
        self.step(what, [lambda: self.send(post, cookies)], again=[lambda: self._send_again(post, cookies)])
        if post.effect() != 1:
            self.violations.append(f"{what} once had {post.effect()} effects")

    def send(self, post: Post, cookies: Any, **changes: str) -> int:
        """The form as the browser of its sender sends it; gives the status of the answer."""
        browser = Client(raise_request_exception=False)
        browser.cookies.update(cookies)
        files = {} if changes else post.files
        uploads = {name: SimpleUploadedFile(file_name(name, held), held) for name, held in files.items()}
        answer = browser.post(post.url, {**post.form, **changes, **uploads})
        # The request leaves its reader's language behind in this thread; a worker does not write in it.
        translation.deactivate()
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            self.violations.append(f"{post.url} answered {answer.status_code}: {error and error[1]!r}")
        return answer.status_code

    def _send_again(self, post: Post, cookies: Any) -> None:
        """Whoever is told that the page is out of date looks again, finds the files there, and sends it anew."""
        if self.send(post, cookies) == 200 and "revision" in post.form:
            self.send(post, cookies, revision=str(int(post.form["revision"]) + 1))

    def _wait(self, wait: Wait) -> None:
        self.at += timedelta(minutes=1)
        self.step(wait.what, runs_of_tasks(), again=runs_of_tasks())
        if not wait.until():
            self.violations.append(f"{wait.what} did not act")

    def _later(self, later: Later) -> None:
        began = self.at
        for days in later.days:
            self.at = began + timedelta(days=days)
            if due(self.at, limit=1):
                self.step(f"{days} days later", runs_of_tasks(), again=runs_of_tasks())
                # The warnings of that day went out long before the next that is looked at.
                settle_down(at=self.at)


def runs_of_tasks() -> list[Deliver]:
    """Every task once."""
    return [partial(task.apply, throw=True) for task in tasks().values()]


def _signed_in(post: Post) -> Any:
    browser = Client()
    if post.by is not None:
        browser.force_login(post.by)
    return browser.cookies


@contextmanager
def surroundings(player: Player) -> Iterator[None]:
    """The player's clock, lots that always fall alike, and folders of the proof's own for mails and files."""
    folder = Path(tempfile.mkdtemp(prefix="rdfast-files-"))
    for name in ("files", "mails"):
        (folder / name).mkdir()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        stack.enter_context(
            override_settings(
                ALLOWED_HOSTS=["testserver"],
                MEDIA_ROOT=str(folder / "files"),
                EMAIL_BACKEND=f"{__name__}.Postbox",
                EMAIL_FILE_PATH=str(folder / "mails"),
                PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            )
        )
        stack.enter_context(mock.patch.object(clock, "now", side_effect=lambda: player.at))
        stack.enter_context(mock.patch("secrets.token_hex", return_value="0" * 32))
        yield


@contextmanager
def copy_of_this() -> Iterator[None]:
    """A copy of the database, the mails and the files as they are now; what happens within stays there."""
    connection.close()
    folders = [mails(), Path(settings.MEDIA_ROOT)]
    before = {file for folder in folders for file in folder.iterdir()}
    name = f"rdfast_{os.getpid()}_copy_{next(_numbers)}"
    with databases.copy_of(str(connection.settings_dict["NAME"]), name), databases.pointing_at(name):
        yield
    for file in {file for folder in folders for file in folder.iterdir()} - before:
        file.unlink()
