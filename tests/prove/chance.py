"""Every operation of every role, taken at random: mostly the right one by the right person, often not."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.forms.models import model_to_dict

from rdfast.audit.models import Event
from rdfast.core.refusals import RuleBroken
from rdfast.flow import accounting, evaluating, granting, paying, performing, signing, submitting
from rdfast.flow.deadlines import settle_down
from rdfast.flow.telling import signatories
from rdfast.funding.models import Award, Payment, Tranche
from rdfast.ledger.models import Arrow, Box
from rdfast.milestones.models import Milestone
from rdfast.milestones.states import EVALUATED
from rdfast.people import operations as people
from rdfast.people.models import User
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment, BudgetCategory, Call
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.reviews import queries as reviews
from rdfast.reviews.models import Finding, Review
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Claim
from rdfast.settlement.operations import Line, Verdict
from rdfast.timers.models import Timer
from rdfast.timers.queries import next_due
from tests import make


class NothingThere(Exception):
    """No row to act upon yet."""


class NotRefused(Exception):
    """Something was let through that nobody may do."""


@dataclass
class Stage:
    """What several players at once share: the world and the time."""

    w: make.World
    pis: list[User]
    everyone: list[User]
    at: datetime = make.MONDAY
    waiting: Lock = field(default_factory=Lock)


def stage(coin: random.Random) -> Stage:
    """A world with many researchers and reviewers, and now and then hardly any money."""
    allotted = coin.choice([10_000_000_000, 10_000_000_000, 600_000_000])
    w = make.world(allotted=allotted, first_milestone_day=180)
    # The call outlasts the run: what is met late in a story is met again and again.
    Call.objects.update(closes_at=make.MONDAY + timedelta(days=600))
    w.call.refresh_from_db()
    elsewhere = w.reviewers[0].organisation
    for number in range(10):
        reviewer = make.person(f"Rev{number}", elsewhere)
        Appointment.objects.create(programme=w.programme, user=reviewer, role="reviewer")
    institutes = [w.institute, *(make.organisation(number) for number in range(11, 14))]
    for number, institute in enumerate(institutes[1:]):
        make.person(f"Signer{number}", institute, is_signatory=True)
    pis = [w.hana, *(make.person(f"Pi{number}", institutes[number % 4]) for number in range(30))]
    return Stage(w, pis, list(User.objects.order_by("pk")))


class Chance:
    """One player: a coin for everything, and a tally of what was tried in which state with which outcome."""

    def __init__(
        self, stage: Stage, coin: random.Random, operations: list[Callable[["Chance"], None]] | None = None
    ) -> None:
        self.stage, self.coin = stage, coin
        self.operations = operations or OPERATIONS
        self.w, self.pis = stage.w, stage.pis
        self.cells: Counter[tuple[str, str, str]] = Counter()
        self.tried: Counter[str] = Counter()
        self.met = ""

    @property
    def at(self) -> datetime:
        """The time of the stage."""
        return self.stage.at

    def step(self) -> None:
        """Take one operation that finds something to act upon. What is neither done nor refused is raised."""
        while not self._try(self._next_operation()):
            pass

    def _try(self, operation: Callable[["Chance"], None]) -> bool:
        name = operation.__name__.strip("_")
        self.met = ""
        try:
            if operation is _wait:
                operation(self)  # a sweep has many transactions of its own
            else:
                with transaction.atomic():
                    operation(self)
        except NothingThere:
            return False
        except RuleBroken as refusal:
            self._count(name, type(refusal).__name__)
        else:
            self._count(name, "done")
        return True

    def _count(self, name: str, outcome: str) -> None:
        self.tried[name] += outcome == "done"
        self.cells[name, self.met, outcome] += 1

    def _next_operation(self) -> Callable[["Chance"], None]:
        """Any operation, or as often one that has been done less than others."""
        picked = self.coin.sample(self.operations, 4)
        if self.coin.random() < 0.5:
            return picked[0]
        return min(picked, key=lambda operation: self.tried[operation.__name__.strip("_")])

    def row(self, model: Any, *preferred: str) -> Any:
        """A random row, mostly in one of the preferred states."""
        rows = model.objects.order_by("pk")
        if preferred and self.coin.random() < 0.85:
            rows = rows.filter(state__in=preferred)
        keys = list(rows.values_list("pk", flat=True))
        if not keys:
            raise NothingThere
        found = model.objects.get(pk=self.pick(keys))
        self.met = f"{model._meta.model_name} {getattr(found, 'state', '')}".strip()
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


def _draft(c: Chance) -> None:
    pi = c.coin.choice(c.pis)
    provisional = c.coin.choice([20_000_000, 60_000_000, 105_000_000, 106_000_000, 900_000_000])
    soon = [
        make.Planned("First", "It works", (c.at + timedelta(days=20)).date(), 40),
        make.Planned("Second", "It lasts", (c.at + timedelta(days=50)).date(), 60),
    ]
    make.draft(c.w, by=pi, at=c.at, provisional=provisional, milestones=soon, organisation=pi.organisation)


def _save(c: Chance) -> None:
    proposal = c.row(Proposal, "draft", "returned")
    revision = proposal.revision - c.coin.choice([0, 0, 0, 1])
    content = make.content(c.w, at=c.at, organisation=proposal.pi.organisation)
    proposals.save(proposal.pk, content, revision=revision, by=c.someone(proposal.pi), at=c.at)


def _submit(c: Chance) -> None:
    proposal = c.row(Proposal, "draft")
    if proposal.created_at < c.at - timedelta(days=15):
        c.seldom(0.1)  # its first milestone would be due by now
    submitting.submit(proposal.pk, by=c.someone(proposal.pi), at=c.at)


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
        amount=proposal.asked_provisional + c.coin.choice([0, 0, 0, 1]),
        reason="yes",
        by=c.someone(c.w.minjun, c.w.doyun),
        at=c.at,
    )


def _second(c: Chance) -> None:
    proposal = c.row(Proposal, "recommended")
    decide = c.coin.choice([granting.approve_second, granting.approve_second, granting.refuse_second])
    decide(proposal.pk, reason="second", by=c.someone(c.w.yuna, c.w.doyun), at=c.at)


def _answer(c: Chance) -> None:
    proposal = c.row(Proposal, "submitted")
    decide = c.coin.choice([granting.give_back, granting.give_back, granting.decline])
    c.seldom()
    decide(proposal.pk, reason=c.coin.choice(["no", "no", " "]), by=c.someone(c.w.minjun), at=c.at)


def _sign(c: Chance) -> None:
    award = c.row(Award, "offered")
    text = signing.agreement_text(award) + c.coin.choice(["", "", "", "and more"])
    sha256 = signing.agreement_hash(text)
    signing.sign(award.pk, sha256=sha256, account=make.ACCOUNT, by=c.someone(*signatories(award)), at=c.at)


def _refuse(c: Chance) -> None:
    c.seldom(0.3)
    award = c.row(Award, "offered")
    signing.refuse(award.pk, reason="no", by=c.someone(*signatories(award)), at=c.at)


def _approve_tranche(c: Chance) -> None:
    paying.approve(c.row(Tranche, "ready").pk, by=c.someone(c.w.minjun), at=c.at)


def _release(c: Chance) -> None:
    paying.release(c.row(Tranche, "approved").pk, by=c.someone(c.w.finn), at=c.at)


def _settle(c: Chance) -> None:
    paying.settle(c.row(Tranche, "released").pk, by=c.someone(c.w.finn), at=c.at)


def _report(c: Chance) -> None:
    milestone = c.row(Milestone, "open", "overdue", "conditional")
    c.seldom()
    performing.report(milestone.pk, text="done", files=[], by=c.someone(milestone.award.pi), at=c.at)


def _spoken(c: Chance) -> Milestone | None:
    """Often a milestone whose panel has spoken and whose finding waits for the manager, if there is one."""
    waiting = Finding.objects.filter(confirmed_at=None, milestone__state__in=EVALUATED)
    keys = list(waiting.order_by("pk").values_list("milestone", flat=True))
    if not keys or c.coin.random() < 0.5:
        return None
    milestone = Milestone.objects.get(pk=c.pick(keys))
    c.met = f"milestone {milestone.state}, finding waits"
    return milestone


def _invite(c: Chance) -> None:
    milestone = _spoken(c) or c.row(Milestone, "open", "overdue", "reported", "under_review")
    reviewer = reviews.candidates(milestone).first() or c.someone()
    review = evaluating.invite(milestone.pk, c.someone(reviewer), by=c.someone(c.w.minjun), at=c.at)
    if Finding.objects.filter(milestone=milestone, round=review.round).exists():
        raise NotRefused("a reviewer was invited after the panel had spoken")


def _answer_invitation(c: Chance) -> None:
    review = c.row(Review, "invited")
    by = c.someone(review.reviewer)
    fate = c.coin.random()
    if fate < 0.8:
        evaluating.accept(review.pk, by=by, at=c.at)
    else:
        evaluating.decline(review.pk, reason="busy", by=by, at=c.at)


def _give_up_review(c: Chance) -> None:
    c.seldom(0.2)
    review = c.row(Review, "invited", "accepted")
    by = c.someone(review.reviewer)
    if c.coin.random() < 0.8:
        evaluating.decline(review.pk, reason="ill", by=by, at=c.at)
    else:
        evaluating.recuse(review.pk, reason="we published together", by=by, at=c.at)


def _deliver(c: Chance) -> None:
    review = c.row(Review, "accepted")
    if review.milestone.state not in EVALUATED:
        c.seldom(0.2)
    scores = {name: c.coin.randint(1, 5) for name in ("reached", "evidence", "worth", "money")}
    grade = c.coin.choice(["passed", "passed", "passed", "conditional", "failed"])
    evaluating.deliver(
        review.pk, scores=scores, grade=grade, comments="seen", by=c.someone(review.reviewer), at=c.at
    )


def _confirm(c: Chance) -> None:
    finding = c.row(Finding)
    if finding.confirmed_at:
        c.seldom(0.1)
    evaluating.confirm(finding.pk, reason="", by=c.someone(c.w.minjun, c.w.doyun), at=c.at)


def _claim(c: Chance) -> None:
    award = c.row(Award, "provisional")
    if not award.tranches.filter(state="settled").exists():
        c.seldom(0.1)
    by = c.someone(award.pi)
    claim = settlement.start(award.pk, by=by, at=c.at, once=make.uuid4())
    category = BudgetCategory.objects.earliest("pk")
    amount = c.coin.choice([5_000_000, 20_000_000, 24_000_000, 90_000_000])
    line = Line(category, c.at.date(), "cost", amount)
    settlement.save(claim.pk, [line], files=[], revision=claim.revision, by=by, at=c.at)


def _submit_claim(c: Chance) -> None:
    claim = c.row(Claim, "draft")
    c.seldom(0.5)
    accounting.submit(claim.pk, by=c.someone(claim.award.pi), at=c.at)


def _decide_claim(c: Chance) -> None:
    claim = c.row(Claim, "submitted")
    share = c.coin.choice([0, 50, 100, 100])
    verdicts = {line.pk: Verdict(line.amount * share // 100, "too much") for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=c.someone(c.w.finn), at=c.at)


def _allot(c: Chance) -> None:
    c.seldom(0.2)
    amount = c.coin.choice([0, 50_000_000, 10_000_000_000])
    change = c.coin.choice([programmes.allot, programmes.cut, programmes.cut])
    change(c.w.envelope.pk, amount=amount, reason="budget", key=str(make.uuid4()), by=c.w.finn, at=c.stage.at)


def _declare_conflict(c: Chance) -> None:
    """Mostly somebody who has taken a review on finds out that it is a friend's."""
    review = c.row(Review, "accepted")
    c.seldom(0.15)
    who, friend = c.someone(review.reviewer), c.someone(review.milestone.award.pi)
    # Steps between two waits share an instant: what was done at it came before the conflict.
    at = c.at + timedelta(seconds=1)
    people.declare_conflict(who, with_user=friend, with_organisation=None, reason="kin", at=at)


