"""The agency's word came and left something to do: there is time for it, it is told, and nobody acts unwarned."""

from datetime import datetime, timedelta

import pytest

from rdfast.audit.models import Event
from rdfast.flow import accounting, curing, paying, performing, planning, proceeding, recovering
from rdfast.flow.deadlines import settle_down
from rdfast.flow.holding import causes_of
from rdfast.funding.models import Award, Tranche
from rdfast.funding.states import Cause
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.plans.models import Plan
from rdfast.plans.queries import readable_by_agency
from rdfast.proceedings.models import Proceeding
from rdfast.reports.invariants import broken
from rdfast.settlement.operations import Verdict
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import due_at_of, with_due_at
from rdfast.web.templatetags.rdfast import when
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# The first payment, of 24 million, is to be accounted for by then; an ended award's last claim comes until then.
ACCOUNT_BY = make.MONDAY + 90 * DAY
ALL = 24_000_000


def _pending(kind: Kind) -> list[datetime]:
    return list(Timer.objects.filter(kind=kind, status="pending").values_list("due_at", flat=True))


def _told(user: User, beginning: str) -> int:
    return Message.objects.filter(to=user, subject__startswith=beginning).count()


def _award(award: Award) -> Award:
    return Award.objects.get(pk=award.pk)


def _causes(award: Award) -> set[Cause]:
    return set(causes_of(_award(award)))


def _refused(w: make.World, award: Award, at: datetime) -> None:
    claim = make.claimed(w, award, amount=ALL, at=at)
    line = claim.lines.get()
    accounting.decide(claim.pk, {line.pk: Verdict(0, "No receipts.")}, by=w.finn, at=at, checked_in_full=True)


def test_a_no_shortly_before_the_day_leaves_thirty_days_once() -> None:
    w = make.world()
    award = make.paid(w).award
    _refused(w, award, ACCOUNT_BY - DAY)
    make.run_to(ACCOUNT_BY + 20 * DAY)
    assert Cause.ACCOUNT_OVERDUE not in causes_of(Award.objects.get(pk=award.pk))
    # Refused once more, it gains no more time.
    _refused(w, award, ACCOUNT_BY + 20 * DAY)
    make.run_to(ACCOUNT_BY + 35 * DAY)
    assert Cause.ACCOUNT_OVERDUE in causes_of(Award.objects.get(pk=award.pk))
    assert broken(at=ACCOUNT_BY + 35 * DAY) == []


def test_a_no_shortly_before_the_last_claim_leaves_thirty_days_once() -> None:
    w = make.world()
    award = make.ended(w)
    _refused(w, award, make.MONDAY + 89 * DAY)
    make.run_to(make.MONDAY + 110 * DAY)
    assert not award.recoveries.exists()
    _refused(w, award, make.MONDAY + 110 * DAY)
    make.run_to(make.MONDAY + 125 * DAY)
    assert award.recoveries.get().amount == ALL


def _plan_in_late(w: make.World) -> tuple[Award, Plan]:
    """An award whose first milestone is passed, and whose plan nobody has answered."""
    award = make.signed(w)
    plan = make.plan_handed_in(award)
    milestone = award.milestones.get(number=1)
    at = make.start_of(milestone.due_on) - 13 * DAY
    make.run_to(at)
    milestone = performing.report(milestone.pk, text="It held.", files=[], by=w.hana, at=at)
    make.evaluated(w, milestone, "passed", at=at)
    return _award(award), plan


def test_a_late_answer_that_leaves_something_to_do_leaves_thirty_days_for_it() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    award, plan = _plan_in_late(w)
    assert award.confirmation_due_on is not None
    at = make.start_of(award.confirmation_due_on) + 2 * DAY
    make.run_to(at)
    assert (len(_pending(Kind.CONFIRM)), len(_pending(Kind.CONFIRM_LATE))) == (0, 1)
    reminded = _told(w.hana, "Reminder: Award confirmed")
    planning.return_(plan.pk, reason="Say more.", by=w.minjun, at=at)
    make.run_to(at + 8 * DAY)
    award = Award.objects.get(pk=award.pk)
    assert award.state == "provisional"
    assert award.confirmation_due_on is not None
    assert award.confirmation_due_on >= (at + 29 * DAY).date()
    assert (len(_pending(Kind.CONFIRM)), len(_pending(Kind.CONFIRM_LATE))) == (1, 0)
    assert _told(w.hana, "Reminder: Award confirmed") == reminded
    assert broken(at=at + 8 * DAY) == []


