"""Crash points: the process is ended once at every boundary that the code names, while it works through its real door.

A form or a task is done in a child process that dies at the boundary. Then the sender repeats what was not answered,
the tasks run again, and the database must say what it says after an undisturbed run: nothing lost, nothing doubled.
Publishing and acknowledging are crashed in a real beat and a real worker.
"""

import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.db.models import AutoField, BigAutoField
from django.test import override_settings
from django.utils import timezone

from rdfast.core import boundaries
from rdfast.flow.deadlines import settle_down
from rdfast.milestones.models import Evidence, FinalEvidence
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from rdfast.settlement.models import Receipt
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import ground, make
from tests.prove import fingerprint
from tests.prove.crashing_programs import AT_WORK, crash_at_work
from tests.prove.playing import Deliver, Player, copy_of_this, posted, runs_of_tasks, surroundings
from tests.prove.proof import Options, Outcome
from tests.prove.stories import STORIES

# From here on a mail is out, and until its mark is committed nobody knows: it is sent again with the same Message-ID.
SENT_AND_UNMARKED = {
    "outbox.operations._send, after its sending",
    "outbox.operations._mark, before its commit",
}
# How often something was tried, and how often a page was loaded anew, tell of the crash itself.
TRIES = {
    "outbox.Message": {"attempts"},
    "plans.Plan": {"revision"},
    "proposals.Proposal": {"revision"},
    "settlement.Claim": {"revision"},
}


def prove(options: Options) -> Outcome:
    """Crash at every boundary, in trouble and in every story."""
    player = Crashing("crashes")
    with surroundings(player):
        with ground.fresh_database(planted=options.planted):
            player.in_trouble(make.world())
        player.walk(STORIES, planted=options.planted)
    for name in AT_WORK if not player.violations else []:
        with ground.fresh_database(planted=options.planted):
            player.violations += crash_at_work(name)
            player.tried[name] = "a real beat and worker"
    if not player.violations:
        untried = [name for name in boundaries.NAMES if name not in player.tried]
        player.violations += [f"{name}: was never reached" for name in untried]
    return Outcome(len(player.tried), "points", player.violations, _told(player))


class Refusing(BaseEmailBackend):
    """A mail server that is not there."""

    def send_messages(self, email_messages: object) -> int:
        raise ConnectionRefusedError("nobody listens")


