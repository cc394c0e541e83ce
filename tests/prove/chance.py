"""A player who takes operations at random: mostly the right one by the right person, often not."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from rdfast.core.refusals import RuleBroken
from rdfast.flow.deadlines import settle_down
from rdfast.people.models import User
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment, Call, Envelope
from rdfast.reports.invariants import MACHINES
from rdfast.timers.queries import next_due
from tests import make

Role = Appointment.Role
# Every row of every machine by its state, in one question.
_ROWS = " UNION ALL ".join(
    f"SELECT '{model._meta.label}', state, array_agg(id ORDER BY id) FROM {model._meta.db_table} GROUP BY state"
    for model in MACHINES
)
# The shortest clocks a policy may have: more comes to its end while a world is played.
BRIEF = {
    "sign_days": 8,
    "plan_days": 10,
    "confirmation_days": 60,
    "account_days": 20,
    "grace_days": 4,
    "cure_days": 6,
    "suspension_days": 20,
    "final_claim_days": 20,
    "final_report_days": 14,
    "close_days": 14,
    "reply_days": 10,
    "contest_days": 10,
    "determine_days": 10,
    "pay_days": 14,
    "dun_after_days": 2,
    "dun_days": 4,
    "decide_plan_working_days": 3,
    "after_failure_working_days": 3,
    "provisional_awards_per_pi": 2,
}


class NothingThere(Exception):
    """No row to act upon yet."""


class NotRefused(Exception):
    """Something was let through that nobody may do."""


@dataclass
class Stage:
    """What several players at once share: the world and the time."""

    w: make.World
    pis: list[User]
    managers: list[User]
    everyone: list[User]
    at: datetime = make.MONDAY
    waiting: Lock = field(default_factory=Lock)


def stage(*, allotted: int = 10_000_000_000, **terms: object) -> Stage:
    """A world with many researchers and reviewers, and two envelopes."""
    w = make.world(allotted=allotted, first_milestone_day=180, **terms)  # type: ignore[arg-type]
    following = Envelope.objects.create(programme=w.programme, year=w.envelope.year + 1)
    programmes.allot(following.pk, amount=3_000_000_000, reason="budget", key="next", by=None, at=make.MONDAY)
    # The call outlasts the run: what is met late in a story is met again and again.
    ends_at = make.MONDAY + timedelta(days=900)
    Call.objects.update(closes_at=ends_at, work_ends_on=(ends_at + timedelta(days=900)).date())
    w.call.refresh_from_db()
    elsewhere = w.reviewers[0].organisation
    for role, number in ((Role.REVIEWER, 10), (Role.COMMITTEE, 8)):
        _appoint(w, role, [make.person(f"{role}{each}", elsewhere) for each in range(number)])
    managers = [w.minjun, make.person("Mina", w.minjun.organisation)]
    _appoint(w, Role.MANAGER, managers[1:])
    institutes = [w.institute, *(make.organisation(number) for number in range(11, 14))]
    for number, institute in enumerate(institutes[1:]):
        make.person(f"Signer{number}", institute, is_signatory=True)
    pis = [w.hana, *(make.person(f"Pi{number}", institutes[number % 4]) for number in range(30))]
    return Stage(w, pis, managers, list(User.objects.order_by("pk")))


def _appoint(w: make.World, role: str, people: list[User]) -> None:
    Appointment.objects.bulk_create(
        Appointment(programme=w.programme, user=person, role=role) for person in people
    )


class Chance:
    """One player: a coin for everything, and a tally of what was tried in which state with which outcome."""

    def __init__(
        self,
        stage: Stage,
        coin: random.Random,
        operations: list[Callable[["Chance"], None]],
        *,
        alone: bool = True,
    ) -> None:
        self.stage, self.coin, self.operations, self.alone = stage, coin, operations, alone
        self.w, self.pis = stage.w, stage.pis
        self.cells: Counter[tuple[str, str, str]] = Counter()
        self.tried: Counter[str] = Counter()
        self.met = ""
        self._rows: dict[str, dict[str, list[int]]] | None = None

    @property
    def at(self) -> datetime:
        """The time of the stage."""
        return self.stage.at

    @property
    def a_moment_later(self) -> datetime:
        """When a conflict is declared: steps between two waits share an instant, and what was done at it came before."""
        return self.at + timedelta(seconds=1)

    def step(self) -> None:
        """Take one operation that finds something to act upon. What is neither done nor refused is raised."""
        if not self.alone:
            self._rows = None
        while not self.attempt(self._next_operation()):
            pass

    def attempt(self, operation: Callable[["Chance"], None]) -> bool:
        """Whether the operation found something to act upon; then it was done or refused."""
        name = operation.__name__.strip("_")
        self.met = ""
        try:
            operation(self)
        except NothingThere:
            return False
        except RuleBroken as refusal:
            self._count(name, type(refusal).__name__)
        else:
            self._count(name, "done")
        return True

    def _count(self, name: str, outcome: str) -> None:
        self._rows = None
        self.tried[name] += outcome == "done"
        self.cells[name, self.met, outcome] += 1

    def _next_operation(self) -> Callable[["Chance"], None]:
        """Any operation, or as often one that has been done less than others."""
        picked = self.coin.sample(self.operations, 4)
        if self.coin.random() < 0.5:
            return picked[0]
        return min(picked, key=lambda operation: self.tried[operation.__name__.strip("_")])

    def row(self, model: Any, *preferred: str) -> Any:
        """A random row, mostly in one of the preferred states: each of these as often as the others."""
        rows = self.rows(model)
        wanted = preferred if preferred and self.coin.random() < 0.9 else sorted(rows)
        states = [state for state in wanted if state in rows]
        if not states:
            raise NothingThere
        return self._meet(model.objects.get(pk=self.pick(rows[self.coin.choice(states)])))

    def one_of(self, rows: QuerySet[Any]) -> Any:
        """A random one of a few rows."""
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        if not keys:
            raise NothingThere
        return self._meet(rows.model._default_manager.get(pk=self.pick(keys)))

    def rows(self, model: Any) -> dict[str, list[int]]:
        """The keys of all rows there are, by their state; as they were when this player last changed anything."""
        if self._rows is None:
            self._rows = {each._meta.label: {} for each in MACHINES}
            with connection.cursor() as cursor:
                cursor.execute(_ROWS)
                for label, state, keys in cursor.fetchall():
                    self._rows[label][state] = keys
        return self._rows[model._meta.label]

    def _meet(self, found: Any) -> Any:
        self.met = f"{found._meta.model_name} {getattr(found, 'state', '')}".strip()
        return found

    def pick(self, keys: list[int]) -> int:
        """Which of the rows that would do."""
        return self.coin.choice(keys)

    def seldom(self, share: float = 0.6) -> None:
        """Skip most tries of what would end too many stories early."""
        if self.coin.random() > share:
            raise NothingThere

    def someone(self, *right: User) -> User:
        """Mostly the right person, sometimes anybody."""
        if right and self.coin.random() < 0.85:
            return self.coin.choice(right)
        return self.coin.choice(self.stage.everyone)


def wait(c: Chance) -> None:
    """Time passes, and every deadline acts at its own instant."""
    hours = c.coin.choice([5, 24, 36, 60, 120, 240])
    with c.stage.waiting:
        until = c.at + timedelta(hours=hours)
        while (due := next_due()) is not None and due <= until:
            settle_down(at=due)
            if next_due() == due:
                time.sleep(0.01)  # another player holds it
        c.stage.at = until