def test_a_date_put_off_for_another_reason_is_put_off_for_a_refused_claim_all_the_same() -> None:
    w = make.world()
    award = make.planned(w, make.signed(w))
    tranche = award.tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    paying.release(tranche.pk, by=w.finn, at=make.MONDAY)
    # The bank's word, recorded late, gives thirty days; the first refused claim thirty more.
    paying.settle(tranche.pk, by=w.finn, at=make.MONDAY + 80 * DAY)
    _refused(w, award, make.MONDAY + 109 * DAY)
    tranche.refresh_from_db()
    assert tranche.account_by is not None
    assert _pending(Kind.ACCOUNT) == [tranche.account_by]
    assert tranche.account_by >= make.MONDAY + 139 * DAY


def test_a_last_claim_put_off_for_another_reason_is_put_off_for_a_refused_claim_all_the_same() -> None:
    w = make.world()
    award = make.ended(w)
    recovery = make.recovery(w, award, amount=ALL)
    recovering.dismiss(recovery.pk, conclusion="All is there.", by=w.minjun, at=make.MONDAY + 80 * DAY)
    _refused(w, award, make.MONDAY + 109 * DAY)
    (due_at,) = _pending(Kind.FINAL_CLAIM)
    assert due_at >= make.MONDAY + 139 * DAY


def test_every_new_day_is_told() -> None:
    w = make.world()
    award = make.paid(w).award
    _refused(w, award, ACCOUNT_BY - DAY)
    (told,) = Message.objects.filter(to=w.hana, subject__startswith="More time")
    assert when(Tranche.objects.get(award=award, number=1).account_by) in told.body
    assert "to account for payment 1" in told.body


def test_a_new_day_for_the_last_claim_is_told() -> None:
    w = make.world()
    _refused(w, make.ended(w), make.MONDAY + 89 * DAY)
    (until,) = _pending(Kind.FINAL_CLAIM)
    (told,) = Message.objects.filter(to=w.hana, subject__startswith="More time")
    assert f"until {when(until)} for the last claim" in told.body


def test_only_what_was_asked_back_of_the_advances_can_be_claimed_again() -> None:
    w = make.world()
    award = make.paid(w).award
    at, before = ACCOUNT_BY - DAY, _pending(Kind.ACCOUNT)
    on_top = make.recovery(w, award, amount=1, kind="surcharge", origin="on_top", at=at)
    recovering.dismiss(on_top.pk, conclusion="None is owed.", by=w.minjun, at=at)
    assert _pending(Kind.ACCOUNT) == before
    of_advances = make.recovery(w, award, amount=1, at=at)
    recovering.dismiss(of_advances.pk, conclusion="All is there.", by=w.minjun, at=at)
    assert _pending(Kind.ACCOUNT) == [Tranche.objects.get(award=award, number=1).account_by] > [at + 29 * DAY]


def test_nobody_is_suspended_unwarned_after_the_agency_sat_on_a_claim() -> None:
    w = make.world()
    award = make.paid(w).award
    _refused(w, award, ACCOUNT_BY - DAY)
    # Claimed again in time; the agency takes its time.
    claim = make.claimed(w, award, amount=ALL, at=ACCOUNT_BY + 28 * DAY)
    refused_at = ACCOUNT_BY + 50 * DAY
    make.run_to(refused_at)
    line = claim.lines.get()
    accounting.decide(
        claim.pk, {line.pk: Verdict(0, "No receipts.")}, by=w.finn, at=refused_at, checked_in_full=True
    )
    assert _told(w.hana, "More time") == 2
    make.run_to(refused_at + 7 * DAY)
    assert Cause.ACCOUNT_OVERDUE not in _causes(award)
    make.run_to(refused_at + 9 * DAY)
    assert Cause.ACCOUNT_OVERDUE in _causes(award)


def _refused_every_time(w: make.World, award: Award, kind: Kind) -> int:
    """How often everything can be claimed just before its day, and refused the same day, until the clock acts."""
    times = 0
    while times < 9 and Cause.ACCOUNT_OVERDUE not in _causes(award) and not award.recoveries.exists():
        times += 1
        (due_at,) = _pending(kind)
        make.run_to(due_at - timedelta(minutes=10))
        claim = make.claimed(w, award, amount=ALL, at=due_at - timedelta(minutes=10))
        at = due_at + timedelta(hours=1)
        make.run_to(at)
        verdicts = {line.pk: Verdict(0, "No receipts.") for line in claim.lines.all()}
        accounting.decide(claim.pk, verdicts, by=w.finn, at=at, checked_in_full=True)
        settle_down(at=at)
    return times


