"""Nothing runs into a dead end: what was agreed is kept, and there is always somebody whose turn it is."""

from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.changes.models import Change
from rdfast.changes.operations import ChangeRefused
from rdfast.core.machines import NotPossibleNow
from rdfast.core.working_days import after_days, after_working_days, end_of, start_of
from rdfast.flow import (
    accounting,
    appealing,
    changing,
    completing,
    ending,
    moving,
    paying,
    performing,
    proceeding,
)
from rdfast.flow.deadlines import settle_down
from rdfast.flow.more_time import MORE_DAYS
from rdfast.flow.reshaping import payments_ahead
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.states import Cause
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.queries import boxes_of_award, envelopes_of_award
from rdfast.milestones import operations as milestones
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import Promise
from rdfast.milestones.queries import to_answer
from rdfast.outbox.models import Message
from rdfast.plans.models import PlannedStep
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment
from rdfast.reports.invariants import broken
from rdfast.reviews.models import Review
from rdfast.reviews.queries import findings_waiting
from rdfast.settlement.models import Recovery
from rdfast.settlement.operations import Verdict
from rdfast.settlement.recoveries import RecoveryRefused
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY
DAY = timedelta(days=1)


def _award() -> Award:
    return Award.objects.get()


def _pending(kind: Kind) -> list[datetime]:
    return list(Timer.objects.filter(kind=kind, status="pending").values_list("due_at", flat=True))


def _later(promise: Promise, days: int) -> Promise:
    day = promise.due_on + timedelta(days=days)
    return Promise(promise.title, promise.criterion, day, promise.share_percent, promise.is_critical)


def _confirm(w: make.World, award: Award, at: datetime, *, envelope_id: int | None = None) -> Award:
    envelope_id = envelope_id or w.envelope.pk
    motion = moving.propose_confirmation(
        award.pk, envelope_id=envelope_id, reason="It works.", by=w.minjun, at=at
    )
    moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    return _award()


# A change before the confirmation.


def _with_the_second_moved(w: make.World) -> Award:
    """Signed, and the day of the second milestone moved, before the plan is in."""
    award = make.signed(w)
    first, second = make.promises(award)
    make.change(award, w.hana, promises=[first, _later(second, 20)])
    award.refresh_from_db()
    return award


def test_a_confirmation_keeps_what_a_change_agreed_on() -> None:
    w = make.world()
    award = make.planned(w, _with_the_second_moved(w))
    paying.approve(award.tranches.filter(state="ready").get().pk, by=w.minjun, at=AT)
    tranche = paying.release(award.tranches.get(state="approved").pk, by=w.finn, at=AT)
    paying.settle(tranche.pk, by=w.finn, at=AT)
    milestone = make.passed_next(w, award, at=AT)
    at = milestone.reported_at or AT
    ahead = award.milestones.filter(state="planned").get()

    award = _confirm(w, award, at)
    (kept,) = award.milestones.filter(state="planned")
    assert (kept.title, kept.due_on) == (ahead.title, ahead.due_on)
    unpaid = award.tranches.filter(state__in=["scheduled", "ready"])
    assert sum(each.amount for each in unpaid) == boxes_of_award(award.pk)[BoxKind.OBLIGATED] > 0
    assert not _pending(Kind.FINAL_REPORT)
    assert broken(at=at) == []


def test_a_plan_that_was_handed_in_follows_a_change_and_keeps_what_it_promises_beyond() -> None:
    w = make.world()
    award = make.signed(w)
    content = make.plan_content(award.plan)
    plan = make.plan_handed_in(award)
    change = make.change(award, w.hana, promises=[_later(each, 5) for each in make.promises(award)])
    changing.agree(change.pk, by=w.minjun, at=AT)
    plan.refresh_from_db()
    steps = list(plan.steps.order_by("number"))
    planned = award.milestones.filter(state="planned").order_by("number")
    assert [each.milestone for each in steps] == list(planned)
    assert [each.due_on for each in steps] == [each.due_on for each in planned]
    assert len(steps) == len(content.steps) and plan.revision == 2