@dataclass
class Crashing(Player):
    """Dies once at every boundary that a step reaches for the first time."""

    # Each boundary tried, and what was being done.
    tried: dict[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    mails_doubled: int = 0
    files_left: int = 0
    files_before: set[str] = field(default_factory=set)

    def step(self, what: str, deliver: list[Deliver], *, again: list[Deliver]) -> None:
        """Watch an undisturbed run in a copy, crash at what it reached in others, then do it here."""
        if what not in self.seen:
            self.seen.add(what)
            before, self.files_before = fingerprint.take(), _kept()
            reached, immediately, once, mails = self._undisturbed(deliver)
            for index, name in enumerate(reached):
                if name not in self.tried:
                    self.tried[name] = what
                    has_committed = any("after its commit" in each for each in reached[: index + 1])
                    is_last = index + 1 == len(reached)
                    with copy_of_this():
                        self._crash(name, what, deliver)
                        if is_last or not has_committed:
                            self._compare(f"{name} ({what}), at once", immediately if is_last else before)
                        self._recover(name, what, again, once, mails)
                    self.progress.at(len(self.tried), f"{len(self.violations)} violations")
        for each in deliver:
            each()

    def in_trouble(self, w: make.World) -> None:
        """A mail server that refuses, and a deadline that fails."""
        make.submitted(w)
        with override_settings(EMAIL_BACKEND=f"{__name__}.Refusing"):
            self.step("a mail server that refuses", runs_of_tasks(), again=runs_of_tasks())
        _let_claims_run_out()
        settle_down(at=self.at)
        due = self.at - timedelta(minutes=1)
        Timer.objects.create(
            kind=Kind.ACCOUNT, subject_kind="funding.award", subject_id=0, matter_id=0, due_at=due, next_try_at=due,
            set_at=due,
        )  # fmt: skip
        self.step("a deadline that fails", runs_of_tasks(), again=runs_of_tasks())

    def _undisturbed(
        self, deliver: list[Deliver]
    ) -> tuple[list[str], fingerprint.Fingerprint, fingerprint.Fingerprint, Counter[str]]:
        """The boundaries it reaches in their order; what the database says then, and what once all is settled."""
        reached: list[str] = []
        with copy_of_this():
            boundaries.watch(reached.append)
            for each in deliver:
                each()
            boundaries.watch(None)
            immediately = fingerprint.take()
            settle_down(at=self.at)
            return reached, immediately, fingerprint.take(without=TRIES), posted()

    def _crash(self, name: str, what: str, deliver: list[Deliver]) -> None:
        """Do it in a child that dies at the boundary."""
        connection.close()
        child = os.fork()
        if child == 0:
            boundaries.watch(
                lambda reached: os.kill(os.getpid(), signal.SIGKILL) if reached == name else None
            )
            for each in deliver:
                each()
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            self.violations.append(f"{name} ({what}): the process did not die there: {status}")

    def _compare(self, what: str, expected: fingerprint.Fingerprint) -> None:
        """Whether what was committed is there, and nothing else."""
        differences = fingerprint.differences(expected, fingerprint.take())
        self.violations += [f"{what}: {each}" for each in differences[:5]]

    def _files_lost(self) -> list[str]:
        """Every file that a row names is there. One whose row was not committed is left over, and nobody can read it."""
        named = {
            path
            for model in (Evidence, FinalEvidence, Receipt)
            for path in model.objects.values_list("path", flat=True)
        }
        kept = _kept()
        self.files_left += len(kept - named - self.files_before)
        return [f"file lost: {path}" for path in named - kept]

    def _recover(
        self,
        name: str,
        what: str,
        again: list[Deliver],
        once: fingerprint.Fingerprint,
        mails: Counter[str],
    ) -> None:
        """What was not answered is repeated, claims of messages run out, the tasks run."""
        _close_gaps()
        for each in again:
            each()
        _let_claims_run_out()
        settle_down(at=self.at)
        found = fingerprint.differences(once, fingerprint.take(without=TRIES))
        found += broken(at=self.at)
        found += self._files_lost()
        doubled = posted() - mails
        found += [f"mail lost: {mail}" for mail in mails - posted()]
        if name in SENT_AND_UNMARKED:
            self.mails_doubled += doubled.total()
            found += [] if doubled.total() <= 1 else [f"mails doubled: {doubled}"]
        else:
            found += [f"mail doubled: {mail}" for mail in doubled]
        self.violations += [f"{name} ({what}): {each}" for each in found[:5]]


def _kept() -> set[str]:
    """The uploaded files in the storage."""
    return {file.name for file in Path(settings.MEDIA_ROOT).iterdir()}


def _let_claims_run_out() -> None:
    """As if a minute passed: whoever claimed a message is dead, and it is free again."""
    Message.objects.filter(status=Message.Status.PENDING).update(next_try_at=timezone.now())


def _close_gaps() -> None:
    """A transaction that was not committed leaves gaps in the numbers; without them both runs number alike."""
    with connection.cursor() as cursor:
        for model in apps.get_models():
            key = model._meta.pk
            if isinstance(key, AutoField | BigAutoField):
                table = model._meta.db_table
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 0) + 1, false) FROM {table}"
                )


def _told(player: Crashing) -> list[str]:
    summary = (
        f"{len(boundaries.NAMES)} boundaries are named in the code; {len(player.tried)} were crashed at, each once. "
        f"A mail was sent twice {player.mails_doubled} times, with the same Message-ID, each time after a crash between "
        "its sending and its mark; at no other point. "
        f"{player.files_left} uploaded files were left over whose rows were not committed; every file of a row is there."
    )
    return [
        summary,
        "",
        "| boundary | crashed during |",
        "|---|---|",
        *(f"| {name} | {what} |" for name, what in sorted(player.tried.items())),
    ]
