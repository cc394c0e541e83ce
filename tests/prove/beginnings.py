"""Awards that have come further before the play begins, so that what is late in a story is met often."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from rdfast.flow import closing, completing, ending
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.people.models import User
from rdfast.settlement import queries
from rdfast.settlement.models import Recovery
from tests import make
from tests.prove.chance import BRIEF, Stage, stage


@dataclass
class Beginning:
    """One person's award: how it is made, and what time it is then."""

    w: make.World
    pi: User
    at: datetime

    def asked(self) -> dict[str, object]:
        """What the proposal asks for: milestones in three and in seven weeks."""
        first, second = ((self.at + timedelta(days=days)).date() for days in (20, 50))
        return {
            "by": self.pi,
            "organisation": self.pi.organisation,
            "milestones": [
                make.Planned("First", "It works", first, 40),
                make.Planned("Second", "It lasts", second, 60),
            ],
        }

    def confirmed(self) -> Award:
        """Its first milestone passed, and confirmed the same day."""
        award = make.confirmed(self.w, at=self.at, **self.asked())
        self.at = award.confirmed_at or self.at
        return award

    def passed(self) -> Award:
        """Its first milestone passed, its confirmation still to come."""
        milestone = make.passed(self.w, at=self.at, **self.asked())  # type: ignore[arg-type]
        self.at = milestone.reported_at or self.at
        return milestone.award

    def completed(self, *, is_accounted_for: bool = False) -> Award:
        """Its last milestone passed too, and the final report given."""
        award = self.confirmed()
        if is_accounted_for:
            make.accepted(self.w, award, amount=queries.room_for_claims(award), at=self.at)
        while award.milestones.filter(state="planned").exists():
            self.at = make.passed_next(self.w, award, at=self.at).reported_at or self.at
        completing.report_finally(award.pk, text="done", lesson="much", files=[], by=self.pi, at=self.at)
        return Award.objects.get(pk=award.pk)

    def terminated(self) -> Award:
        """Paid once and ended for cause, after some of the money was accounted for."""
        award = make.paid(self.w, at=self.at, **self.asked()).award
        make.accepted(self.w, award, amount=9_000_000, at=self.at)
        with transaction.atomic():
            ending.terminate(
                Award.objects.get(pk=award.pk), kind="for_cause", reason="doubts", by=None, at=self.at
            )
        return Award.objects.get(pk=award.pk)

    def closed(self) -> Award:
        """Completed, accounted for to the last won, and closed."""
        award = self.completed(is_accounted_for=True)
        return closing.close(award.pk, by=self.w.finn, at=self.at)

    def suspended(self, *, confirmed: bool) -> Award:
        """Money is out, and a special review is to come."""
        award = self.confirmed() if confirmed else make.paid(self.w, at=self.at, **self.asked()).award
        return make.suspended(award, Cause.ACCOUNT_OVERDUE, at=self.at)

    def asked_back(self) -> Award:
        """Two demands that nobody contested, and a notice of another that may still be."""
        award = self.terminated()
        for amount in (2_000_000, 3_000_000):
            make.recovery(self.w, award, amount=amount, at=self.at)
        self.at += timedelta(days=33)
        make.run_to(self.at)
        make.recovery(self.w, award, origin="expense", at=self.at)
        return award

    def failed(self) -> Award:
        """Its first milestone failed just now: an appeal against that is possible."""
        milestone = make.passed(self.w, at=self.at, grade="failed", **self.asked())
        self.at = milestone.reported_at or self.at
        return milestone.award

    def overdue(self) -> Award:
        """A demand that was not paid in time, and not dunned yet."""
        award = self.terminated()
        recovery = make.recovery(self.w, award, amount=2_000_000, at=self.at)
        while Recovery.objects.get(pk=recovery.pk).state != "overdue":
            self.at += timedelta(days=1)
            make.run_to(self.at)
        return award


# What stands when the play begins. In two scenes nothing does; in the last there is hardly any money either.
SCENES: list[list[Callable[[Beginning], Award]]] = [
    [Beginning.confirmed, Beginning.asked_back, Beginning.passed],
    [Beginning.passed, Beginning.completed],
    [Beginning.terminated, Beginning.confirmed, lambda beginning: beginning.suspended(confirmed=False)],
    [Beginning.closed, Beginning.asked_back],
    [lambda beginning: beginning.suspended(confirmed=True), Beginning.completed],
    [Beginning.overdue, Beginning.failed],
    [],
    [],
]
# Where every clock runs at its usual length.
UNHURRIED = {2, 5, 7}


def scene(number: int) -> Stage:
    """The stage with these awards, one made after the other; the play begins when the last of them stands."""
    coin = random.Random(number)
    is_last = number == len(SCENES) - 1
    terms: dict[str, object] = {} if number in UNHURRIED else {**BRIEF}
    found = stage(allotted=600_000_000 if is_last else 10_000_000_000, **terms)
    # Each at an organisation of its own: whoever owes money asks for no more.
    organisations = list(dict.fromkeys(pi.organisation for pi in found.pis))
    for begin, organisation in zip(SCENES[number], organisations, strict=False):
        pi = coin.choice([pi for pi in found.pis if pi.organisation == organisation])
        beginning = Beginning(found.w, pi, found.at)
        begin(beginning)
        found.at = beginning.at
        make.run_to(found.at)
    return found