def test_a_plan_that_restates_what_no_longer_applies_is_named() -> None:
    w = make.world()
    award = make.signed(w)
    plan = make.plan_handed_in(award)
    with transaction.atomic():
        milestones.supersede(lock_award(award.pk), ["planned"], by=None, at=AT)
    assert [each for each in broken(at=AT) if f"plan {plan.pk} of a running award restates" in each]


def test_a_planned_day_that_has_come_before_the_confirmation_is_moved() -> None:
    w = make.world()
    milestone = make.passed(w)
    award, at = milestone.award, milestone.reported_at or AT
    award.plan.steps.filter(milestone__state="planned").update(milestone=None, due_on=at.date() - DAY)
    award = _confirm(w, award, at)
    made = award.milestones.get(state="planned")
    assert made.due_on == timezone.localdate(at) + timedelta(days=award.policy.terms.milestone_opens_days)


# A milestone opens while a change waits.


def _moved_before_it_opens(w: make.World) -> tuple[Award, Change, Milestone, datetime]:
    """The first milestone is to be a month later; it opens before anybody answers."""
    award = make.paid(w).award
    first, second = make.promises(award)
    milestone = award.milestones.get(number=1)
    opens = Timer.objects.get(kind=Kind.OPEN_MILESTONE, subject_id=milestone.pk).due_at
    wanted = [_later(first, 30), _later(second, 30)]
    change = make.change(award, w.hana, at=opens - 3 * DAY, promises=wanted)
    settle_down(at=opens)
    milestone.refresh_from_db()
    assert (milestone.state, change.state) == ("open", "proposed")
    return award, change, milestone, opens


def test_what_was_asked_in_time_is_agreed_as_it_was_shown_though_the_milestone_has_opened() -> None:
    w = make.world()
    award, change, milestone, at = _moved_before_it_opens(w)
    shown = changing.effect_of(change, at=at)
    changing.agree(change.pk, by=w.minjun, at=at)
    milestone.refresh_from_db()
    change.refresh_from_db()
    assert (milestone.state, change.effect) == ("superseded", shown)
    ahead = award.milestones.exclude(state="superseded").order_by("number")
    assert [[each.title, each.due_on.isoformat(), each.share_percent] for each in ahead] == (
        shown["milestones"]["after"]
    )
    unpaid = award.tranches.filter(state__in=["scheduled", "ready"]).order_by("number")
    assert [each.amount for each in unpaid] == [amount for _day, amount in shown["payments"]["after"]]
    assert not Timer.objects.filter(subject_id=milestone.pk, kind=Kind.REPORT_DUE, status="pending").exists()
    assert not Review.objects.filter(milestone=milestone, state="invited").exists()
    assert broken(at=at) == []


def test_a_report_overtakes_the_change_that_was_to_take_its_place() -> None:
    w = make.world()
    _, change, milestone, at = _moved_before_it_opens(w)
    performing.report(milestone.pk, text="500 h.", files=[], by=w.hana, at=at)
    change.refresh_from_db()
    assert change.state == "stale"
    assert Message.objects.filter(to=w.hana, subject__startswith="Change overtaken").exists()
    with pytest.raises(NotPossibleNow):
        changing.agree(change.pk, by=w.minjun, at=at)


def test_a_report_leaves_a_change_of_what_lies_behind_it_alone() -> None:
    w = make.world()
    milestone = make.opened(w)
    at = timezone.make_aware(datetime.combine(milestone.due_on, datetime.min.time())) - 13 * DAY
    (second,) = make.promises(milestone.award)
    change = make.change(milestone.award, w.minjun, at=at, promises=[_later(second, 5)])
    performing.report(milestone.pk, text="500 h.", files=[], by=w.hana, at=at)
    changing.agree(change.pk, by=w.sejin, at=at)
    milestone.refresh_from_db()
    assert milestone.state == "reported"


