"""Every operation of the second half, taken at random: plan, motions, changes, disputes, money back, the end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appealable
from rdfast.changes.models import Change
from rdfast.flow import (
    allotting,
    appealing,
    changing,
    closing,
    completing,
    confirming,
    granting,
    moving,
    paying,
    performing,
    planning,
    proceeding,
    recovering,
    stopping,
)
from rdfast.flow.telling import signatories
from rdfast.funding.models import Award, Motion, NewAccount, Tranche
from rdfast.funding.operations import PaymentAccount
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import Promise
from rdfast.plans import operations as plans
from rdfast.plans.models import Plan
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.models import Proposal
from rdfast.settlement.models import Recovery, Repayment
from tests import make
from tests.prove.chance import OPERATIONS, Chance, NothingThere

RUNNING = ("provisional", "confirmed", "provisional_suspended", "confirmed_suspended")
SUSPENDED = ("provisional_suspended", "confirmed_suspended")


def _plan(c: Chance) -> None:
    plan = c.row(Plan, "due", "returned")
    by = c.someone(plan.award.pi)
    steps = [
        make.Step("More", "It scales", (c.at + timedelta(days=60)).date(), 50, c.coin.random() < 0.3),
        make.Step("All", "It is done", (c.at + timedelta(days=120)).date(), 50),
    ]
    changes: dict[str, Any] = {"steps": steps} if c.coin.random() < 0.7 else {}
    plans.save(plan.pk, make.plan_content(plan, **changes), revision=plan.revision, by=by, at=c.at)
    planning.submit(plan.pk, by=by, at=c.at)


def _answer_plan(c: Chance) -> None:
    plan = c.row(Plan, "submitted")
    by = c.someone(c.w.minjun, c.w.doyun)
    if c.coin.random() < 0.8:
        planning.accept(plan.pk, reason="", by=by, at=c.at)
    else:
        planning.return_(plan.pk, reason="more", by=by, at=c.at)


def _move(c: Chance) -> None:
    by = c.someone(c.w.minjun, c.w.doyun)
    fate = c.coin.random()
    if fate < 0.35:
        award = c.row(Award, "provisional")
        moving.propose_confirmation(award.pk, envelope_id=c.w.envelope.pk, reason="works", by=by, at=c.at)
    elif fate < 0.55:
        award = c.row(Award, "provisional")
        amount = award.amount + c.coin.choice([1_000_000, 10_000_000, 400_000_000])
        moving.propose_raise(
            award.pk, amount=amount, envelope_id=c.w.envelope.pk, reason="works", by=by, at=c.at
        )
    elif fate < 0.85:
        moving.propose_resumption(c.row(Award, *SUSPENDED).pk, reason="cured", by=by, at=c.at)
    else:
        award = c.row(Award, *RUNNING)
        if award.stop_asked_at is None:
            c.seldom(0.2)
        moving.propose_end(award.pk, reason="agreed", lesson="heat", by=by, at=c.at)


def _sign_motion(c: Chance) -> None:
    motion = c.row(Motion, "proposed")
    act = c.coin.choice([moving.carry, moving.carry, moving.carry, moving.refuse])
    act(motion.pk, answer="seen", by=c.someone(c.w.yuna, c.w.doyun), at=c.at)


def _extend(c: Chance) -> None:
    c.seldom(0.3)
    award = c.row(Award, "provisional")
    confirming.extend(
        award.pk, days=c.coin.choice([30, 90, 91]), reason="late", by=c.someone(c.w.doyun), at=c.at
    )


def _ask_to_stop(c: Chance) -> None:
    c.seldom(0.15)
    award = c.row(Award, *RUNNING)
    stopping.ask_to_stop(award.pk, reason="cannot work", by=c.someone(award.pi), at=c.at)


def _leave(c: Chance) -> None:
    milestone = c.row(Milestone, "missed")
    until = (c.at + timedelta(days=c.coin.choice([-1, 5, 30]))).date()
    performing.give_leave(milestone.pk, until=until, reason="ill", by=c.someone(c.w.minjun), at=c.at)


def _report_late(c: Chance) -> None:
    milestone = c.row(Milestone, "missed")
    performing.report(milestone.pk, text="late", files=[], by=c.someone(milestone.award.pi), at=c.at)


def _final_report(c: Chance) -> None:
    award = c.row(Award, "confirmed")
    completing.report_finally(award.pk, text="done", lesson="much", files=[], by=c.someone(award.pi), at=c.at)


def _change(c: Chance) -> None:
    c.seldom(0.5)
    award = c.row(Award, "provisional", "confirmed")
    amount = max(1, award.amount + c.coin.choice([-30_000_000, -5_000_000, 0, 0, 5_000_000]))
    promises = [
        Promise(each.title, each.criterion, each.due_on + timedelta(days=3), each.share_percent)
        for each in award.milestones.filter(state="planned").order_by("number")
    ]
    changing.propose(
        award.pk,
        amount=amount,
        promises=promises,
        reason="learnt",
        base_version=award.version - c.coin.choice([0, 0, 0, 0, 1]),
        once=make.uuid4(),
        by=c.someone(award.pi, c.w.minjun),
        at=c.at,
    )


def _answer_change(c: Chance) -> None:
    change = c.row(Change, "proposed")
    by = c.someone(*([c.w.minjun] if change.side == "applicant" else signatories(change.award)))
    if c.coin.random() < 0.75:
        changing.agree(change.pk, by=by, at=c.at)
    else:
        changing.refuse(change.pk, answer="no", by=by, at=c.at)


def _bounce(c: Chance) -> None:
    c.seldom(0.3)
    paying.bounce(c.row(Tranche, "released").pk, reason="closed", by=c.someone(c.w.finn), at=c.at)


def _give_account(c: Chance) -> None:
    tranche = c.row(Tranche, "bounced")
    award = tranche.award
    account = PaymentAccount("한국은행", "1-2-3", "기관")
    paying.give_account(award.pk, account=account, by=c.someone(*signatories(award)), at=c.at)


def _check_account(c: Chance) -> None:
    account = NewAccount.objects.filter(checked_at=None).order_by("pk").first()
    if account is None:
        raise NothingThere
    paying.check_account(account.pk, by=c.someone(c.w.finn), at=c.at)


def _open_proceeding(c: Chance) -> None:
    c.seldom(0.25)
    kind = c.coin.choice(["special_review", "termination", "recovery"])
    proceeding.open_(
        c.row(Award, *RUNNING).pk,
        kind,
        reason="doubts",
        possible_outcome="an end",
        amount=3_000_000 if kind == "recovery" else None,
        by=c.someone(c.w.minjun),
        at=c.at,
    )


def _reply(c: Chance) -> None:
    found = c.row(Proceeding, "noticed")
    by = c.someone(found.award.pi, *signatories(found.award))
    proceeding.reply(found.pk, text="all is well", by=by, at=c.at)


def _vote(c: Chance) -> None:
    found = c.row(Proceeding, "heard")
    proceeding.vote(
        found.pk,
        is_for=c.coin.random() < 0.6,
        termination_kind=c.coin.choice(["technical", "for_cause"]),
        reason="read",
        by=c.someone(*c.w.committee),
        at=c.at,
    )


def _sign_measure(c: Chance) -> None:
    found = c.row(Proceeding, "decided")
    act = c.coin.choice([proceeding.sign, proceeding.sign, proceeding.refuse])
    act(found.pk, conclusion="seen", by=c.someone(c.w.yuna), at=c.at)


def _appeal(c: Chance) -> None:
    proposal = c.row(Proposal, "declined", "routed", "approved")
    possible = appealable(proposal, at=c.at)
    if not possible:
        raise NothingThere
    event = c.coin.choice(possible)
    appealing.file(proposal.pk, event.pk, text="wrong", by=c.someone(proposal.pi), at=c.at)


def _decide_appeal(c: Chance) -> None:
    appeal = c.row(Appeal, "filed")
    act = c.coin.choice([appealing.uphold, appealing.uphold, appealing.reject])
    act(appeal.pk, reason="read", by=c.someone(*c.w.committee), at=c.at)


def _route(c: Chance) -> None:
    c.seldom(0.3)
    granting.route(c.row(Proposal, "submitted").pk, reason="other", by=c.someone(c.w.minjun), at=c.at)


def _answer_reopened(c: Chance) -> None:
    proposal = c.row(Proposal, "reopened")
    by = c.someone(c.w.doyun, c.w.minjun)
    if c.coin.random() < 0.6:
        granting.approve(proposal.pk, amount=proposal.asked_provisional, reason="yes", by=by, at=c.at)
    else:
        c.coin.choice([granting.decline, granting.route])(proposal.pk, reason="no", by=by, at=c.at)


def _reassign(c: Chance) -> None:
    proposal = c.row(Proposal, "submitted", "reopened")
    if proposal.escalated_at is None:
        c.seldom(0.1)
    granting.reassign(proposal.pk, c.w.minjun, reason="please", by=c.someone(c.w.doyun), at=c.at)


def _recover(c: Chance) -> None:
    c.seldom(0.3)
    award = c.row(Award, *RUNNING, "terminated", "completed", "closed")
    kind, origin = c.coin.choice(
        [
            ("disallowed", "expense"),
            ("unspent", "advances"),
            ("surcharge", "on_top"),
            ("interest", "advances"),
        ]
    )
    amount = c.coin.choice([1_000_000, 4_000_000, 900_000_000])
    recovering.propose(
        award.pk, kind=kind, origin=origin, amount=amount, reason="audit", by=c.someone(c.w.finn), at=c.at
    )


def _notice(c: Chance) -> None:
    recovering.notice(c.row(Recovery, "proposed").pk, by=c.someone(c.w.finn), at=c.at)


def _contest(c: Chance) -> None:
    recovery = c.row(Recovery, "noticed")
    recovering.contest(recovery.pk, objection="no", by=c.someone(recovery.award.pi), at=c.at)


def _determine(c: Chance) -> None:
    recovery = c.row(Recovery, "contested")
    by = c.someone(c.w.minjun)
    if c.coin.random() < 0.8:
        amount = c.coin.choice([recovery.amount, recovery.amount // 2 or 1, recovery.amount + 1])
        recovering.determine(recovery.pk, amount=amount, determination="heard", by=by, at=c.at)
    else:
        recovering.dismiss(recovery.pk, conclusion="nothing", by=by, at=c.at)


def _pay_back(c: Chance) -> None:
    recovery = c.row(Recovery, "demanded", "overdue", "dunned", "referred")
    amount = c.coin.choice([recovery.amount, recovery.amount // 3 or 1, recovery.amount + 7])
    recovering.receive(
        recovery.pk,
        reference=str(make.uuid4()),
        received_on=timezone.localdate(c.at),
        amount=amount,
        by=c.someone(c.w.finn),
        at=c.at,
    )


def _instalments(c: Chance) -> None:
    recovery = c.row(Recovery, "demanded", "overdue", "dunned", "referred")
    half = recovery.amount // 2
    days = [timezone.localdate(c.at) + timedelta(days=number) for number in (20, 40)]
    rows = [(half, days[0]), (recovery.amount - half, days[1])]
    recovering.agree_instalments(recovery.pk, rows, by=c.someone(c.w.finn), at=c.at)


def _give_up(c: Chance) -> None:
    c.seldom(0.3)
    recovery = c.row(Recovery, "determined", "demanded", "overdue", "dunned", "referred")
    act = c.coin.choice([recovering.waive, recovering.write_off])
    act(recovery.pk, conclusion="bankrupt", by=c.someone(c.w.yuna), at=c.at)


def _give_back(c: Chance) -> None:
    recovering.give_back(c.row(Repayment).pk, by=c.someone(c.w.finn), at=c.at)


def _remit(c: Chance) -> None:
    recovering.remit(c.row(Recovery, "paid", "demanded").pk, by=c.someone(c.w.finn), at=c.at)


def _close(c: Chance) -> None:
    closing.close(c.row(Award, "terminated", "completed").pk, by=c.someone(c.w.finn), at=c.at)


def _allot_more(c: Chance) -> None:
    c.seldom(0.1)
    allotting.allot(
        c.w.envelope.pk, amount=300_000_000, reason="more", key=str(make.uuid4()), by=c.w.finn, at=c.at
    )


LATER: list[Callable[[Chance], None]] = [
    _plan, _plan, _answer_plan, _answer_plan, _move, _move, _sign_motion, _sign_motion, _extend, _ask_to_stop, _leave,
    _report_late, _final_report, _change, _answer_change, _bounce, _give_account, _check_account, _open_proceeding,
    _reply, _vote, _vote, _vote, _sign_measure, _appeal, _decide_appeal, _route, _answer_reopened, _reassign, _recover,
    _notice, _contest, _determine, _pay_back, _instalments, _give_up, _give_back, _remit, _close, _allot_more,
]  # fmt: skip
# The whole of it: the spine as often as the second half, so that stories come far enough.
EVERYTHING = [*OPERATIONS, *LATER]
