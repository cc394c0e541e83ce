"""Plans, motions, changes, proceedings and appeals, taken at random."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appealable
from rdfast.changes.models import Change
from rdfast.flow import (
    appealing,
    changing,
    completing,
    confirming,
    curing,
    moving,
    planning,
    proceeding,
    stopping,
)
from rdfast.flow.telling import committee, signatories
from rdfast.funding.models import Award, Motion
from rdfast.funding.queries import paid_or_bounced
from rdfast.milestones.operations import Promise
from rdfast.people.models import User
from rdfast.plans import operations as plans
from rdfast.plans.models import Plan
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.models import Proposal
from tests import make
from tests.prove.chance import Chance, NothingThere

LIVE = ("provisional", "confirmed")
SUSPENDED = ("provisional_suspended", "confirmed_suspended")
RUNNING = (*LIVE, *SUSPENDED)
ENDED = ("terminated", "completed")


def plan(c: Chance) -> None:
    plan = c.row(Plan, "due", "returned")
    by = c.someone(plan.award.pi)
    steps = [
        make.Step("More", "It scales", (c.at + timedelta(days=25)).date(), 50, c.coin.random() < 0.3),
        make.Step("All", "It is done", (c.at + timedelta(days=50)).date(), 50),
    ]
    changes: dict[str, Any] = {"steps": steps} if c.coin.random() < 0.7 else {}
    plans.save(plan.pk, make.plan_content(plan, **changes), revision=plan.revision, by=by, at=c.at)
    planning.submit(plan.pk, by=by, at=c.at)


def answer_plan(c: Chance) -> None:
    plan = c.row(Plan, "submitted")
    by = c.someone(*c.stage.managers, c.w.doyun)
    if c.coin.random() < 0.8:
        planning.accept(plan.pk, reason="", by=by, at=c.at)
    else:
        planning.return_(plan.pk, reason="more", by=by, at=c.at)


def _envelope(c: Chance) -> int:
    """This year's or the next year's, sometimes one that is over."""
    envelopes = list(c.w.programme.envelopes.order_by("year"))
    return int(c.coin.choice(envelopes).pk)


def propose_confirmation(c: Chance) -> None:
    award = c.row(Award, "provisional")
    if not confirming.is_ready(award):
        c.seldom(0.3)
    by = c.someone(*c.stage.managers)
    moving.propose_confirmation(award.pk, envelope_id=_envelope(c), reason="works", by=by, at=c.at)


def propose_raise(c: Chance) -> None:
    award = c.row(Award, "provisional")
    if not award.milestones.filter(state="passed").exists():
        c.seldom(0.3)
    most = moving.most_for(award)
    amount = c.coin.choice([award.amount + 1_000_000, most, most, most + 1])
    by = c.someone(*c.stage.managers)
    moving.propose_raise(award.pk, amount=amount, envelope_id=_envelope(c), reason="works", by=by, at=c.at)


def propose_resumption(c: Chance) -> None:
    award = c.row(Award, *SUSPENDED)
    if curing.uncured(award, at=c.at):
        c.seldom(0.3)
    moving.propose_resumption(award.pk, reason="cured", by=c.someone(*c.stage.managers), at=c.at)


def propose_end(c: Chance) -> None:
    award = c.row(Award, *RUNNING)
    if award.stop_asked_at is None:
        c.seldom(0.2)
    moving.propose_end(award.pk, reason="agreed", lesson="heat", by=c.someone(c.w.minjun), at=c.at)


def sign_motion(c: Chance) -> None:
    motion = c.row(Motion, "proposed")
    act = c.coin.choice([moving.carry, moving.carry, moving.carry, moving.refuse])
    act(motion.pk, answer="seen", by=c.someone(c.w.yuna, c.w.doyun), at=c.at)


def extend(c: Chance) -> None:
    c.seldom(0.3)
    award = c.row(Award, "provisional")
    days = c.coin.choice([30, 90, 91])
    confirming.extend(award.pk, days=days, reason="late", by=c.someone(c.w.doyun), at=c.at)


def ask_to_stop(c: Chance) -> None:
    c.seldom(0.15)
    award = c.row(Award, *RUNNING)
    stopping.ask_to_stop(award.pk, reason="cannot work", by=c.someone(award.pi), at=c.at)


def take_stop_back(c: Chance) -> None:
    c.seldom(0.3)
    award = c.one_of(Award.objects.filter(state__in=RUNNING, stop_asked_at__isnull=False))
    stopping.take_back(award.pk, by=c.someone(award.pi), at=c.at)


def final_report(c: Chance) -> None:
    award = c.row(Award, "confirmed")
    if not completing.is_time(award, at=c.at):
        c.seldom(0.1)
    completing.report_finally(award.pk, text="done", lesson="much", files=[], by=c.someone(award.pi), at=c.at)


def change(c: Chance) -> None:
    """More or less money, down to what was paid and below; the milestones later, one of them moved or one more."""
    c.seldom(0.5)
    award = c.row(Award, *LIVE)
    paid = paid_or_bounced(award)
    amount = award.amount + c.coin.choice(
        [0, 0, 5_000_000, -5_000_000, paid - award.amount, paid - 1 - award.amount]
    )
    ahead = list(award.milestones.filter(state="planned").order_by("number"))
    moved = ahead if c.coin.random() < 0.5 else ahead[-1:]
    promises = [
        Promise(
            each.title,
            each.criterion,
            each.due_on + timedelta(days=3 if each in moved else 0),
            each.share_percent,
            each.is_critical,
        )
        for each in ahead
    ]
    if not ahead or c.coin.random() < 0.2:
        last = max([c.at.date(), *(each.due_on for each in promises)])
        promises.append(Promise("More", "It goes on", last + timedelta(days=20), 20))
    changing.propose(
        award.pk,
        amount=max(1, amount),
        promises=promises,
        reason="learnt",
        base_version=award.version - c.coin.choice([0, 0, 0, 0, 1]),
        once=make.uuid4(),
        by=c.someone(award.pi, *c.stage.managers),
        at=c.at,
    )


def answer_change(c: Chance) -> None:
    change = c.row(Change, "proposed")
    if change.base_version == change.award.version:
        c.seldom(0.4)  # meanwhile the agreement may go on without it
    by = c.someone(*(c.stage.managers if change.side == "applicant" else signatories(change.award)))
    if c.coin.random() < 0.75:
        changing.agree(change.pk, by=by, at=c.at)
    else:
        changing.refuse(change.pk, answer="no", by=by, at=c.at)


def open_proceeding(c: Chance) -> None:
    c.seldom(0.3)
    kind = c.coin.choice(["special_review", "termination", "recovery"])
    states = (*RUNNING, *ENDED, "closed") if kind == "recovery" else RUNNING
    proceeding.open_(
        c.row(Award, *states).pk,
        kind,
        reason="doubts",
        possible_outcome="an end",
        amount=3_000_000 if kind == "recovery" else None,
        by=c.someone(*c.stage.managers),
        at=c.at,
    )


def reply(c: Chance) -> None:
    found = c.row(Proceeding, "noticed")
    by = c.someone(found.award.pi, *signatories(found.award))
    proceeding.reply(found.pk, text="all is well", by=by, at=c.at)


def _judge(c: Chance, proposal: Proposal) -> User:
    """Mostly somebody of the committee who took no part in the matter."""
    uninvolved = committee(proposal) if c.coin.random() < 0.7 else []
    return c.someone(*(uninvolved or c.w.committee))


def vote(c: Chance) -> None:
    found = c.row(Proceeding, "heard")
    proceeding.vote(
        found.pk,
        is_for=c.coin.random() < 0.65,
        termination_kind=c.coin.choice(["technical", "for_cause"]),
        reason="read",
        by=_judge(c, found.award.proposal),
        at=c.at,
    )


def sign_measure(c: Chance) -> None:
    found = c.row(Proceeding, "decided")
    act = c.coin.choice([proceeding.sign, proceeding.sign, proceeding.refuse])
    act(found.pk, conclusion="seen", by=c.someone(c.w.yuna), at=c.at)


def appeal(c: Chance) -> None:
    proposal = c.row(Proposal, "declined", "routed", "approved")
    possible = appealable(proposal, at=c.at)
    if not possible:
        raise NothingThere
    kind = c.coin.choice(sorted({event.kind for event in possible}))  # findings are rarer than the rest
    event = c.coin.choice([event for event in possible if event.kind == kind])
    appealing.file(proposal.pk, event.pk, text="wrong", by=c.someone(proposal.pi), at=c.at)


def decide_appeal(c: Chance) -> None:
    appeal = c.row(Appeal, "filed")
    act = c.coin.choice([appealing.uphold, appealing.uphold, appealing.reject])
    act(appeal.pk, reason="read", by=_judge(c, appeal.proposal), at=c.at)


LATER: list[Callable[[Chance], None]] = [
    plan, plan, answer_plan, answer_plan, propose_confirmation, propose_raise, propose_raise,
    propose_resumption, propose_resumption, propose_end, sign_motion, sign_motion, extend, ask_to_stop, take_stop_back,
    final_report, final_report, change, answer_change, open_proceeding, reply, vote, vote, vote, vote,
    sign_measure, appeal, appeal, decide_appeal,
]  # fmt: skip