def test_nothing_is_agreed_for_a_day_that_has_come() -> None:
    w = make.world()
    award = make.paid(w).award
    first, second = make.promises(award)
    soon = Promise("Soon", "It runs.", (AT + 3 * DAY).date(), 10)
    change = make.change(award, w.hana, promises=[soon, first, second])
    with pytest.raises(ChangeRefused, match="A day in it has come"):
        changing.agree(change.pk, by=w.minjun, at=AT + 3 * DAY)
    change.refresh_from_db()
    assert change.state == "proposed" and award.milestones.count() == 2


# A milestone is lost.


def test_moving_a_date_answers_no_failure() -> None:
    w = make.world()
    milestone = make.passed(w, grade="failed")
    award, at = milestone.award, milestone.reported_at or AT
    (second,) = make.promises(award)
    change = make.change(award, w.hana, at=at, promises=[_later(second, 5)])
    assert (change.is_free_move, change.state) == (False, "proposed")
    assert _pending(Kind.ACT_ON_FAILURE) == [after_working_days(at, 10)]
    changing.agree(change.pk, by=w.minjun, at=at)
    assert not _pending(Kind.ACT_ON_FAILURE)


def _missed(w: make.World) -> tuple[Milestone, datetime]:
    return _let_pass(make.opened(w))


def _let_pass(milestone: Milestone) -> tuple[Milestone, datetime]:
    """Nobody reports it, until the days of grace have passed too."""
    days = timedelta(days=milestone.award.policy.terms.grace_days)
    missed_at = end_of(milestone.due_on + days)
    make.run_to(missed_at)
    milestone.refresh_from_db()
    assert milestone.state == "missed"
    return milestone, missed_at


def test_a_missed_milestone_waits_for_an_answer_again_and_again() -> None:
    w = make.world()
    milestone, at = _missed(w)
    (due_at,) = _pending(Kind.ACT_ON_FAILURE)
    assert due_at == after_working_days(at, 10)
    settle_down(at=due_at)
    told = Message.objects.get(to=w.doyun, subject__startswith="Milestone not answered")
    assert "was missed" in told.body
    assert _pending(Kind.ACT_ON_FAILURE) == [after_working_days(due_at, 10)]

    until = timezone.localdate(due_at) + 5 * DAY
    performing.give_leave(milestone.pk, until=until, reason="The lab burnt.", by=w.minjun, at=due_at)
    assert _pending(Kind.ACT_ON_FAILURE) == [after_working_days(end_of(until), 10)]
    assert not to_answer(w.minjun, today=until)
    assert list(to_answer(w.minjun, today=until + DAY)) == [milestone]
    performing.report(milestone.pk, text="500 h.", files=[], by=w.hana, at=due_at)
    assert not _pending(Kind.ACT_ON_FAILURE)


def _missed_on_the_way(w: make.World) -> tuple[Award, datetime]:
    """Confirmed, the second milestone missed, a third one ahead."""
    award = make.confirmed(w)
    at = award.confirmed_at or AT
    (second,) = make.promises(award)
    soon = replace(second, due_on=(at + 15 * DAY).date())
    changing.agree(make.change(award, w.hana, at=at, promises=[soon, second]).pk, by=w.minjun, at=at)
    _lost, missed_at = _let_pass(award.milestones.get(due_on=soon.due_on, state="planned"))
    return _award(), missed_at


def test_a_milestone_missed_on_the_way_does_not_keep_an_award_from_its_end() -> None:
    w = make.world()
    award, at = _missed_on_the_way(w)
    make.accepted(w, award, amount=24_000_000, at=at)
    last = make.passed_next(w, award, at=at)
    assert _pending(Kind.FINAL_REPORT)
    reported_at = last.reported_at or at
    completing.report_finally(
        award.pk, text="Done.", lesson="Dry rooms.", files=[], by=w.hana, at=reported_at
    )
    assert _award().state == "completed"
    assert broken(at=reported_at) == []