def test_nobody_gains_time_by_claiming_again_and_again() -> None:
    w = make.world()
    award = make.paid(w).award
    assert _refused_every_time(w, award, Kind.ACCOUNT) == 3
    assert Cause.ACCOUNT_OVERDUE in _causes(award)


def test_nobody_keeps_what_is_unspent_by_claiming_it_again_and_again() -> None:
    w = make.world()
    award = make.ended(w)
    assert _refused_every_time(w, award, Kind.FINAL_CLAIM) == 3
    assert award.recoveries.get().amount == ALL


def test_an_ended_award_is_not_told_of_two_days_for_the_same_money() -> None:
    w = make.world()
    award = make.ended(w)
    make.run_to(make.MONDAY + 80 * DAY)
    _refused(w, award, make.MONDAY + 80 * DAY)
    make.run_to(make.MONDAY + 105 * DAY)
    assert (_told(w.hana, "Not accounted for"), _told(w.hana, "More time")) == (0, 1)


def test_nobody_is_reminded_of_a_last_claim_that_was_made() -> None:
    w = make.world()
    award = make.ended(w)
    make.run_to(make.MONDAY + 61 * DAY)
    assert _told(w.hana, "Reminder: Last claim") == 1
    make.claimed(w, award, amount=ALL, at=make.MONDAY + 61 * DAY)
    make.run_to(make.MONDAY + 130 * DAY)
    assert _told(w.hana, "Reminder: Last claim") == 1
    assert len(_pending(Kind.FINAL_CLAIM)) == 1
    assert not award.recoveries.exists()


def test_who_is_late_with_accounts_gets_one_mail_a_week() -> None:
    w = make.world()
    award = make.paid(w).award
    make.run_to(ACCOUNT_BY)
    reminded = _told(w.hana, "Reminder: Payment accounted for")
    assert reminded == 2
    make.run_to(ACCOUNT_BY + 15 * DAY)
    assert Cause.ACCOUNT_OVERDUE in _causes(award)
    assert _told(w.hana, "Not accounted for") == 3
    assert _told(w.hana, "Reminder: Payment accounted for") == reminded


def test_accounts_that_a_special_review_passed_are_no_new_cause() -> None:
    w = make.world()
    award = make.paid(w).award
    at = ACCOUNT_BY + DAY
    make.run_to(at)
    assert curing.uncured(_award(award), at=at) == [Cause.ACCOUNT_OVERDUE]
    review = proceeding.open_(
        award.pk, "special_review", reason="Late.", possible_outcome="An end.", by=w.minjun, at=at
    )
    proceeding.reply(review.pk, text="All is well.", by=w.hana, at=at)
    for member in w.committee[:3]:
        proceeding.vote(review.pk, is_for=False, termination_kind="", reason="Fine.", by=member, at=at)
    later = at + 15 * DAY
    make.run_to(later)
    further = Event.objects.filter(kind="award.further_cause", data__suspension=Cause.ACCOUNT_OVERDUE)
    assert not further.exists()
    assert curing.uncured(_award(award), at=later) == []


def test_a_late_answer_shortly_before_the_day_leaves_thirty_days_too() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    award, plan = _plan_in_late(w)
    assert award.confirmation_due_on is not None
    day = make.start_of(award.confirmation_due_on)
    make.run_to(day - DAY)
    planning.return_(plan.pk, reason="Say more.", by=w.minjun, at=day - DAY)
    make.run_to(day + 2 * DAY)
    extended = _award(award)
    assert (extended.state, extended.confirmation_due_on) == ("provisional", (day + 30 * DAY).date())


def test_an_answer_in_time_moves_no_day() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    award = make.signed(w)
    plan = make.plan_handed_in(award)
    planning.return_(plan.pk, reason="Say more.", by=w.minjun, at=make.MONDAY + DAY)
    assert award.confirmation_due_on is not None
    day = make.start_of(award.confirmation_due_on)
    Timer.objects.filter(kind=Kind.PLAN_DUE, status="pending").update(
        status="cancelled", ended_at=make.MONDAY
    )
    make.run_to(day + 2 * DAY)
    assert Cause.NOT_CONFIRMED in _causes(award)


