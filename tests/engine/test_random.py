"""A seeded random run over every operation of the path, legal and not; the ten invariants hold after each step.

`RDFAST_SEED` and `RDFAST_STEPS` replay or lengthen it.
"""

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from rdfast.core.refusals import RuleBroken
from rdfast.flow import accounting, evaluating, granting, paying, performing, signing, submitting
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award, Tranche
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from rdfast.reviews.models import Finding, Review
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Claim
from rdfast.settlement.operations import Line, Verdict
from rdfast.timers.queries import next_due
from tests import make

pytestmark = pytest.mark.django_db
SEED = int(os.environ.get("RDFAST_SEED", "20261123"))
STEPS = int(os.environ.get("RDFAST_STEPS", "800"))


class NothingThere(Exception):
    """No row to act upon yet."""


class Chance:
    """The world, the time, and a coin for everything."""

    def __init__(self, seed: int) -> None:
        self.coin = random.Random(seed)
        self.w = make.world(first_milestone_day=180)
        elsewhere = self.w.reviewers[0].organisation
        for number in range(10):
            reviewer = make.person(f"Rev{number}", elsewhere)
            Appointment.objects.create(programme=self.w.programme, user=reviewer, role="reviewer")
        self.pis = [self.w.hana, *(make.person(f"Pi{n}", self.w.institute) for n in range(30))]
        self.at = make.MONDAY
        self.everyone = list(User.objects.order_by("pk"))
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def row(self, model: Any, *preferred: str) -> Any:
        """A random row, mostly in one of the preferred states."""
        rows = model.objects.order_by("pk")
        if preferred and self.coin.random() < 0.85:
            rows = rows.filter(state__in=preferred)
        found = list(rows)
        if not found:
            raise NothingThere
        return self.coin.choice(found)

    def next_operation(self) -> Callable[["Chance"], None]:
        """Any operation, or as often one that has been done less than others."""
        picked = self.coin.sample(OPERATIONS, 4)
        if self.coin.random() < 0.5:
            return picked[0]
        return min(picked, key=lambda operation: self.done[operation.__name__.strip("_")])

    def seldom(self) -> None:
        """Skip most tries of what would end too many stories early."""
        if self.coin.random() < 0.4:
            raise NothingThere

    def someone(self, *right: User) -> User:
        """Mostly the right person, sometimes anybody."""
        return (
            self.coin.choice(right)
            if right and self.coin.random() < 0.85
            else self.coin.choice(self.everyone)
        )


def _submit(c: Chance) -> None:
    pi = c.coin.choice(c.pis)
    provisional = c.coin.choice([20_000_000, 60_000_000, 105_000_000, 106_000_000, 900_000_000])
    soon = [
        make.Planned("First", "It works", (c.at + timedelta(days=20)).date(), 40),
        make.Planned("Second", "It lasts", (c.at + timedelta(days=50)).date(), 60),
    ]
    proposal = make.draft(c.w, by=pi, at=c.at, provisional=provisional, milestones=soon)
    submitting.submit(proposal.pk, by=c.someone(pi), at=c.at)


def _resubmit(c: Chance) -> None:
    proposal = c.row(Proposal, "returned")
    submitting.submit(proposal.pk, by=c.someone(proposal.pi), at=c.at)


def _withdraw(c: Chance) -> None:
    c.seldom()
    proposal = c.row(Proposal)
    submitting.withdraw(proposal.pk, by=c.someone(proposal.pi), at=c.at)


def _approve(c: Chance) -> None:
    proposal = c.row(Proposal, "submitted")
    granting.approve(
        proposal.pk,
        amount=proposal.asked_provisional,
        reason="yes",
        by=c.someone(c.w.minjun, c.w.doyun),
        at=c.at,
    )


def _second(c: Chance) -> None:
    proposal = c.row(Proposal, "recommended")
    decide = c.coin.choice([granting.approve_second, granting.approve_second, granting.refuse_second])
    decide(proposal.pk, reason="second", by=c.someone(c.w.yuna), at=c.at)


def _answer(c: Chance) -> None:
    proposal = c.row(Proposal, "submitted")
    decide = c.coin.choice([granting.give_back, granting.give_back, granting.decline])
    c.seldom()
    decide(proposal.pk, reason="no", by=c.someone(c.w.minjun), at=c.at)


def _sign(c: Chance) -> None:
    award = c.row(Award, "offered")
    sha256 = signing.agreement_hash(signing.agreement_text(award))
    signing.sign(award.pk, sha256=sha256, account=make.ACCOUNT, by=c.someone(c.w.sejin), at=c.at)