def test_nothing_is_paid_ahead_of_a_missed_milestone_any_more() -> None:
    w = make.world()
    award, at = _missed_on_the_way(w)
    ahead = award.milestones.get(state="planned")
    assert [each.share_percent for each in payments_ahead(award, at=at)] == [ahead.share_percent]


@pytest.mark.parametrize("grade", ["failed", "missed"])
def test_after_a_loss_that_is_answered_the_next_milestone_is_the_first(grade: str) -> None:
    w = make.world()
    if grade == "missed":
        milestone, at = _missed(w)
    else:
        milestone = make.passed(w, grade="failed")
        at = milestone.reported_at or AT
    award = _award()
    with pytest.raises(moving.NotRipe):
        _confirm(w, award, at)
    change = make.change(award, w.minjun, at=at, promises=[_later(each, 1) for each in make.promises(award)])
    changing.agree(change.pk, by=w.sejin, at=at)
    with pytest.raises(moving.NotRipe):
        _confirm(w, _award(), at)
    make.accepted(w, award, amount=24_000_000, at=at)
    following = make.passed_next(w, _award(), at=at)
    assert _confirm(w, _award(), following.reported_at or at).state == "confirmed"


# Money over two years.


def _over_two_years(w: make.World) -> tuple[Award, datetime]:
    """24 million paid; 36 million of this year's envelope ahead, then 300 million of the next year's."""
    award = make.passed(w).award
    at = award.milestones.get(number=1).reported_at or AT
    following = programmes_envelope(w)
    award = _confirm(w, award, at, envelope_id=following)
    unpaid = award.tranches.filter(state__in=["scheduled", "ready"]).order_by("number")
    assert [(each.envelope.year, each.amount) for each in unpaid] == [(2026, 36_000_000), (2027, 300_000_000)]
    return award, at


def programmes_envelope(w: make.World) -> int:
    following = make.Envelope.objects.create(programme=w.programme, year=w.envelope.year + 1)
    programmes.allot(following.pk, amount=400_000_000, reason="New.", key="new", by=None, at=AT)
    return int(following.pk)


def _release_next(w: make.World, award: Award, at: datetime) -> int:
    tranche = award.tranches.filter(state="ready").earliest("number")
    paying.approve(tranche.pk, by=w.minjun, at=at)
    paying.release(tranche.pk, by=w.finn, at=at)
    return int(tranche.pk)


def _world_of_two_years() -> make.World:
    return make.world(allotted=400_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)


def test_a_cut_leaves_what_the_bank_sent_back_where_it_is_paid_from() -> None:
    w = _world_of_two_years()
    award, at = _over_two_years(w)
    make.accepted(w, award, amount=24_000_000, at=at)
    bounced = _release_next(w, award, at)
    paying.bounce(bounced, reason="Closed.", by=w.finn, at=at)
    change = make.change(_award(), w.hana, at=at, amount=200_000_000)
    changing.agree(change.pk, by=w.minjun, at=at)
    assert dict(envelopes_of_award(award.pk, BoxKind.OBLIGATED))[w.envelope.pk] == 36_000_000
    ahead = award.tranches.filter(state__in=["scheduled", "ready"])
    assert sum(each.amount for each in ahead) == 200_000_000 - 24_000_000 - 36_000_000
    assert broken(at=at) == []


def test_what_comes_back_from_the_bank_is_there_though_claims_were_accepted_meanwhile() -> None:
    w = _world_of_two_years()
    award, at = _over_two_years(w)
    make.accepted(w, award, amount=24_000_000, at=at)
    first = _release_next(w, award, at)
    second = _release_next(w, award, at)
    paying.settle(second, by=w.finn, at=at)
    claim = make.claimed(w, _award(), amount=100_000_000, at=at)
    verdicts = {line.pk: Verdict(line.amount) for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=at, checked_in_full=True)
    paying.bounce(first, reason="Closed.", by=w.finn, at=at)
    assert award.tranches.get(pk=first).state == "bounced"
    assert broken(at=at) == []


# Somebody has to act.