def _tamper(c: Chance) -> None:
    """What only somebody past the application can try; the database must refuse it at once or at commit."""
    c.seldom(0.3)
    model, change = c.coin.choice(TAMPERINGS)
    found = c.row(model)
    c.met = f"{model._meta.model_name}: {change}"
    statement = (
        f"DELETE FROM {model._meta.db_table}"
        if change == "gone"
        else f"UPDATE {model._meta.db_table} SET {change}"
    )
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            before = model.objects.select_for_update().get(pk=found.pk)
            cursor.execute(f"{statement} WHERE id = %s", [found.pk])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            after = model.objects.filter(pk=found.pk).first()
            if after is None or model_to_dict(after) != model_to_dict(before):
                raise NotRefused(c.met)
            raise NothingThere  # it was so already
    except DatabaseError as refused:
        raise RuleBroken("refused by the database") from refused


def _wait(c: Chance) -> None:
    hours = c.coin.choice([5, 24, 36, 60])
    with c.stage.waiting:
        until = c.at + timedelta(hours=hours)
        while (due := next_due()) is not None and due <= until:
            settle_down(at=due)
            if next_due() == due:
                time.sleep(0.01)  # another player holds it
        c.stage.at = until


# The model whose row is chosen, and what is to become of it.
TAMPERINGS: list[tuple[Any, str]] = [
    (Proposal, "state = 'approved'"),
    (Award, "state = 'lapsed'"),
    (Tranche, "state = 'scheduled'"),
    (Tranche, "released_by_id = approved_by_id"),
    (Milestone, "state = 'passed'"),
    (Claim, "state = 'accepted'"),
    (Event, "reason = 'other'"),
    (Event, "gone"),
    (Arrow, "amount = amount + 1"),
    (Arrow, "gone"),
    (Box, "balance = balance + 1"),
    (Payment, "amount = amount + 1"),
    (Timer, "status = 'pending', ended_at = NULL"),
    (Timer, "gone"),
]
OPERATIONS: list[Callable[[Chance], None]] = [
    _draft, _draft, _draft, _save, _submit, _submit, _submit, _resubmit, _resubmit, _withdraw, _approve, _approve,
    _second, _second, _answer, _sign, _sign, _refuse, _approve_tranche, _approve_tranche, _release, _release, _settle,
    _report, _invite, _answer_invitation, _answer_invitation, _give_up_review, _deliver, _deliver, _deliver, _confirm,
    _claim, _submit_claim, _decide_claim, _allot, _declare_conflict, _tamper, _wait, _wait, _wait,
]  # fmt: skip
# What somebody may do sometimes; tampering is refused always.
POSSIBLE = {operation.__name__.strip("_") for operation in OPERATIONS} - {"tamper"}
