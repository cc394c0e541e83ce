"""Money asked back: every story with the boxes its accountant would expect."""

from datetime import timedelta

import pytest

from rdfast.appeals.models import Appeal
from rdfast.audit import operations as audit
from rdfast.audit.queries import last_entry
from rdfast.core.refusals import ManyRulesBroken, NotAllowed, RuleBroken
from rdfast.core.working_days import end_of
from rdfast.flow import recovering, submitting
from rdfast.ledger import queries as ledger
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from rdfast.settlement.models import Recovery, Repayment
from rdfast.settlement.queries import came_back
from rdfast.settlement.recoveries import AgreedBefore, AskedBackBefore, RecoveryRefused
from rdfast.settlement.repayments import NothingThere, NotThatMuch, ReceivedBefore
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MILLION = 1_000_000
CONTEST_OVER = make.MONDAY + 20 * DAY
DEMANDED_AT = make.MONDAY + 30 * DAY


def _boxes(recovery: Recovery) -> dict[str, int]:
    boxes = {**ledger.boxes_of_award(recovery.award_id), **ledger.second_set_of_award(recovery.award_id)}
    return {kind: balance // MILLION for kind, balance in boxes.items() if balance and kind != "obligated"}


def _fresh(recovery: Recovery) -> Recovery:
    return Recovery.objects.get(pk=recovery.pk)


def _demanded(w: make.World, *, amount: int = 5 * MILLION, **changes: str) -> Recovery:
    recovery = make.recovery(w, make.paid(w).award, amount=amount, **changes)  # type: ignore[arg-type]
    make.run_to(DEMANDED_AT)
    return _fresh(recovery)


def _receive(recovery: Recovery, w: make.World, amount: int, reference: str = "B-1") -> Repayment:
    return recovering.receive(
        recovery.pk,
        reference=reference,
        received_on=DEMANDED_AT.date(),
        amount=amount,
        by=w.finn,
        at=DEMANDED_AT,
    )


def test_what_nobody_contests_is_determined_demanded_paid_and_remitted() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(CONTEST_OVER - timedelta(seconds=1))
    assert _fresh(recovery).state == "noticed"
    make.run_to(CONTEST_OVER)
    assert _fresh(recovery).state == "determined"
    assert _boxes(recovery) == {"advances": 24}
    make.run_to(DEMANDED_AT)
    assert _fresh(recovery).state == "demanded"
    assert _boxes(recovery) == {"advances": 19, "receivable": 5}
    assert broken(at=DEMANDED_AT) == []

    _receive(recovery, w, 5 * MILLION)
    assert _fresh(recovery).state == "paid"
    assert _boxes(recovery) == {"advances": 19, "recovered": 5}
    assert not Timer.objects.filter(
        subject_kind="settlement.recovery", subject_id=recovery.pk, status="pending"
    ).exists()
    recovering.remit(recovery.pk, amount=5 * MILLION, by=w.finn, at=DEMANDED_AT)
    with pytest.raises(NothingThere):
        recovering.remit(recovery.pk, amount=5 * MILLION, by=w.finn, at=DEMANDED_AT)
    assert _boxes(recovery) == {"advances": 19, "remitted": 5}
    assert broken(at=DEMANDED_AT) == []


def test_a_contested_recovery_waits_for_a_manager_who_determines_less() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    recovering.contest(recovery.pk, objection="Here they are.", by=w.sejin, at=make.MONDAY + DAY)
    make.run_to(make.MONDAY + 40 * DAY)
    assert _fresh(recovery).state == "contested"
    assert Message.objects.filter(to=w.doyun, subject__startswith="Recovery waits").count() == 2
    now = make.MONDAY + 40 * DAY
    with pytest.raises(RecoveryRefused, match="at most"):
        recovering.determine(recovery.pk, amount=6 * MILLION, determination="x", by=w.minjun, at=now)
    for stranger in (w.finn, w.hana, w.yuna, w.olga):
        with pytest.raises(NotAllowed):
            recovering.determine(recovery.pk, amount=MILLION, determination="x", by=stranger, at=now)
    recovering.determine(
        recovery.pk, amount=2 * MILLION, determination="Three are fine.", by=w.minjun, at=now
    )
    make.run_to(now + 10 * DAY)
    assert _boxes(recovery) == {"advances": 22, "receivable": 2}
    with pytest.raises(RuleBroken, match="no longer possible"):
        recovering.contest(recovery.pk, objection="again", by=w.sejin, at=now)


def test_a_dismissed_recovery_moves_nothing() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    with pytest.raises(RecoveryRefused, match="reason"):
        recovering.dismiss(recovery.pk, conclusion=" ", by=w.minjun, at=make.MONDAY)
    recovering.dismiss(recovery.pk, conclusion="All receipts came.", by=w.minjun, at=make.MONDAY)
    make.run_to(DEMANDED_AT)
    assert (_fresh(recovery).state, _boxes(recovery)) == ("dismissed", {"advances": 24})
    with pytest.raises(RuleBroken, match="no longer possible"):
        recovering.dismiss(recovery.pk, conclusion="again", by=w.minjun, at=make.MONDAY)


def test_nothing_is_demanded_while_an_appeal_waits() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(CONTEST_OVER)
    decision = last_entry(recovery, "recovery.determine")
    assert decision is not None
    appeal = Appeal.objects.create(
        proposal=recovery.award.proposal,
        award=recovery.award,
        against="recovery",
        decision=decision,
        text="Wrong.",
        filed_by=w.sejin,
        filed_at=CONTEST_OVER,
    )
    audit.began(appeal, by=w.sejin, at=CONTEST_OVER)
    make.run_to(DEMANDED_AT + 10 * DAY)
    assert (_fresh(recovery).state, _boxes(recovery)) == ("determined", {"advances": 24})
    now = DEMANDED_AT + 10 * DAY
    recovering.dismiss_upheld(recovery.pk, conclusion="Upheld.", by=w.yuna, at=now)
    assert _fresh(recovery).state == "dismissed"


def test_an_unpaid_demand_is_overdue_dunned_referred_and_always_has_a_deadline() -> None:
    w = make.world()
    recovery = _demanded(w, amount=24 * MILLION)
    seen: list[str] = []
    for days in range(31, 31 + 75):
        at = make.MONDAY + days * DAY
        make.run_to(at)
        assert [o for o in broken(at=at) if "no deadline" in o or "receivable" in o] == [], days
        state = _fresh(recovery).state
        if not seen or seen[-1] != state:
            seen.append(state)
    assert seen == ["demanded", "overdue", "dunned", "referred"]
    assert Message.objects.filter(to=w.doyun, subject__startswith="Unpaid recovery").count() >= 2
    recovering.write_off(recovery.pk, conclusion="Insolvent.", by=w.yuna, at=make.MONDAY + 106 * DAY)
    assert _boxes(recovery) == {"written_off": 24}
    assert broken(at=make.MONDAY + 106 * DAY) == []


def test_the_referral_comes_only_after_its_warning_was_delivered() -> None:
    w = make.world()
    recovery = _demanded(w)
    outage_over = make.MONDAY + 300 * DAY
    make.settle_down(at=outage_over)
    make.settle_down(at=outage_over)
    assert _fresh(recovery).state != "referred"


def test_what_was_accepted_before_and_what_comes_on_top_lie_elsewhere() -> None:
    w = make.world()
    award = make.paid(w).award
    make.accepted(w, award)
    late = make.recovery(w, award, amount=4 * MILLION, origin="expense")
    extra = make.recovery(w, award, amount=2 * MILLION, kind="surcharge", origin="on_top")
    make.run_to(DEMANDED_AT)
    assert _boxes(late) == {"advances": 14, "expense": 6, "receivable": 4, "charged": 2, "outside": -2}
    _receive(extra, w, 2 * MILLION, "B-2")
    assert _boxes(late)["collected"] == 2
    recovering.waive(late.pk, conclusion="Hardship.", by=w.yuna, at=DEMANDED_AT)
    assert _boxes(late) == {"advances": 14, "expense": 6, "written_off": 4, "collected": 2, "outside": -2}
    assert broken(at=DEMANDED_AT) == []


def test_surcharges_go_on_to_the_treasury_with_what_was_paid_back() -> None:
    w = make.world()
    award = make.paid(w).award
    recovery = make.recovery(w, award)
    extra = make.recovery(w, award, amount=2 * MILLION, kind="surcharge", origin="on_top")
    make.run_to(DEMANDED_AT)
    _receive(recovery, w, 5 * MILLION, "B-1")
    _receive(extra, w, 2 * MILLION, "B-2")
    for stranger in (w.minjun, w.yuna, w.hana):
        with pytest.raises(NotAllowed):
            recovering.remit(extra.pk, amount=7 * MILLION, by=stranger, at=DEMANDED_AT)
    with pytest.raises(NotThatMuch, match="₩7,000,000 waits"):
        recovering.remit(extra.pk, amount=5 * MILLION, by=w.finn, at=DEMANDED_AT)
    recovering.remit(extra.pk, amount=7 * MILLION, by=w.finn, at=DEMANDED_AT)
    assert _boxes(recovery) == {"advances": 19, "remitted": 5}
    with pytest.raises(NothingThere):
        recovering.remit(recovery.pk, amount=5 * MILLION, by=w.finn, at=DEMANDED_AT)
    assert broken(at=DEMANDED_AT) == []


def _waiting(w: make.World) -> list[tuple[int, int, int]]:
    """What the finance officer is to remit and to give back, and the recovery to open for it."""
    rows = (vars(award) for award in came_back(w.finn))
    return [(row["to_remit"], row["to_give_back"], row["recovery"]) for row in rows]


def test_money_that_came_back_waits_for_the_finance_officer_until_it_went_on() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(DEMANDED_AT)
    assert not came_back(w.finn)
    first = _receive(recovery, w, 6 * MILLION, "B-1")
    assert _waiting(w) == [(5 * MILLION, MILLION, recovery.pk)]
    assert not came_back(w.minjun)
    recovering.remit(recovery.pk, amount=5 * MILLION, by=w.finn, at=DEMANDED_AT)
    assert _waiting(w) == [(0, MILLION, recovery.pk)]
    recovering.give_back(first.pk, by=w.finn, at=DEMANDED_AT)
    assert not came_back(w.finn)


def test_what_is_to_be_given_back_leads_to_the_recovery_it_came_in_for() -> None:
    w = make.world()
    award = make.paid(w).award
    first, second = make.recovery(w, award), make.recovery(w, award, amount=MILLION, reason="No plan.")
    make.run_to(DEMANDED_AT)
    _receive(first, w, 6 * MILLION, "B-1")
    _receive(second, w, MILLION, "B-2")
    assert _waiting(w) == [(6 * MILLION, MILLION, first.pk)]


def test_a_surcharge_that_is_dropped_is_owed_no_more() -> None:
    w = make.world()
    recovery = _demanded(w, kind="interest", origin="on_top")
    recovering.waive(recovery.pk, conclusion="Too small.", by=w.yuna, at=DEMANDED_AT)
    assert _boxes(recovery) == {"advances": 24}


def test_no_more_is_asked_back_than_lies_there_with_what_is_asked_back_already() -> None:
    w = make.world()
    award = make.paid(w).award
    make.claimed(w, award)
    make.recovery(w, award, amount=10 * MILLION)
    with pytest.raises(RecoveryRefused, match="₩4,000,000"):
        make.recovery(w, award, amount=4 * MILLION + 1)
    with pytest.raises(RecoveryRefused, match="₩0"):
        make.recovery(w, award, amount=1, origin="expense")
    with pytest.raises(RecoveryRefused, match="on top"):
        make.recovery(w, award, amount=1, kind="surcharge")
    with pytest.raises(RuleBroken, match="still to be accounted"):
        make.claimed(w, award, amount=5 * MILLION)
    for stranger in (w.hana, w.yuna, w.audrey, w.olga):
        with pytest.raises(NotAllowed):
            recovering.propose(
                award.pk,
                kind="disallowed",
                origin="advances",
                amount=1,
                reason="x",
                by=stranger,
                at=make.MONDAY,
            )


def test_a_proposal_sent_twice_asks_once() -> None:
    w = make.world()
    award = make.paid(w).award
    make.recovery(w, award, amount=4 * MILLION)
    with pytest.raises(AskedBackBefore, match="write another reason"):
        make.recovery(w, award, amount=4 * MILLION)
    make.recovery(w, award, amount=4 * MILLION, reason="Another trip without receipts.")
    assert Recovery.objects.count() == 2


def test_instalments_sent_twice_are_agreed_once() -> None:
    w = make.world()
    recovery = _demanded(w)
    today = DEMANDED_AT.date()
    rows = [(2 * MILLION, today + 20 * DAY), (3 * MILLION, today + 40 * DAY)]
    recovering.agree_instalments(recovery.pk, rows, by=w.finn, at=DEMANDED_AT)
    sent = Message.objects.count()
    with pytest.raises(AgreedBefore):
        recovering.agree_instalments(recovery.pk, rows, by=w.finn, at=DEMANDED_AT)
    assert (recovery.instalments.count(), Message.objects.count()) == (2, sent)


def test_only_a_second_approver_who_did_not_propose_it_gives_money_up() -> None:
    w = make.world()
    recovery = _demanded(w)
    for stranger in (w.finn, w.minjun, w.doyun, w.sejin):
        with pytest.raises(NotAllowed):
            recovering.waive(recovery.pk, conclusion="x", by=stranger, at=DEMANDED_AT)
    with pytest.raises(RuleBroken, match="no longer possible"):
        recovering.write_off(recovery.pk, conclusion="x", by=w.yuna, at=DEMANDED_AT)
    assert _boxes(recovery) == {"advances": 19, "receivable": 5}


def test_waiving_what_is_determined_moves_nothing() -> None:
    w = make.world()
    recovery = make.recovery(w, make.paid(w).award)
    make.run_to(CONTEST_OVER)
    recovering.waive(recovery.pk, conclusion="Too small.", by=w.yuna, at=CONTEST_OVER)
    make.run_to(DEMANDED_AT)
    assert (_fresh(recovery).state, _boxes(recovery)) == ("waived", {"advances": 24})


def test_what_is_waived_after_the_end_is_given_up_for_good() -> None:
    w = make.world()
    award = make.ended(w)
    recovery = make.recovery(w, award, amount=24 * MILLION)
    make.run_to(CONTEST_OVER)
    recovering.waive(recovery.pk, conclusion="Insolvent.", by=w.yuna, at=CONTEST_OVER)
    assert _boxes(recovery) == {"written_off": 24}
    make.run_to(CONTEST_OVER + 200 * DAY)
    assert award.recoveries.count() == 1
    assert broken(at=CONTEST_OVER + 200 * DAY) == []


@pytest.mark.parametrize(("days_late", "state"), [(0, "demanded"), (1, "overdue")])
def test_an_instalment_paid_on_its_day_and_recorded_later_was_kept(days_late: int, state: str) -> None:
    w = make.world()
    recovery = _demanded(w, amount=6 * MILLION)
    first, second = (DEMANDED_AT + 30 * DAY).date(), (DEMANDED_AT + 60 * DAY).date()
    rows = [(2 * MILLION, first), (4 * MILLION, second)]
    recovering.agree_instalments(recovery.pk, rows, by=w.finn, at=DEMANDED_AT)
    now = end_of(first) + DAY
    make.run_to(now)
    assert _fresh(recovery).state == "overdue"
    recovering.receive(
        recovery.pk,
        reference="B-1",
        received_on=first + days_late * DAY,
        amount=2 * MILLION,
        by=w.finn,
        at=now,
    )
    assert _fresh(recovery).state == state
    assert Timer.objects.filter(kind="dun", status="pending").exists() == (state == "overdue")
    assert broken(at=now) == []


def test_the_same_bank_reference_counts_once_and_too_much_goes_back() -> None:
    w = make.world()
    recovery = _demanded(w)
    _receive(recovery, w, 2 * MILLION)
    with pytest.raises(ReceivedBefore, match="Nothing was changed"):
        _receive(recovery, w, 2 * MILLION)
    assert _boxes(recovery) == {"advances": 19, "receivable": 3, "recovered": 2}
    last = _receive(recovery, w, 4 * MILLION, "B-2")
    assert (last.matched, last.unmatched) == (3 * MILLION, MILLION)
    assert _fresh(recovery).state == "paid"
    assert _boxes(recovery) == {"advances": 19, "recovered": 5, "unmatched": 1, "outside": -1}
    recovering.give_back(last.pk, by=w.finn, at=DEMANDED_AT)
    with pytest.raises(NothingThere):
        recovering.give_back(last.pk, by=w.finn, at=DEMANDED_AT)
    assert _boxes(recovery) == {"advances": 19, "recovered": 5}
    with pytest.raises(NotAllowed):
        recovering.receive(
            recovery.pk,
            reference="B-3",
            received_on=DEMANDED_AT.date(),
            amount=1,
            by=w.minjun,
            at=DEMANDED_AT,
        )
    assert broken(at=DEMANDED_AT) == []


def test_instalments_add_up_run_and_are_kept() -> None:
    w = make.world()
    recovery = _demanded(w, amount=6 * MILLION)
    first, second = (DEMANDED_AT + 30 * DAY).date(), (DEMANDED_AT + 60 * DAY).date()
    agree = recovering.agree_instalments
    with pytest.raises(RecoveryRefused, match="₩6,000,000"):
        agree(recovery.pk, [(2 * MILLION, first)], by=w.finn, at=DEMANDED_AT)
    with pytest.raises(RecoveryRefused, match="later than"):
        agree(recovery.pk, [(2 * MILLION, second), (4 * MILLION, first)], by=w.finn, at=DEMANDED_AT)
    agree(recovery.pk, [(2 * MILLION, first), (4 * MILLION, second)], by=w.finn, at=DEMANDED_AT)
    _receive(recovery, w, 2 * MILLION)
    make.run_to(end_of(first) + DAY)
    assert _fresh(recovery).state == "demanded"
    make.run_to(end_of(second) + DAY)
    assert _fresh(recovery).state == "overdue"

    now = end_of(second) + DAY
    agree(recovery.pk, [(4 * MILLION, (now + 10 * DAY).date())], by=w.finn, at=now)
    assert _fresh(recovery).state == "demanded"
    assert not Timer.objects.filter(kind="dun", status="pending").exists()
    assert broken(at=now) == []
    with pytest.raises(NotAllowed):
        agree(recovery.pk, [(4 * MILLION, (now + 10 * DAY).date())], by=w.sejin, at=now)


def test_whoever_did_not_pay_in_time_may_not_apply_until_it_is_paid() -> None:
    w = make.world(provisional_awards_per_pi=5, account_days=400)
    recovery = _demanded(w)
    early = make.draft(w, at=DEMANDED_AT)
    assert submitting.submit(early.pk, by=w.hana, at=DEMANDED_AT).state == "submitted"
    late = DEMANDED_AT + 32 * DAY
    make.run_to(late)
    w.call.closes_at = late + DAY
    w.call.save()
    with pytest.raises(ManyRulesBroken, match="not paid yet"):
        submitting.submit(make.draft(w, at=late).pk, by=w.hana, at=late)
    make.person("Sori", w.olga.organisation, is_signatory=True)
    submitting.submit(
        make.draft(w, by=w.olga, organisation=w.olga.organisation, at=late).pk, by=w.olga, at=late
    )
    _receive(recovery, w, 5 * MILLION)
    assert submitting.submit(make.draft(w, at=late).pk, by=w.hana, at=late).state == "submitted"