def _put_into_effect(w: make.World, award: Award, kind: str, at: datetime, **facts: Any) -> int:
    opened = proceeding.open_(
        award.pk, kind, reason="Doubts.", possible_outcome="Money back.", by=w.minjun, at=at, **facts
    )
    return _voted(w, opened.pk, at)


def _voted(w: make.World, proceeding_id: int, at: datetime, *, is_for: bool = True) -> int:
    proceeding.reply(proceeding_id, text="No.", by=w.sejin, at=at)
    for member in w.committee[:3]:
        kind = "for_cause" if is_for else ""
        proceeding.vote(proceeding_id, is_for=is_for, termination_kind=kind, reason="So.", by=member, at=at)
    return proceeding_id


def test_a_recovery_for_cause_waits_for_the_claims_that_hide_what_is_unspent() -> None:
    w = make.world()
    award = make.paid(w).award
    claim = make.claimed(w, award, amount=24_000_000)
    decided = _put_into_effect(w, award, "recovery", AT, amount=10_000_000)
    with pytest.raises(RecoveryRefused, match="₩24,000,000"):
        proceeding.sign(decided, conclusion="Agreed.", by=w.yuna, at=AT)
    assert not Recovery.objects.exists() and _pending(Kind.DECIDE_PROCEEDING)

    verdicts = {line.pk: Verdict(0, "Not of this work.") for line in claim.lines.all()}
    accounting.decide(claim.pk, verdicts, by=w.finn, at=AT, checked_in_full=True)
    proceeding.sign(decided, conclusion="Agreed.", by=w.yuna, at=AT)
    assert Recovery.objects.get().amount == 10_000_000


def test_a_suspension_has_a_clock_again_when_the_termination_is_dismissed() -> None:
    w = make.world()
    award = make.suspended(make.signed(w), Cause.PLAN_OVERDUE)
    make.run_to(AT + 75 * DAY)
    at = AT + 75 * DAY
    opened = award.proceedings.get(kind="termination")
    assert not _pending(Kind.RESOLVE) and not _pending(Kind.OPEN_TERMINATION)
    _voted(w, opened.pk, at, is_for=False)
    assert _award().state == "provisional_suspended"
    assert _pending(Kind.RESOLVE) == [after_days(at, award.policy.terms.suspension_days)]
    assert broken(at=at) == []


def test_what_the_clock_opened_for_want_of_a_resumption_ends_with_it() -> None:
    w = make.world()
    award = make.suspended(make.signed(w), Cause.PLAN_OVERDUE)
    at = AT + 75 * DAY
    make.run_to(at)
    opened = award.proceedings.get(kind="termination")
    make.plan_handed_in(_award(), at=at)
    motion = moving.propose_resumption(award.pk, reason="It came.", by=w.minjun, at=at)
    moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    opened.refresh_from_db()
    assert (opened.state, opened.conclusion) == ("dismissed", "The suspension has ended.")
    assert not _pending(Kind.REPLY) and not _pending(Kind.DECIDE_PROCEEDING)


def test_an_upheld_appeal_about_overdue_money_is_not_undone_by_the_clock() -> None:
    w = make.world()
    tranche = make.paid(w)
    account_by = tranche.account_by or AT
    make.run_to(account_by + DAY)
    award = _award()
    assert award.suspension_cause == "account_overdue"
    at = account_by + DAY
    (event,) = [each for each in appealable(award.proposal, at=at) if each.kind == "award.suspend"]
    appeal = appealing.file(award.proposal_id, event.pk, text="It was sent.", by=w.sejin, at=at)
    appealing.uphold(appeal.pk, reason="It was.", by=w.committee[0], at=at)
    tranche.refresh_from_db()
    assert _pending(Kind.ACCOUNT) == [tranche.account_by] == [after_days(at, MORE_DAYS)]
    make.run_to(at + 20 * DAY)
    assert not _award().state.endswith("suspended")
    assert broken(at=at + 20 * DAY) == []


