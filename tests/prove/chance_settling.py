"""Money accounted for, asked back and given up, awards closed, envelopes filled and emptied, at random."""

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

from rdfast.flow import accounting, allotting, closing, recovering
from rdfast.funding.models import Award, Tranche
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.models import Box
from rdfast.programmes.models import BudgetCategory
from rdfast.programmes.queries import available_in
from rdfast.settlement import operations as settlement
from rdfast.settlement import queries
from rdfast.settlement.models import Claim, Recovery, Repayment
from rdfast.settlement.operations import Line, Verdict
from rdfast.settlement.states import Origin
from tests import make
from tests.prove.chance import Chance
from tests.prove.chance_later import ENDED, RUNNING

OWED = ("demanded", "overdue", "dunned", "referred")
DECIDED = ("accepted", "partly_accepted", "disallowed")


def claim(c: Chance) -> None:
    """All that can be claimed, a part of it, or one won too much."""
    award = c.row(Tranche, "settled").award
    room = queries.room_for_claims(award)
    if room <= 0:
        c.seldom(0.1)
    by = c.someone(award.pi)
    claim = settlement.start(award.pk, by=by, at=c.at, once=make.uuid4())
    category = BudgetCategory.objects.earliest("pk")
    amount = max(1, c.coin.choice([room, room, room // 2, room + 1]))
    line = Line(category, timezone.localdate(c.at), "cost", amount)
    settlement.save(claim.pk, [line], files=[], revision=claim.revision, by=by, at=c.at)


def submit_claim(c: Chance) -> None:
    claim = c.row(Claim, "draft")
    accounting.submit(claim.pk, by=c.someone(claim.award.pi), at=c.at)


def decide_claim(c: Chance) -> None:
    claim = c.row(Claim, "submitted")
    share = c.coin.choice([0, 50, 100, 100])
    verdicts = {line.pk: Verdict(line.amount * share // 100, "too much") for line in claim.lines.all()}
    is_full = c.coin.random() < 0.7
    accounting.decide(claim.pk, verdicts, by=c.someone(c.w.finn), at=c.at, checked_in_full=is_full)


def check_claim(c: Chance) -> None:
    claim = c.one_of(Claim.objects.filter(state__in=DECIDED, checked_at=None))
    recovering.check(claim.pk, by=c.someone(c.w.finn), at=c.at)


def disallow_late(c: Chance) -> None:
    c.seldom(0.4)
    claim = c.row(Claim, "accepted", "partly_accepted")
    amount = c.coin.choice([1_000_000, 900_000_000])
    recovering.disallow_late(claim.pk, amount=amount, reason="audit", by=c.someone(c.w.finn), at=c.at)


def draw_sample(c: Chance) -> None:
    c.seldom(0.2)
    year = timezone.localdate(c.at).year - c.coin.choice([0, 1, 1])
    recovering.draw_sample(c.w.programme.pk, year, by=c.someone(c.w.finn), at=c.at)


def recover(c: Chance) -> None:
    c.seldom(0.4)
    award = c.row(Award, *RUNNING, *ENDED, "closed")
    kind, origin = c.coin.choice(
        [
            ("disallowed", Origin.EXPENSE),
            ("disallowed", Origin.EXPENSE),
            ("unspent", Origin.ADVANCES),
            ("unspent", Origin.ADVANCES),
            ("surcharge", Origin.ON_TOP),
            ("interest", Origin.ON_TOP),
            ("interest", Origin.ADVANCES),
        ]
    )
    most = queries.most_to_recover(award, origin)
    amount = c.coin.choice([1_000_000, 3_000_000, most or 1_000_000, (most or 1) + 1])
    by = c.someone(c.w.finn, *c.stage.managers)
    recovering.propose(award.pk, kind=kind, origin=origin, amount=amount, reason="audit", by=by, at=c.at)


def notice(c: Chance) -> None:
    recovering.notice(c.row(Recovery, "proposed").pk, by=c.someone(c.w.finn), at=c.at)


def contest(c: Chance) -> None:
    recovery = c.row(Recovery, "noticed")
    recovering.contest(recovery.pk, objection="no", by=c.someone(recovery.award.pi), at=c.at)


def determine(c: Chance) -> None:
    recovery = c.row(Recovery, "contested")
    amount = c.coin.choice([recovery.amount, recovery.amount // 2 or 1, recovery.amount + 1])
    by = c.someone(*c.stage.managers)
    recovering.determine(recovery.pk, amount=amount, determination="heard", by=by, at=c.at)


def dismiss(c: Chance) -> None:
    c.seldom(0.3)
    recovery = c.row(Recovery, "proposed", "noticed", "contested", "determined")
    recovering.dismiss(recovery.pk, conclusion="nothing", by=c.someone(*c.stage.managers), at=c.at)


def pay_back(c: Chance) -> None:
    """What is owed, a part of it, or more; sometimes the bank's reference of money that was recorded before."""
    recovery = c.row(Recovery, *OWED)
    owed = queries.owed(recovery) or recovery.amount
    known = Repayment.objects.order_by("pk").values_list("reference", flat=True).last()
    recovering.receive(
        recovery.pk,
        reference=known if known and c.coin.random() < 0.1 else str(make.uuid4()),
        received_on=timezone.localdate(c.at),
        amount=c.coin.choice([owed, owed // 3 or 1, owed + 7]),
        by=c.someone(c.w.finn),
        at=c.at,
    )


def agree_instalments(c: Chance) -> None:
    recovery = c.row(Recovery, *OWED)
    owed = queries.owed(recovery) or recovery.amount
    days = [timezone.localdate(c.at) + timedelta(days=number) for number in (5, 15)]
    rows = [(owed // 2 or 1, days[0]), (owed - owed // 2 + c.coin.choice([0, 0, 0, 1]), days[1])]
    recovering.agree_instalments(recovery.pk, rows, by=c.someone(c.w.finn), at=c.at)


def give_up(c: Chance) -> None:
    c.seldom(0.7)
    recovery = c.row(Recovery, "determined", *OWED)
    act = c.coin.choice([recovering.waive, recovering.write_off])
    act(recovery.pk, conclusion="bankrupt", by=c.someone(c.w.yuna), at=c.at)


def give_back(c: Chance) -> None:
    repayment = c.one_of(Repayment.objects.filter(unmatched__gt=0))
    recovering.give_back(repayment.pk, by=c.someone(c.w.finn), at=c.at)


def remit(c: Chance) -> None:
    waiting = [BoxKind.RECOVERED, BoxKind.COLLECTED]
    paid_back = Box.objects.filter(kind__in=waiting, balance__gt=0).values("award_id")
    recovery = c.one_of(Recovery.objects.filter(award__in=paid_back))
    amount = sum(queries.to_remit_of(recovery.award_id).values()) + c.coin.choice([0, 0, 0, 1])
    recovering.remit(recovery.pk, amount=amount, by=c.someone(c.w.finn), at=c.at)


def close(c: Chance) -> None:
    award = c.row(Award, *ENDED)
    if closing.what_is_open(award):
        c.seldom(0.1)
    closing.close(award.pk, by=c.someone(c.w.finn), at=c.at)


def allot(c: Chance) -> None:
    c.seldom(0.2)
    amount = c.coin.choice([0, 50_000_000, 2_000_000_000])
    envelope = c.coin.choice(list(c.w.programme.envelopes.order_by("year")))
    allotting.allot(
        envelope.pk, amount=amount, reason="budget", key=str(make.uuid4()), by=c.someone(c.w.finn), at=c.at
    )


def cut(c: Chance) -> None:
    """Down to where reopened proposals wait for money, or to more than there is."""
    c.seldom(0.1)
    left = available_in(c.w.envelope)
    amount = c.coin.choice([50_000_000, 50_000_000, 50_000_000, max(1, left - 30_000_000), left + 1])
    allotting.cut(
        c.w.envelope.pk, amount=amount, reason="less", key=str(make.uuid4()), by=c.someone(c.w.finn), at=c.at
    )


def carry_over(c: Chance) -> None:
    c.seldom(0.2)
    left = available_in(c.w.envelope)
    amount = c.coin.choice([1_000_000, left // 4 or 1, left + 1])
    allotting.carry_over(
        c.w.envelope.pk,
        amount=amount,
        reason="goes on",
        key=str(make.uuid4()),
        by=c.someone(c.w.doyun),
        at=c.at,
    )


def end_year(c: Chance) -> None:
    c.seldom(0.05)
    envelope = c.coin.choice(list(c.w.programme.envelopes.order_by("year")))
    allotting.end_year(envelope.pk, reason="over", key=str(make.uuid4()), by=c.someone(c.w.doyun), at=c.at)


SETTLING: list[Callable[[Chance], None]] = [
    claim, claim, submit_claim, decide_claim, decide_claim, check_claim, disallow_late, draw_sample, recover, recover,
    notice, contest, determine, dismiss, pay_back, agree_instalments, give_up, give_back, remit, close, close, allot,
    cut, carry_over, end_year,
]  # fmt: skip
