"""Ten times: every form of the path and every task, in sequence and at once, leaves the state of once.

Before each delivery the database is copied. The copy gets it ten times at once, each on a connection of its own,
and then ten times in sequence; the original gets it once. All rows, mails and files are then compared.
"""

from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from rdfast.flow.deadlines import ACTIONS, settle_down
from rdfast.reports.invariants import broken
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import databases, ground
from tests.prove import fingerprint
from tests.prove.addresses import EXCUSED, taking_forms
from tests.prove.playing import Deliver, Player, copy_of_this, posted, surroundings, tasks
from tests.prove.proof import Options, Outcome
from tests.prove.stories import STORIES


def prove(options: Options) -> Outcome:
    """Walk every story."""
    player = Tenfold("tenfold", times=options.size)
    with surroundings(player):
        player.walk(STORIES, planted=options.planted)
        with ground.fresh_database():
            player.violations += [] if player.violations else _untried(player)
    return Outcome(player.deliveries, "deliveries", player.violations, _told(player))


@dataclass
class Tenfold(Player):
    """Does every step ten times."""

    times: int = 10
    deliveries: int = 0
    deadlines: set[str] = field(default_factory=set)

    def step(self, what: str, deliver: list[Deliver], *, again: list[Deliver]) -> None:
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

    def _at_once(self, deliver: Deliver) -> None:
        for outcome in databases.at_once(*[deliver] * self.times):
            if isinstance(outcome, Exception):
                self.violations.append(f"at once: {outcome!r}")

    def _in_sequence(self, deliver: Deliver) -> None:
        for _time in range(self.times):
            deliver()

    def _left_behind(self) -> fingerprint.Fingerprint:
        """The rows, the mails sent and the files kept, once the tasks have done what is to be done now."""
        settle_down(at=self.at)
        found = fingerprint.take()
        found.update({("mail", text): count for text, count in posted().items()})
        found["files", "kept"] = len(list(Path(settings.MEDIA_ROOT).iterdir()))
        return found


def _untried(player: Player) -> list[str]:
    missing = taking_forms() - set(player.forms) - set(EXCUSED)
    needless = set(EXCUSED) - taking_forms()
    return [f"{name} takes a form that was never sent" for name in sorted(missing)] + [
        f"{name} is excused but takes no form" for name in sorted(needless)
    ]


def _told(player: Tenfold) -> list[str]:
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