def test_a_failed_last_milestone_is_not_answered_by_a_change_that_leaves_nothing_to_do() -> None:
    w = make.world()
    award = make.confirmed(w)
    last = make.passed_next(w, award, at=award.confirmed_at or AT, grade="failed")
    at = last.reported_at or AT
    change = make.change(_award(), w.hana, at=at, amount=24_000_000, promises=[])
    changing.agree(change.pk, by=w.minjun, at=at)
    assert _pending(Kind.ACT_ON_FAILURE) == [after_working_days(at, 10)]


def test_an_award_that_waits_for_nobody_is_named() -> None:
    w = make.world()
    award = make.signed(w)
    Timer.objects.filter(status="pending").update(status="cancelled", ended_at=AT)
    assert f"award {award.pk} is provisional and waits for nobody" in broken(at=AT)


# A second look: changes that add or drop milestones, panels, plans.


def _with_the_second_open(w: make.World) -> tuple[Award, Promise, datetime]:
    """Provisional, the first milestone passed, the second and last one open; and what a change could promise."""
    milestone = make.passed(w)
    award, at = milestone.award, milestone.reported_at or AT
    (second,) = make.promises(award)
    later = start_of(second.due_on - timedelta(days=13))
    make.accepted(w, award, amount=24_000_000, at=at)
    make.run_to(later)
    assert award.milestones.get(number=2).state == "open"
    return _award(), _later(second, 40), later


def test_a_confirmation_keeps_what_a_change_added() -> None:
    w = make.world()
    award, more, at = _with_the_second_open(w)
    changing.agree(make.change(award, w.minjun, at=at, promises=[more]).pk, by=w.sejin, at=at)
    award = _confirm(w, _award(), at)
    (added,) = award.milestones.filter(state="planned")
    assert (added.title, added.due_on) == (more.title, more.due_on)
    assert broken(at=at) == []


def test_a_change_that_drops_what_is_left_leads_to_the_end() -> None:
    w = make.world()
    award = make.confirmed(w)
    at = award.confirmed_at or AT
    paid_so_far = award.amount - boxes_of_award(award.pk)[BoxKind.OBLIGATED]
    change = make.change(award, w.hana, at=at, amount=paid_so_far, promises=[])
    changing.agree(change.pk, by=w.minjun, at=at)
    assert _pending(Kind.FINAL_REPORT)
    completing.report_finally(award.pk, text="Done.", lesson="Dry rooms.", files=[], by=w.hana, at=at)
    assert _award().state == "completed"


def test_a_resumption_for_another_cause_answers_no_failure() -> None:
    w = make.world()
    award = make.confirmed(w)
    at = award.confirmed_at or AT
    (second,) = make.promises(award)
    change = make.change(award, w.hana, at=at, promises=[second, _later(second, 60)])
    changing.agree(change.pk, by=w.minjun, at=at)
    make.accepted(w, _award(), amount=24_000_000, at=at)
    failed = make.passed_next(w, _award(), at=at, grade="failed")
    at = failed.reported_at or at
    make.suspended(_award(), Cause.ACCOUNT_OVERDUE, at=at)
    motion = moving.propose_resumption(award.pk, reason="It came.", by=w.minjun, at=at)
    moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    assert not _award().state.endswith("suspended")
    assert _pending(Kind.ACT_ON_FAILURE) == [after_working_days(at, 10)]


def test_going_on_after_a_review_of_the_failure_answers_it_and_pays_for_what_lies_ahead() -> None:
    w = make.world()
    milestone = make.reported(w)
    Milestone.objects.filter(pk=milestone.pk).update(is_critical=True)
    at = milestone.reported_at or AT
    make.accepted(w, milestone.award, amount=24_000_000, at=at)
    make.evaluated(w, milestone, "failed", at=at)
    award = _award()
    _voted(w, award.proceedings.get(kind="special_review").pk, at, is_for=False)
    motion = moving.propose_resumption(award.pk, reason="It passed.", by=w.minjun, at=at)
    moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    assert not _pending(Kind.ACT_ON_FAILURE)
    assert award.tranches.get(state="ready").amount == boxes_of_award(award.pk)[BoxKind.OBLIGATED]
    assert broken(at=at) == []


