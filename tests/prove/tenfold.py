"""Ten times: every form of the path and every task, in sequence and at once, leaves the state of once.

Before each delivery the database is copied: one copy gets it once, one ten times in sequence, one ten times
at once, each on a connection of its own. The three are then compared row by row.
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
                w = make.world()
                player.play(path(w, above_limit=above_limit))
        with ground.fresh_database(planted=options.planted):
            w = make.world()
            player.play(beside(w))
    return Outcome(
        player.deliveries,
        "deliveries",
        [*player.violations, *_untried(player)],
        _told(player),
    )


@dataclass
class Player:
    """Walks a story; before each step it tries the step ten times in copies."""

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
        send = lambda: self._send(post, cookies)  # noqa: E731
        self._compare(f"{name} {sorted(post.form)}", send)
        self._send(post, cookies)
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
        self._compare("a near deadline", *_runs_of_tasks())
        settle_down(at=self.at)
        if not wait.until():
            self.violations.append("the deadline did not act")

    def _later(self, later: Later) -> None:
        for days in later.days:
            self.at = max(self.at, self._began(later, days))
            self._compare(f"{days} days later", *_runs_of_tasks())
            before = set(Timer.objects.filter(status="done").values_list("pk", flat=True))
            settle_down(at=self.at)
            done = Timer.objects.filter(status="done").exclude(pk__in=before)
            self.deadlines |= set(done.values_list("kind", flat=True))

    def _began(self, later: Later, days: int) -> datetime:
        index = later.days.index(days)
        return self.at + timedelta(days=days - (later.days[index - 1] if index else 0))

    def _compare(self, what: str, *deliver: Callable[[], Any]) -> None:
        """Once, ten times in sequence and ten times at once leave the same behind, with every invariant whole."""
        once = self._tried(what, lambda: [each() for each in deliver])
        for manner, act in (
            ("in sequence", lambda: [each() for each in deliver for _time in range(self.times)]),
            ("at once", lambda: [self._at_once(each) for each in deliver]),
        ):
            found = self._tried(what, act)
            self.deliveries += self.times * len(deliver)
            self.violations += [
                f"{what}, {self.times} times {manner}: {difference}"
                for difference in fingerprint.differences(once, found)[:5]
            ]
        self.progress.at(self.deliveries, f"{len(self.violations)} violations")

    def _at_once(self, deliver: Callable[[], Any]) -> None:
        for outcome in databases.at_once(*[deliver] * self.times):
            if isinstance(outcome, Exception):
                self.violations.append(f"at once: {outcome!r}")

    def _tried(self, what: str, act: Callable[[], Any]) -> fingerprint.Fingerprint:
        """Do it in a copy of its own; what the tasks still have to do is done before the copy is looked at."""
        with copy_of_this():
            mail.outbox.clear()
            files = len(list(Path(settings.MEDIA_ROOT).iterdir()))
            act()
            settle_down(at=self.at)
            self.violations += [f"{what}: {offender}" for offender in broken(at=self.at)]
            found = fingerprint.take()
            sent = Counter(("mail", str(each.extra_headers["Message-ID"].partition(".")[2])) for each in mail.outbox)
            found.update(sent)
            found["files", "kept"] = len(list(Path(settings.MEDIA_ROOT).iterdir())) - files
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
        stack.enter_context(mock.patch.object(clock, "now", lambda: player.at))
        yield


@contextmanager
def copy_of_this() -> Iterator[None]:
    """A copy of the database that the settings point to, which they point to within."""
    connection.close()
    name = f"rdfast_{os.getpid()}_copy_{next(_numbers)}"
    with databases.copy_of(str(connection.settings_dict["NAME"]), name), databases.pointing_at(name):
        yield


def _signed_in(post: Post) -> Any:
    browser = Client()
    if post.by is not None:
        browser.force_login(post.by)
    return browser.cookies


def _runs_of_tasks() -> list[Callable[[], Any]]:
    return [lambda task=task: task.apply(throw=True) for task in tasks().values()]


def _untried(player: Player) -> list[str]:
    missing = taking_forms() - set(player.forms) - set(EXCUSED)
    needless = set(EXCUSED) - taking_forms()
    return [f"{name} takes a form that was never sent" for name in sorted(missing)] + [
        f"{name} is excused but takes no form" for name in sorted(needless)
    ]


def _told(player: Player) -> list[str]:
    unmet = sorted({*ACTIONS, Kind.REMINDER} - player.deadlines)
    answers = ", ".join(f"{count:,} × {status}" for status, count in sorted(player.answers.items()))
    return [
        f"{sum(player.forms.values())} forms to {len(player.forms)} addresses and {len(tasks())} tasks, each delivered "
        f"{player.times} times in sequence and {player.times} times at once; the rows, mails and files compared with "
        f"those of once. Answers: {answers}.",
        "",
        f"Deadlines met: {len(player.deadlines)} of {len(ACTIONS) + 1}"
        + (f"; not met: {', '.join(unmet)}." if unmet else "."),
        "",
        "| not sent | why |",
        "|---|---|",
        *(f"| {name} | {why} |" for name, why in sorted(EXCUSED.items())),
    ]
