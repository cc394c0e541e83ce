"""After the end: the last claim, what was never claimed, and the closing."""

from datetime import timedelta

import pytest

from rdfast.core.refusals import ManyRulesBroken, NotAllowed, RuleBroken
from rdfast.core.working_days import end_of
from rdfast.flow import accounting, closing, recovering
from rdfast.funding.models import Award
from rdfast.ledger import queries as ledger
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from rdfast.settlement.models import Recovery
from rdfast.settlement.operations import Verdict
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MILLION = 1_000_000
LAST_CLAIM = make.MONDAY + 90 * DAY


def _is_pending(kind: str) -> bool:
    return Timer.objects.filter(kind=kind, subject_kind="funding.award", status="pending").exists()


def test_what_is_not_claimed_in_time_is_asked_back_by_the_clock() -> None:
    w = make.world()
    award = make.ended(w)
    make.accepted(w, award, at=make.MONDAY + DAY)
    make.run_to(LAST_CLAIM)
    recovery = Recovery.objects.get()
    assert (recovery.kind, recovery.state, recovery.amount) == ("unspent", "noticed", 14 * MILLION)
    assert recovery.proposed_by is None
    assert Message.objects.filter(to=w.sejin, subject__startswith="Notice of a recovery").exists()
    make.run_to(LAST_CLAIM + 30 * DAY)
    boxes = ledger.boxes_of_award(award.pk)
    assert (boxes["advances"], boxes["expense"], boxes["receivable"]) == (0, 10 * MILLION, 14 * MILLION)
    assert not _is_pending("final_claim")
    assert broken(at=LAST_CLAIM + 30 * DAY) == []


def test_what_waits_in_a_claim_is_asked_back_only_once_it_was_refused() -> None:
    w = make.world()
    award = make.ended(w)
    claim = make.claimed(w, award, amount=20 * MILLION, at=make.MONDAY + DAY)
    make.run_to(LAST_CLAIM)
    assert Recovery.objects.get().amount == 4 * MILLION
    assert _is_pending("final_claim")
    now = LAST_CLAIM + DAY
    verdicts = {line.pk: Verdict(15 * MILLION, "No receipt.") for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=now, checked_in_full=True)
    make.run_to(now + 29 * DAY)
    assert Recovery.objects.count() == 1
    make.run_to(now + 36 * DAY)
    assert sorted(Recovery.objects.values_list("amount", flat=True)) == [4 * MILLION, 5 * MILLION]


def test_a_dismissed_recovery_of_what_was_unspent_gives_a_new_last_day() -> None:
    w = make.world()
    make.ended(w)
    make.run_to(LAST_CLAIM)
    recovering.dismiss(Recovery.objects.get().pk, conclusion="Ill.", by=w.minjun, at=LAST_CLAIM)
    assert _is_pending("final_claim")
    make.run_to(LAST_CLAIM + 31 * DAY)
    assert Recovery.objects.filter(state="noticed").count() == 1


def test_an_award_that_is_accounted_for_is_closed_by_finance_alone_and_once() -> None:
    w = make.world()
    award = make.ended(w)
    with pytest.raises(ManyRulesBroken, match="not accounted for"):
        closing.close(award.pk, by=w.finn, at=make.MONDAY)
    make.accepted(w, award, amount=24 * MILLION)
    assert not _is_pending("final_claim")
    for stranger in (w.hana, w.minjun, w.yuna, w.audrey):
        with pytest.raises(NotAllowed):
            closing.close(award.pk, by=stranger, at=make.MONDAY)
    closing.close(award.pk, by=w.finn, at=make.MONDAY)
    assert Award.objects.get().state == "closed"
    assert not _is_pending("close")
    with pytest.raises(RuleBroken, match="no longer possible"):
        closing.close(award.pk, by=w.finn, at=make.MONDAY)
    assert broken(at=make.MONDAY) == []


def test_what_was_paid_back_is_remitted_before_the_closing() -> None:
    w = make.world()
    award = make.ended(w)
    now = LAST_CLAIM + 30 * DAY
    make.run_to(now)
    recovery = Recovery.objects.get()
    recovering.receive(
        recovery.pk, reference="B-1", received_on=now.date(), amount=recovery.amount, by=w.finn, at=now
    )
    with pytest.raises(ManyRulesBroken, match="remit it first"):
        closing.close(award.pk, by=w.finn, at=now)
    recovering.remit(recovery.pk, amount=recovery.amount, by=w.finn, at=now)
    closing.close(award.pk, by=w.finn, at=now)


def test_an_open_recovery_keeps_it_open_unless_instalments_are_kept() -> None:
    w = make.world()
    award = make.ended(w)
    make.run_to(LAST_CLAIM + 30 * DAY)
    recovery = Recovery.objects.get()
    now = LAST_CLAIM + 30 * DAY
    with pytest.raises(ManyRulesBroken, match="Recovery 1 is still open"):
        closing.close(award.pk, by=w.finn, at=now)
    due_on = (now + 200 * DAY).date()
    recovering.agree_instalments(recovery.pk, [(recovery.amount, due_on)], by=w.finn, at=now)
    assert not _is_pending("close")
    make.run_to(now + 100 * DAY)
    assert not Message.objects.filter(subject__startswith="Award not closed").exists()
    closing.close(award.pk, by=w.finn, at=now + 100 * DAY)
    assert broken(at=now + 100 * DAY) == []
    make.run_to(end_of(due_on) + DAY)
    assert Recovery.objects.get().state == "overdue"
    assert [o for o in broken(at=end_of(due_on) + DAY) if "no deadline" in o] == []


def test_instalments_that_are_not_kept_start_the_clock_of_the_closing_again() -> None:
    w = make.world()
    make.ended(w)
    now = LAST_CLAIM + 30 * DAY
    make.run_to(now)
    recovery = Recovery.objects.get()
    due_on = (now + 10 * DAY).date()
    recovering.agree_instalments(recovery.pk, [(recovery.amount, due_on)], by=w.finn, at=now)
    make.run_to(now + 12 * DAY)
    assert _is_pending("close")


def test_an_award_that_nobody_closes_is_told_to_the_head_every_week() -> None:
    w = make.world()
    award = make.ended(w)
    make.accepted(w, award, amount=24 * MILLION)
    make.run_to(make.MONDAY + 180 * DAY + 15 * DAY)
    assert Message.objects.filter(to=w.doyun, subject__startswith="Award not closed").count() == 3
    assert Award.objects.get().state == "terminated"


def test_an_audit_may_ask_money_of_a_closed_award_back() -> None:
    w = make.world()
    award = make.ended(w)
    make.accepted(w, award, amount=24 * MILLION)
    closing.close(award.pk, by=w.finn, at=make.MONDAY)
    make.recovery(w, award, origin="expense")
    make.run_to(make.MONDAY + 30 * DAY)
    boxes = ledger.boxes_of_award(award.pk)
    assert (boxes["expense"], boxes["receivable"]) == (19 * MILLION, 5 * MILLION)
    assert broken(at=make.MONDAY + 30 * DAY) == []