def test_work_that_is_added_asks_for_the_final_report_later() -> None:
    w = make.world()
    award = make.confirmed(w)
    last = make.passed_next(w, award, at=award.confirmed_at or AT)
    at = last.reported_at or AT
    assert _pending(Kind.FINAL_REPORT)
    more = Promise("Pack", "It lasts.", timezone.localdate(at) + 90 * DAY, 10)
    change = make.change(_award(), w.hana, at=at, promises=[more])
    changing.agree(change.pk, by=w.minjun, at=at)
    assert not _pending(Kind.FINAL_REPORT)


def test_an_award_grows_no_further_than_its_plan() -> None:
    w = make.world()
    award = make.signed(w)
    lines = dict.fromkeys(list(make.plan_content(award.plan).budget)[:2], 100000000)
    make.planned(w, award, amount=160_000_000, own_cash=40_000_000, own_kind=0, budget=lines)
    assert moving.most_for(award) == 160_000_000
    change = make.change(_award(), w.hana, amount=200_000_000)
    with pytest.raises(ChangeRefused, match="₩160,000,000"):
        changing.agree(change.pk, by=w.minjun, at=AT)


def test_reviewers_who_waited_in_vain_for_a_missed_report_are_asked_again() -> None:
    w = make.world()
    milestone = make.opened(w)
    asked = set(Review.objects.filter(milestone=milestone).values_list("reviewer", flat=True))
    Appointment.objects.filter(role="reviewer").exclude(user__in=asked).delete()
    milestone, at = _let_pass(milestone)
    performing.give_leave(
        milestone.pk, until=timezone.localdate(at) + DAY, reason="The lab burnt.", by=w.minjun, at=at
    )
    performing.report(milestone.pk, text="500 h.", files=[], by=w.hana, at=at)
    again = Review.objects.filter(milestone=milestone, state="invited")
    assert {each.reviewer_id for each in again} == asked
    assert make.evaluated(w, Milestone.objects.get(pk=milestone.pk), "passed", at=at).state == "passed"


def test_those_who_hear_an_appealed_report_hear_its_cure_too() -> None:
    w = make.world()
    milestone = make.passed(w, grade="conditional")
    at = milestone.reported_at or AT
    (event,) = [
        each for each in appealable(milestone.award.proposal, at=at) if each.kind == "finding.confirmed"
    ]
    appeal = appealing.file(milestone.award.proposal_id, event.pk, text="It is.", by=w.hana, at=at)
    more = [make.person(f"Later{number}", w.reviewers[0].organisation) for number in range(3)]
    for person in more:
        Appointment.objects.create(programme=w.programme, user=person, role="reviewer")
    appealing.uphold(appeal.pk, reason="It may be.", by=w.committee[0], at=at)
    milestone = make.evaluated(w, Milestone.objects.get(pk=milestone.pk), "conditional", at=at)
    heard = set(Review.objects.filter(milestone=milestone, round=2).values_list("reviewer", flat=True))
    performing.report(milestone.pk, text="Cured.", files=[], by=w.hana, at=at)
    asked = set(Review.objects.filter(milestone=milestone, round=3).values_list("reviewer", flat=True))
    assert asked == heard


@pytest.mark.parametrize("kind", [Kind.REACH_QUORUM, Kind.CONFIRM_FINDING])
def test_the_head_is_told_every_week_of_an_evaluation_that_stands_still(kind: Kind) -> None:
    w = make.world()
    milestone = make.reported(w)
    at = milestone.reported_at or AT
    if kind == Kind.CONFIRM_FINDING:
        make.spoken(milestone, "passed", at=at)
    (due_at,) = _pending(kind)
    make.run_to(due_at)
    assert _pending(kind) == [due_at + 7 * DAY]
    make.run_to(due_at + 7 * DAY)
    kinds = {Kind.REACH_QUORUM: "milestone.quorum_missing", Kind.CONFIRM_FINDING: "finding.late"}
    assert Event.objects.filter(kind=kinds[kind]).count() == 2


