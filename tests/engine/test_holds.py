"""What suspends an award, who is told, and what ends a suspension."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rdfast.audit.models import Event
from rdfast.core.refusals import NotAllowed, RuleBroken
from rdfast.core.working_days import after_working_days
from rdfast.flow import accounting, confirming, curing, moving, performing
from rdfast.flow.curing import Facts, is_cured
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import LeaveGivenBefore, LeaveInThePast
from rdfast.outbox.models import Message
from rdfast.programmes import operations as programmes
from rdfast.programmes.terms import Terms
from rdfast.reports.invariants import broken
from rdfast.settlement.operations import Verdict
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import next_due
from rdfast.web.templatetags.rdfast import when
from tests import make

pytestmark = pytest.mark.django_db
AT, DAY = make.MONDAY, timedelta(days=1)


def _award() -> Award:
    return Award.objects.get()


def _run_to(instant: datetime) -> None:
    while (due := next_due()) is not None and due <= instant:
        settle_down(at=due)


def _resume(w: make.World, award: Award, at: datetime) -> None:
    motion = moving.propose_resumption(award.pk, reason="Put right.", by=w.minjun, at=at)
    moving.carry(motion.pk, answer="Yes.", by=w.yuna, at=at)


def test_money_not_accounted_for_suspends_once_and_an_accepted_claim_cures_it() -> None:
    w = make.world()
    award = make.paid(w).award
    milestone = award.milestones.get(number=1)
    _run_to(make.start_of(milestone.due_on - 13 * DAY))
    performing.report(milestone.pk, text="83 %", files=[], by=w.hana, at=AT + 47 * DAY)
    _run_to(AT + 92 * DAY)
    award = _award()
    assert (award.state, award.suspension_cause) == ("provisional_suspended", "account_overdue")
    _run_to(AT + 99 * DAY)
    assert Event.objects.filter(kind="award.suspend").count() == 1
    assert not Event.objects.filter(kind="award.further_cause").exists()
    now = AT + 100 * DAY
    with pytest.raises(moving.NotRipe, match="not accounted for"):
        moving.propose_resumption(award.pk, reason="Please.", by=w.minjun, at=now)

    claim = make.claimed(w, award, amount=24_000_000, at=now)
    verdicts = {line.pk: Verdict(line.amount) for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, checked_in_full=True, by=w.finn, at=now)
    _resume(w, award, now)
    award = _award()
    assert (award.state, award.suspension_cause) == ("provisional", "")
    assert not Timer.objects.filter(kind=Kind.RESOLVE, status="pending").exists()
    assert award.tranches.get(number=2).state == "scheduled"
    assert Message.objects.filter(to=w.hana, subject__startswith="Suspension ended").exists()
    assert broken(at=now) == []


def test_two_misses_in_a_row_suspend_and_one_does_not() -> None:
    w = make.world(account_days=400)
    award = make.paid(w).award
    first, second = award.milestones.order_by("number")
    _run_to(make.start_of(first.due_on + 16 * DAY))
    first.refresh_from_db()
    assert (first.state, _award().state) == ("missed", "provisional")
    _run_to(make.start_of(second.due_on + 16 * DAY))
    award = _award()
    assert (award.state, award.suspension_cause) == ("provisional_suspended", "milestones_missed")
    assert curing.uncured(award, at=AT + 170 * DAY) == [Cause.MILESTONES_MISSED]


def test_leave_lets_a_missed_milestone_be_reported_until_its_day_and_only_then() -> None:
    w = make.world(account_days=400)
    award = make.paid(w).award
    milestone = award.milestones.get(number=1)
    _run_to(make.start_of(milestone.due_on + 16 * DAY))
    now = make.start_of(milestone.due_on + 20 * DAY)
    with pytest.raises(NotAllowed):
        performing.report(milestone.pk, text="Late.", files=[], by=w.hana, at=now)
    for person in (w.hana, w.yuna, w.olga):
        with pytest.raises(NotAllowed):
            performing.give_leave(milestone.pk, until=now.date(), reason="x", by=person, at=now)
    with pytest.raises(LeaveInThePast):
        performing.give_leave(milestone.pk, until=milestone.due_on, reason="x", by=w.minjun, at=now)
    until = milestone.due_on + 30 * DAY
    performing.give_leave(milestone.pk, until=until, reason="Flu.", by=w.minjun, at=now)
    with pytest.raises(LeaveGivenBefore):
        performing.give_leave(milestone.pk, until=until, reason="Flu.", by=w.minjun, at=now)
    assert Message.objects.filter(to=w.hana, subject__startswith="You may still report").count() == 1
    with pytest.raises(NotAllowed):
        performing.report(milestone.pk, text="Late.", files=[], by=w.hana, at=make.start_of(until + DAY))
    reported = performing.report(milestone.pk, text="Late.", files=[], by=w.hana, at=make.start_of(until))
    assert reported.state == "reported"


def test_a_failed_milestone_asks_the_manager_for_an_answer_and_tells_the_head_of_silence() -> None:
    w = make.world()
    milestone = make.passed(w, grade="failed")
    at = milestone.reported_at or AT
    timer = Timer.objects.get(kind=Kind.ACT_ON_FAILURE)
    assert timer.due_at == after_working_days(at, 10)
    assert _award().state == "provisional"
    settle_down(at=timer.due_at)
    assert Event.objects.filter(kind="milestone.failure_unanswered").count() == 1
    assert Message.objects.filter(to=w.doyun, subject__startswith="Milestone not answered").exists()
    assert Timer.objects.filter(kind=Kind.ACT_ON_FAILURE, status="pending").count() == 1


def test_failing_a_critical_milestone_suspends_at_once() -> None:
    w = make.world()
    milestone = make.reported(w)
    Milestone.objects.filter(pk=milestone.pk).update(is_critical=True)
    at = milestone.reported_at or AT
    make.evaluated(w, milestone, "failed", at=at)
    award = _award()
    assert (award.state, award.suspension_cause) == ("provisional_suspended", "critical_failed")
    assert award.suspended_at == at
    with pytest.raises(moving.NotRipe):
        moving.propose_resumption(award.pk, reason="Please.", by=w.minjun, at=at)


def test_a_suspension_overtakes_the_motion_that_waited() -> None:
    w = make.world()
    milestone = make.passed(w)
    at = milestone.reported_at or AT
    motion = moving.propose_confirmation(
        milestone.award_id, envelope_id=w.envelope.pk, reason="x", by=w.minjun, at=at
    )
    make.suspended(_award(), at=at)
    motion.refresh_from_db()
    assert motion.state == "stale"
    assert Message.objects.filter(to=w.minjun, subject__startswith="Motion overtaken").count() == 1
    with pytest.raises(RuleBroken):
        moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    assert not Timer.objects.filter(kind=Kind.SECOND_MOTION, status="pending").exists()


def test_every_cause_that_came_up_must_be_cured() -> None:
    w = make.world()
    award = make.suspended(make.signed(w), Cause.PLAN_OVERDUE)
    make.suspended(award, Cause.NOT_CONFIRMED)
    make.suspended(award, Cause.PLAN_OVERDUE)
    assert Event.objects.filter(kind="award.further_cause").count() == 1
    told = Message.objects.filter(subject__startswith="Another cause", body__contains="Not confirmed in time")
    assert {message.to for message in told} == {w.hana, w.sejin, w.minjun, w.doyun, w.finn}
    reply_by = when(AT + 20 * DAY)
    assert all(reply_by in message.body and "Doubts." in message.body for message in told)
    Award.objects.update(confirmation_due_on=AT.date())
    assert curing.uncured(_award(), at=AT) == [Cause.PLAN_OVERDUE, Cause.NOT_CONFIRMED]
    make.plan_handed_in(award)
    assert curing.uncured(_award(), at=AT) == [Cause.NOT_CONFIRMED]


def test_a_resumed_award_gets_new_days_for_what_went_by_meanwhile() -> None:
    w = make.world()
    award = make.suspended(make.signed(w), Cause.PLAN_OVERDUE)
    make.plan_handed_in(award)
    now = AT + 200 * DAY
    Timer.objects.filter(kind=Kind.CONFIRM).update(status="cancelled", ended_at=now)
    _resume(w, award, now)
    award = _award()
    assert award.confirmation_due_on == (now + 30 * DAY).date()
    assert Timer.objects.filter(kind=Kind.CONFIRM, status="pending").count() == 1


@pytest.mark.parametrize("cause", list(Cause))
def test_each_cause_has_its_cure(cause: Cause) -> None:
    wrong = Facts(
        plan_is_in=False,
        confirmation_is_up_to_agency=False,
        day_lies_ahead=False,
        behind_with_accounts=1,
        misses_in_a_row=2,
        critical_failed=True,
        replanned=False,
        review_ended=False,
        passed_at=None,
    )
    since, later = make.MONDAY, make.MONDAY + DAY
    cures: dict[Cause, dict[str, Any]] = {
        Cause.PLAN_OVERDUE: {"plan_is_in": True},
        Cause.NOT_CONFIRMED: {"confirmation_is_up_to_agency": True},
        Cause.ACCOUNT_OVERDUE: {"behind_with_accounts": 0},
        Cause.MILESTONES_MISSED: {"misses_in_a_row": 1},
        Cause.CRITICAL_FAILED: {"replanned": True},
        Cause.SPECIAL_REVIEW: {"review_ended": True},
    }
    terms = Terms()
    assert not is_cured(cause, since, wrong, terms)
    assert is_cured(cause, since, Facts(**{**vars(wrong), **cures[cause]}), terms)
    passed = Facts(**{**vars(wrong), "passed_at": later})
    assert is_cured(cause, since, passed, terms)
    assert not is_cured(cause, later + DAY, passed, terms)


def test_an_unconfirmed_award_is_suspended_on_its_day_after_warnings() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    make.paid(w)
    _run_to(AT + 181 * DAY)
    award = _award()
    assert (award.state, award.suspension_cause) == ("provisional_suspended", "not_confirmed")
    assert Message.objects.filter(to=w.minjun, subject__startswith="Reminder: Award confirmed").count() == 2
    confirming.extend(award.pk, days=90, reason="A second try.", by=w.doyun, at=AT + 182 * DAY)
    _resume(w, award, AT + 182 * DAY)
    assert _award().state == "provisional"
    assert Timer.objects.filter(kind=Kind.CONFIRM, status="pending").count() == 1


def test_an_award_that_only_lacks_room_is_extended_and_never_suspended() -> None:
    w = make.world(
        allotted=400_000_000,
        account_days=400,
        misses_to_suspension=9,
        programme_exposure_percent=100,
        organisation_exposure_percent=100,
    )
    make.passed(w)
    programmes.cut(w.envelope.pk, amount=200_000_000, reason="Cut.", key="cut", by=None, at=AT)
    due_on = _award().confirmation_due_on
    assert due_on is not None
    _run_to(make.start_of(due_on + DAY))
    award = _award()
    assert (award.state, award.confirmation_due_on) == ("provisional", due_on + 30 * DAY)
    assert award.extended_at is None
    assert Message.objects.filter(to=w.hana, subject__startswith="Confirmation extended").exists()
