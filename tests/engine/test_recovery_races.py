"""Money that comes back, twice at once: one effect, and the other is told."""

from datetime import timedelta

import pytest

from rdfast.core.refusals import RuleBroken
from rdfast.flow import closing, paying, recovering
from rdfast.flow.deadlines import sweep
from rdfast.funding.models import Bounce
from rdfast.ledger import queries as ledger
from rdfast.reports.invariants import broken
from rdfast.settlement.models import Recovery, Repayment
from tests import make
from tests.databases import at_once

pytestmark = pytest.mark.usefixtures("fresh_database")
DEMANDED_AT = make.MONDAY + timedelta(days=30)
MILLION = 1_000_000


def _receive(recovery: Recovery, w: make.World, reference: str) -> Repayment:
    return recovering.receive(
        recovery.pk,
        reference=reference,
        received_on=DEMANDED_AT.date(),
        amount=5 * MILLION,
        by=w.finn,
        at=DEMANDED_AT,
    )


def test_a_demand_found_by_eight_sweepers_moves_the_money_once() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(DEMANDED_AT - timedelta(seconds=1))
    at_once(*(lambda: sweep(at=DEMANDED_AT) for _sweeper in range(8)))
    sweep(at=DEMANDED_AT)
    assert ledger.boxes_of_award(recovery.award_id)["receivable"] == 5 * MILLION
    assert broken(at=DEMANDED_AT) == []


def test_the_same_reference_twice_at_once_counts_once() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(DEMANDED_AT)
    outcomes = at_once(*(lambda: _receive(recovery, w, "B-1") for _click in range(4)))
    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert len(refused) == 3 and all(isinstance(each, RuleBroken) for each in refused), outcomes
    assert Repayment.objects.count() == 1
    assert broken(at=DEMANDED_AT) == []


def test_two_payments_of_one_debt_at_once_pay_it_once_and_the_other_is_unmatched() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(DEMANDED_AT)
    outcomes = at_once(*(lambda ref=ref: _receive(recovery, w, ref) for ref in ("B-1", "B-2")))
    assert not any(isinstance(each, Exception) for each in outcomes), outcomes
    assert Recovery.objects.get().state == "paid"
    assert ledger.boxes_of_award(recovery.award_id)["recovered"] == 5 * MILLION
    assert ledger.second_set_of_award(recovery.award_id)["unmatched"] == 5 * MILLION
    assert broken(at=DEMANDED_AT) == []


def test_a_waiver_and_a_payment_at_once_give_up_or_take_the_money_never_both() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(DEMANDED_AT)
    at_once(
        lambda: recovering.waive(recovery.pk, conclusion="Hardship.", by=w.yuna, at=DEMANDED_AT),
        lambda: _receive(recovery, w, "B-1"),
    )
    boxes = ledger.boxes_of_award(recovery.award_id)
    assert sorted((boxes["recovered"], boxes["written_off"])) == [0, 5 * MILLION]
    assert broken(at=DEMANDED_AT) == []


def test_a_payment_bounces_or_settles_and_an_award_closes_once() -> None:
    w = make.world()
    tranche = make.signed(w).tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    paying.release(tranche.pk, by=w.finn, at=make.MONDAY)
    outcomes = at_once(
        lambda: paying.settle(tranche.pk, by=w.finn, at=make.MONDAY),
        lambda: paying.bounce(tranche.pk, reason="No such account", by=w.finn, at=make.MONDAY),
    )
    assert sum(isinstance(each, RuleBroken) for each in outcomes) == 1, outcomes
    tranche.refresh_from_db()
    assert Bounce.objects.count() == (tranche.state == "bounced")
    assert broken(at=make.MONDAY) == []


def test_closing_twice_at_once_closes_once() -> None:
    w = make.world()
    award = make.ended(w)
    make.accepted(w, award, amount=24 * MILLION)
    outcomes = at_once(*(lambda: closing.close(award.pk, by=w.finn, at=make.MONDAY) for _click in range(3)))
    assert sum(isinstance(each, RuleBroken) for each in outcomes) == 2, outcomes