def test_a_finding_of_an_award_that_has_ended_waits_for_nobody() -> None:
    w = make.world()
    milestone = make.reported(w)
    at = milestone.reported_at or AT
    make.spoken(milestone, "passed", at=at)
    assert list(findings_waiting(w.minjun)) and _pending(Kind.CONFIRM_FINDING)
    with transaction.atomic():
        ending.terminate(lock_award(milestone.award_id), kind="technical", reason="Over.", by=None, at=at)
    assert not list(findings_waiting(w.minjun)) and not _pending(Kind.CONFIRM_FINDING)


def test_a_signing_principal_investigator_answers_the_programmes_change_where_the_policy_says_so() -> None:
    w = make.world(signed_by_pi_allowed=True)
    award = make.paid(w).award
    change = make.change(award, w.minjun, amount=50_000_000)
    changing.agree(change.pk, by=w.hana, at=AT)
    assert _award().amount == 50_000_000


def test_the_investigator_who_does_not_answer_a_change_is_asked_nothing() -> None:
    w = make.world()
    award = make.paid(w).award
    make.change(award, w.minjun, amount=50_000_000)
    told = Message.objects.filter(created_at=AT, subject__startswith="Change proposed")
    assert {(each.to, each.subject.startswith("Change proposed by the programme")) for each in told} == {
        (w.hana, True),
        (w.sejin, False),
    }


# What an earlier release left behind.


def _run(module: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(getattr(import_module(module), name))


def test_plans_of_an_earlier_release_follow_the_changes_agreed_then() -> None:
    w = make.world()
    award = _with_the_second_moved(w)
    gone = award.milestones.filter(state="superseded").order_by("number")
    for step, milestone in zip(award.plan.steps.order_by("number"), gone, strict=True):
        step.milestone = milestone
        step.save()
    last = award.milestones.filter(state="planned").latest("number")
    PlannedStep.objects.create(plan=award.plan, number=9, title="Own", due_on=last.due_on - DAY)
    _run("rdfast.plans.migrations.0003_follow_agreed_changes", "FOLLOW")
    first, second = award.milestones.filter(state="planned").order_by("number")
    steps = award.plan.steps.order_by("number").values_list("number", "title", "milestone")
    assert list(steps) == [(1, first.title, first.pk), (2, "Own", None), (3, second.title, second.pk)]
    assert broken(at=AT) == []


def test_milestones_missed_under_an_earlier_release_are_answered() -> None:
    w = make.world()
    _missed(w)
    Timer.objects.filter(kind=Kind.ACT_ON_FAILURE).update(status="cancelled", ended_at=AT)
    _run("rdfast.timers.migrations.0006_answer_lost_milestones", "ANSWER")
    assert len(_pending(Kind.ACT_ON_FAILURE)) == 1
    _run("rdfast.timers.migrations.0006_answer_lost_milestones", "ANSWER")
    assert len(_pending(Kind.ACT_ON_FAILURE)) == 1


def test_evaluations_that_stood_still_under_an_earlier_release_are_asked_for_again() -> None:
    w = make.world()
    milestone = make.reported(w)
    at = milestone.reported_at or AT
    Timer.objects.filter(kind=Kind.REACH_QUORUM).update(status="cancelled", ended_at=at)
    _run("rdfast.timers.migrations.0007_evaluations_that_stand_still", "AGAIN")
    assert len(_pending(Kind.REACH_QUORUM)) == 1
    make.spoken(milestone, "passed", at=at)
    Timer.objects.filter(kind=Kind.CONFIRM_FINDING).update(status="cancelled", ended_at=at)
    for _time in range(2):
        _run("rdfast.timers.migrations.0007_evaluations_that_stand_still", "AGAIN")
        assert len(_pending(Kind.CONFIRM_FINDING)) == 1 and not _pending(Kind.REACH_QUORUM)