def test_no_termination_opens_while_the_confirmation_is_up_to_the_agency() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    award, _plan = _plan_in_late(w)
    at = make.MONDAY + 100 * DAY
    make.suspended(award, Cause.NOT_CONFIRMED, at=at)
    assert curing.uncured(_award(award), at=at) == []
    make.run_to(at + 90 * DAY)
    assert not Proceeding.objects.exists()
    # The day went by meanwhile: nobody is told that the award is not suspended.
    assert _told(w.yuna, "Award not confirmed") == 0
    assert _causes(award) == {Cause.NOT_CONFIRMED}
    assert broken(at=at + 90 * DAY) == []


def test_no_termination_opens_the_day_after_a_late_word_of_the_agency() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    award, plan = _plan_in_late(w)
    at = make.MONDAY + 100 * DAY
    make.suspended(award, Cause.NOT_CONFIRMED, at=at)
    opens_at = at + 88 * DAY
    make.run_to(opens_at - DAY)
    (due_at,) = _pending(Kind.OPEN_TERMINATION)
    assert due_at <= opens_at
    planning.return_(plan.pk, reason="Say more.", by=w.minjun, at=opens_at - DAY)
    make.run_to(opens_at + 20 * DAY)
    assert not Proceeding.objects.exists()
    make.run_to(opens_at + 45 * DAY)
    assert Proceeding.objects.get().kind == "termination"


def test_no_termination_opens_the_day_after_a_late_no_to_a_claim() -> None:
    w = make.world()
    award = make.paid(w).award
    make.run_to(ACCOUNT_BY + DAY)
    claim = make.claimed(w, award, amount=ALL, at=ACCOUNT_BY + DAY)
    opens_at = ACCOUNT_BY + 88 * DAY
    make.run_to(opens_at - DAY)
    verdicts = {line.pk: Verdict(0, "No receipts.") for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=opens_at - DAY, checked_in_full=True)
    # Who was late stays so, whatever was claimed meanwhile.
    assert Cause.ACCOUNT_OVERDUE in curing.uncured(_award(award), at=opens_at)
    make.run_to(opens_at + 20 * DAY)
    assert not Proceeding.objects.filter(kind="termination").exists()
    make.run_to(opens_at + 45 * DAY)
    assert Proceeding.objects.filter(kind="termination").exists()


def test_a_plan_handed_in_badly_again_and_again_gains_time_once() -> None:
    # Every answer is in time.
    w = make.world(account_days=400, misses_to_suspension=9, decide_plan_working_days=200)
    award, plan = _plan_in_late(w)
    for _time in range(2):
        due_on = _award(award).confirmation_due_on
        assert due_on is not None
        at = make.start_of(due_on) + 2 * DAY
        make.run_to(at)
        assert _award(award).state == "provisional"
        planning.return_(plan.pk, reason="Say more.", by=w.minjun, at=at)
        make.run_to(at + 8 * DAY)
        plan = make.plan_handed_in(_award(award), at=at + 8 * DAY)
    assert Event.objects.filter(kind="award.extended", data__has_key="in_time").count() == 1
    assert Cause.NOT_CONFIRMED in _causes(award)


def test_a_plan_and_a_lost_milestone_look_late_however_often_it_was_told() -> None:
    w = make.world(account_days=400, misses_to_suspension=9)
    award = make.signed(w)
    plan = make.plan_handed_in(award)
    (first_due_at,) = _pending(Kind.DECIDE_PLAN)
    make.run_to(make.MONDAY + 140 * DAY)
    assert _told(w.doyun, "Plan waits too long") > 3
    assert due_at_of(Kind.DECIDE_PLAN, plan._meta.label_lower, plan.pk) == first_due_at
    (found,) = with_due_at(
        readable_by_agency(w.minjun, "manager"),
        Kind.DECIDE_PLAN,
        matter="award__proposal_id",
        name="answer_by",
    )
    assert vars(found)["answer_by"] == first_due_at
    missed = award.milestones.get(number=1)
    assert missed.state == "missed"
    assert _told(w.doyun, "Milestone not answered") > 1
    late = Timer.objects.get(kind=Kind.ACT_ON_FAILURE, status="pending", subject_id=missed.pk)
    assert late.late_since is not None
    assert late.late_since < make.MONDAY + 130 * DAY