def _refuse(c: Chance) -> None:
    c.seldom()
    signing.refuse(c.row(Award, "offered").pk, reason="no", by=c.someone(c.w.sejin), at=c.at)


def _approve_tranche(c: Chance) -> None:
    paying.approve(c.row(Tranche, "ready").pk, by=c.someone(c.w.minjun), at=c.at)


def _release(c: Chance) -> None:
    paying.release(c.row(Tranche, "approved").pk, by=c.someone(c.w.finn), at=c.at)


def _settle(c: Chance) -> None:
    paying.settle(c.row(Tranche, "released").pk, by=c.someone(c.w.finn), at=c.at)


def _report(c: Chance) -> None:
    milestone = c.row(Milestone, "open", "overdue", "conditional")
    performing.report(milestone.pk, text="done", files=[], by=c.someone(milestone.award.pi), at=c.at)


def _answer_invitation(c: Chance) -> None:
    review = c.row(Review, "invited")
    by = c.someone(review.reviewer)
    fate = c.coin.random()
    if fate < 0.8:
        evaluating.accept(review.pk, by=by, at=c.at)
    elif fate < 0.95:
        evaluating.decline(review.pk, reason="busy", by=by, at=c.at)


def _deliver(c: Chance) -> None:
    review = c.row(Review, "accepted")
    scores = {name: c.coin.randint(1, 5) for name in ("reached", "evidence", "worth", "money")}
    grade = c.coin.choice(["passed", "passed", "passed", "conditional", "failed"])
    evaluating.deliver(
        review.pk, scores=scores, grade=grade, comments="seen", by=c.someone(review.reviewer), at=c.at
    )


def _confirm(c: Chance) -> None:
    finding = c.row(Finding)
    evaluating.confirm(finding.pk, reason="", by=c.someone(c.w.minjun, c.w.doyun), at=c.at)


def _claim(c: Chance) -> None:
    award = c.row(Award, "provisional")
    by = c.someone(award.pi)
    claim = settlement.start(award.pk, by=by, at=c.at, once=make.uuid4())
    category = make.BudgetCategory.objects.earliest("pk")
    amount = c.coin.choice([5_000_000, 20_000_000, 24_000_000, 90_000_000])
    settlement.save(
        claim.pk, [Line(category, c.at.date(), "cost", amount)], files=[], revision=0, by=by, at=c.at
    )
    accounting.submit(claim.pk, by=by, at=c.at)


def _decide_claim(c: Chance) -> None:
    claim = c.row(Claim, "submitted")
    share = c.coin.choice([0, 50, 100, 100])
    verdicts = {line.pk: Verdict(line.amount * share // 100, "too much") for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=c.someone(c.w.finn), at=c.at)


def _wait(c: Chance) -> None:
    until = c.at + timedelta(hours=c.coin.choice([5, 24, 36, 60]))
    while (due := next_due()) is not None and due <= until:
        settle_down(at=due)
    c.at = until


OPERATIONS: list[Callable[[Chance], None]] = [
    _submit, _submit, _submit, _resubmit, _resubmit, _withdraw, _approve, _approve, _second, _second, _answer, _sign, _sign, _refuse, _approve_tranche,
    _approve_tranche, _release, _release, _settle, _report, _answer_invitation, _answer_invitation, _deliver,
    _deliver, _deliver, _confirm, _claim, _decide_claim, _wait, _wait, _wait, _wait,
]  # fmt: skip


def test_no_step_of_a_random_run_breaks_an_invariant() -> None:
    chance = Chance(SEED)
    for step in range(STEPS):
        operation = chance.next_operation()
        name = operation.__name__.strip("_")
        try:
            with transaction.atomic():
                operation(chance)
                _as_at_commit()
        except RuleBroken:
            chance.refused[name] += 1
        except NothingThere:
            continue
        else:
            chance.done[name] += 1
        offenders = broken(at=chance.at)
        assert offenders == [], f"seed {SEED}, step {step}, {name}: {offenders}"

    met = {operation.__name__.strip("_") for operation in OPERATIONS}
    missing = met - set(chance.done)
    assert not missing, f"seed {SEED} never did {missing}; did {chance.done}, refused {chance.refused}"
    assert sum(chance.refused.values()) > STEPS // 20


def _as_at_commit() -> None:
    """What the database checks at commit, now."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
