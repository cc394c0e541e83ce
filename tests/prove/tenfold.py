"""Ten times: every form of the path and every task, in sequence and at once, leaves the state of once.

Before each delivery the database is copied. The copy gets it ten times at once, each on a connection of its own,
and then ten times in sequence; the original gets it once. All rows, mails and files are then compared.
"""

import itertools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client, override_settings
from django.urls import resolve

from rdfast.celery import app
from rdfast.flow.deadlines import ACTIONS, settle_down
from rdfast.reports.invariants import broken
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import due
from tests import databases, ground, make
from tests.prove import fingerprint
from tests.prove.addresses import EXCUSED, taking_forms
from tests.prove.path import Fork, Item, Later, Post, Wait, beside, path
from tests.prove.proof import Options, Outcome, Progress

_numbers = itertools.count(1)
SECOND = timedelta(seconds=2)


def tasks() -> dict[str, Any]:
    """Every Celery task of ours."""
    app.loader.import_default_modules()
    return {name: task for name, task in sorted(app.tasks.items()) if name.startswith("rdfast.")}


def prove(options: Options) -> Outcome:
    """Walk the path, in an ordinary story and in one that needs a second approval."""
    player = Player(times=options.size)
    with surroundings(player):
        for above_limit in (False, True):
            with ground.fresh_database(planted=options.planted):
                player.at = make.MONDAY
                player.play(path(make.world(), above_limit=above_limit))
        with ground.fresh_database(planted=options.planted):
            player.play(beside(make.world()))
            player.violations += _untried(player)
    return Outcome(player.deliveries, "deliveries", player.violations, _told(player))


@dataclass
class Player:
    """Walks a story; before each step it tries the step ten times in a copy."""

    times: int
    at: datetime = make.MONDAY
    deliveries: int = 0
    forms: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)
    deadlines: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    progress: Progress = field(default_factory=lambda: Progress("tenfold", 10**9))

    def play(self, story: Iterator[Item]) -> None:
        """To its end, every fork of it too."""
        for item in story:
            if isinstance(item, Fork):
                self._fork(item)
            elif isinstance(item, Post):
                self._form(item)
            elif isinstance(item, Wait):
                self._wait(item)
            else:
                self._later(item)

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
        self._try(f"{name} ({post.form})", [lambda: self._send(post, cookies)])
        if post.effect() != 1:
            self.violations.append(f"{name} once had {post.effect()} effects")

    def _send(self, post: Post, cookies: Any) -> None:
        browser = Client(raise_request_exception=False)
        browser.cookies.update(cookies)
        files = {name: SimpleUploadedFile(f"{name}.pdf", held) for name, held in post.files.items()}
        answer = browser.post(post.url, {**post.form, **files})
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            error = getattr(answer, "exc_info", None)
            self.violations.append(f"{post.url} answered {answer.status_code}: {error and error[1]!r}")

    def _wait(self, wait: Wait) -> None:
        self.at += timedelta(minutes=1)
        self._try("a near deadline", _runs_of_tasks())
        if not wait.until():
            self.violations.append("the deadline did not act")

    def _later(self, later: Later) -> None:
        began = self.at
        for days in later.days:
            self.at = began + timedelta(days=days)
            if due(self.at, limit=1):
                self._try(f"{days} days later", _runs_of_tasks())

    def _try(self, what: str, deliver: list[Callable[[], Any]]) -> None:
        """All at once and once more in sequence in a copy, then once here: both leave the same behind."""
        tries = []
        with copy_of_this():
            for manner, act in (("at once", self._at_once), ("in sequence", self._in_sequence)):
                for each in deliver:
                    act(each)
                self.deliveries += self.times * len(deliver)
                tries.append((f"{what} {self.times} times {manner}", self._left_behind()))
        for each in deliver:
            each()
        once = self._left_behind()
        for how, found in tries:
            self.violations += [f"{how}: {each}" for each in fingerprint.differences(once, found)[:5]]
        self.violations += [f"{what}: {offender}" for offender in broken(at=self.at)]
        self.deadlines |= set(Timer.objects.filter(status="done").values_list("kind", flat=True))
        self.progress.at(self.deliveries, f"{len(self.violations)} violations")

    def _at_once(self, deliver: Callable[[], Any]) -> None:
        for outcome in databases.at_once(*[deliver] * self.times):
            if isinstance(outcome, Exception):
                self.violations.append(f"at once: {outcome!r}")

    def _in_sequence(self, deliver: Callable[[], Any]) -> None:
        for _time in range(self.times):
            deliver()

    def _left_behind(self) -> fingerprint.Fingerprint:
        """The rows, the mails sent and the files kept, once the tasks have done what is to be done now."""
        settle_down(at=self.at)
        found = fingerprint.take()
        found.update(("mail", f"{each.to} {each.subject}") for each in mail.outbox)
        found["files", "kept"] = len(list(Path(settings.MEDIA_ROOT).iterdir()))
        return found


@contextmanager
def surroundings(player: Player) -> Iterator[None]:
    """A clock that stands still while a step is compared, mails that are counted, files in a folder of their own."""
    folder = tempfile.mkdtemp(prefix="rdfast-files-")
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        stack.enter_context(
            override_settings(
                ALLOWED_HOSTS=["testserver"],
                MEDIA_ROOT=folder,
                EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend",
                PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
            )
        )
        mail.outbox = []
        stack.enter_context(mock.patch.object(clock, "now", side_effect=lambda: player.at))
        yield


@contextmanager
def copy_of_this() -> Iterator[None]:
    """A copy of the database, the mails and the files as they are now; what happens within stays there."""
    connection.close()
    sent, files = list(mail.outbox), set(Path(settings.MEDIA_ROOT).iterdir())
    name = f"rdfast_{os.getpid()}_copy_{next(_numbers)}"
    with databases.copy_of(str(connection.settings_dict["NAME"]), name), databases.pointing_at(name):
        yield
    mail.outbox[:] = sent
    for file in set(Path(settings.MEDIA_ROOT).iterdir()) - files:
        file.unlink()


def _signed_in(post: Post) -> Any:
    browser = Client()
    if post.by is not None:
        browser.force_login(post.by)
    return browser.cookies


def _runs_of_tasks() -> list[Callable[[], Any]]:
    return [partial(task.apply, throw=True) for task in tasks().values()]


def _untried(player: Player) -> list[str]:
    missing = taking_forms() - set(player.forms) - set(EXCUSED)
    needless = set(EXCUSED) - taking_forms()
    return [f"{name} takes a form that was never sent" for name in sorted(missing)] + [
        f"{name} is excused but takes no form" for name in sorted(needless)
    ]


def _told(player: Player) -> list[str]:
    unmet = sorted({*ACTIONS, Kind.REMINDER} - player.deadlines)
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(player.answers.items()))
    summary = (
        f"{sum(player.forms.values())} forms to {len(player.forms)} addresses and {len(tasks())} tasks, each delivered "
        f"{player.times} times at once and {player.times} times in sequence; the rows, mails and files compared with "
        f"those of once. Answers: {answers}."
    )
    return [
        summary,
        "",
        f"Deadlines met: {len(player.deadlines)} of {len(ACTIONS) + 1}"
        + (f"; not met: {', '.join(unmet)}." if unmet else "."),
        "",
        "| not sent | why |",
        "|---|---|",
        *(f"| {name} | {why} |" for name, why in sorted(EXCUSED.items())),
    ]
