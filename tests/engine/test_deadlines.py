"""Each deadline has one effect, in time, in order; nobody is harmed before being warned."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from rdfast.audit.models import Event
from rdfast.core.refusals import RuleBroken
from rdfast.core.working_days import after_working_days
from rdfast.flow import deadlines, evaluating, granting, paying, signing
from rdfast.flow.deadlines import settle_down, sweep
from rdfast.funding.models import Award
from rdfast.milestones.models import Milestone
from rdfast.outbox.models import Message
from rdfast.outbox.operations import deliver_waiting
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Review
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import next_due
from tests import make

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _state(proposal: Proposal) -> str:
    return Proposal.objects.values_list("state", flat=True).get(pk=proposal.pk)


def _run_to(instant: datetime) -> None:
    """Let the deadlines act one after the other, each at its own time, as a running installation does."""
    while (due := next_due()) is not None and due <= instant:
        settle_down(at=due)


def test_every_kind_of_deadline_has_its_action() -> None:
    assert set(deadlines.ACTIONS) == set(Kind) - {Kind.REMINDER}


def test_a_decision_clock_that_runs_out_passes_the_proposal_to_the_head_and_decides_nothing() -> None:
    w = make.world()
    proposal = make.submitted(w)
    sweep(at=make.MONDAY + 48 * HOUR - timedelta(seconds=1))
    assert not Event.objects.filter(kind="proposal.escalated").exists()
    with pytest.raises(RuleBroken):
        granting.decline(proposal.pk, reason="no", by=w.doyun, at=make.MONDAY)

    sweep(at=make.MONDAY + 48 * HOUR)
    assert _state(proposal) == "submitted"
    assert Message.objects.filter(to=w.doyun, subject__contains="late").exists()
    granting.decline(proposal.pk, reason="no", by=w.doyun, at=make.MONDAY + 49 * HOUR)
    assert _state(proposal) == "declined"


def test_a_returned_proposal_stops_the_decision_clock_and_lapses_after_five_working_days() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.give_back(proposal.pk, reason="criterion", by=w.minjun, at=make.MONDAY + HOUR)
    due = after_working_days(make.MONDAY + HOUR, 5)
    assert due == make.MONDAY + HOUR + 7 * DAY
    _run_to(due - timedelta(seconds=1))
    assert _state(proposal) == "returned"
    assert not Event.objects.filter(kind="proposal.escalated").exists()
    _run_to(due)
    assert _state(proposal) == "lapsed"


def test_an_unwarned_harmful_deadline_is_shifted_with_a_recorded_stopped_clock() -> None:
    w = make.world()
    award = make.offered(w)
    after_outage = make.MONDAY + 40 * DAY
    sweep(at=after_outage)

    award.refresh_from_db()
    assert award.state == "offered"
    stopped = Event.objects.get(kind="clock.stopped")
    assert stopped.subject_id == award.pk
    settle_down(at=after_outage)
    assert Message.objects.filter(to=w.sejin, subject__startswith="Reminder").exists()
    _run_to(after_outage + 2 * DAY - HOUR)
    award.refresh_from_db()
    assert award.state == "offered"
    _run_to(after_outage + 2 * DAY + HOUR)
    award.refresh_from_db()
    assert award.state == "lapsed"


def test_a_shifted_deadline_warns_once_though_its_mail_took_some_seconds() -> None:
    w = make.world()
    award = make.offered(w)
    after_outage, seconds = make.MONDAY + 40 * DAY, timedelta(seconds=5)
    sweep(at=after_outage)
    sweep(at=after_outage + seconds)
    deliver_waiting(at=after_outage + 2 * seconds)
    reminded = Event.objects.filter(kind="deadline.reminded").count()
    due = after_outage + 2 * DAY
    sweep(at=due)
    award.refresh_from_db()
    assert award.state == "offered"
    _run_to(due + 2 * seconds)
    award.refresh_from_db()
    assert award.state == "lapsed"
    assert Event.objects.filter(kind="deadline.reminded").count() == reminded


def test_an_unsigned_award_lapses_on_day_thirty_after_its_reminders() -> None:
    w = make.world()
    award = make.offered(w)
    _run_to(make.MONDAY + 30 * DAY)
    award.refresh_from_db()
    assert award.state == "lapsed"
    reminders = Event.objects.filter(kind="deadline.reminded").order_by("id")
    assert [event.at - make.MONDAY for event in reminders] == [3 * DAY, 25 * DAY]


def test_a_milestone_opens_runs_over_and_is_missed_by_the_clock_alone() -> None:
    w = make.world()
    award = make.paid(w).award
    _run_to(make.MONDAY + 90 * DAY)
    milestone = Milestone.objects.get(award=award, number=1)
    assert milestone.state == "missed"
    kinds = Event.objects.filter(subject_kind="milestones.milestone", subject_id=milestone.pk).order_by("id")
    moves = [event.kind for event in kinds if event.to_state]
    assert moves == ["milestone.begin", "milestone.open", "milestone.run_over", "milestone.miss"]
    assert not Review.objects.filter(milestone=milestone, state__in=["invited", "accepted"]).exists()


def test_an_invitation_that_is_not_answered_calls_in_the_next_reviewer() -> None:
    w = make.world()
    milestone = make.opened(w)
    invited_at = Review.objects.earliest("pk").invited_at
    assert Review.objects.filter(milestone=milestone, state="invited").count() == 3
    _run_to(invited_at + 72 * HOUR)
    assert Review.objects.filter(state="expired").count() == 3
    assert Review.objects.filter(state="invited").count() == 2  # five reviewers serve the programme
    assert Message.objects.filter(to=w.minjun, subject__startswith="Reviewers needed").exists()


def test_money_that_is_not_accounted_for_keeps_a_deadline_for_ever() -> None:
    w = make.world()
    tranche = make.paid(w)
    for week in range(3):
        _run_to(make.MONDAY + 92 * DAY + week * 7 * DAY)
        pending = Timer.objects.filter(kind=Kind.ACCOUNT, subject_id=tranche.pk, status="pending")
        assert pending.count() == 1
    assert Event.objects.filter(kind="tranche.account_overdue").count() == 3


def test_a_late_approval_and_a_late_release_are_told_to_the_head() -> None:
    w = make.world()
    tranche = make.signed(w).tranches.get(number=1)
    _run_to(make.MONDAY + 5 * DAY)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY + 6 * DAY)
    _run_to(make.MONDAY + 8 * DAY)
    assert Event.objects.filter(kind="tranche.late").count() == 2
    assert Message.objects.filter(to=w.doyun, subject__startswith="Payment late").count() == 2


def test_a_deadline_that_fails_blocks_nobody_and_ends_in_an_alarm() -> None:
    w = make.world()
    proposal = make.submitted(w)
    healthy = Timer.objects.get(kind=Kind.DECIDE)
    # A poison row: its kind's action cannot work on this subject.
    poison = timers.set(Kind.SIGN, of=proposal, due_at=make.MONDAY + HOUR, at=make.MONDAY - 5 * DAY)
    Timer.objects.filter(pk=poison.pk).update(warned_at=make.MONDAY - 4 * DAY)
    at = make.MONDAY + 48 * HOUR
    sweep(at=at)
    healthy.refresh_from_db()
    assert healthy.status == "done"
    for _attempt in range(8):
        sweep(at=Timer.objects.get(pk=poison.pk).next_try_at)
    poison.refresh_from_db()
    assert (poison.status, poison.attempts) == ("dead", 8)
    assert Message.objects.filter(to=w.admin, subject__startswith="Alarm").count() == 1


def test_an_ended_deadline_stays_ended_and_none_may_end_before_its_time() -> None:
    make.submitted(make.world())
    timer = Timer.objects.get(kind=Kind.DECIDE)
    with pytest.raises(IntegrityError, match="no_effect_before_its_time"), transaction.atomic():
        Timer.objects.filter(pk=timer.pk).update(status="done", ended_at=make.MONDAY)
    sweep(at=timer.due_at)
    with pytest.raises(IntegrityError, match="has ended"), transaction.atomic():
        Timer.objects.filter(pk=timer.pk).update(status="pending", ended_at=None)


def test_changing_the_state_cancels_the_clock_in_the_same_transaction() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.decline(proposal.pk, reason="no", by=w.minjun, at=make.MONDAY + HOUR)
    assert not Timer.objects.filter(status="pending").exists()
    assert not Award.objects.exists()


def test_reviews_are_reminded_at_half_time_and_one_day_before() -> None:
    w = make.world()
    milestone = make.reported(w)
    review = Review.objects.filter(milestone=milestone, state="invited").earliest("pk")
    at = milestone.reported_at or make.MONDAY
    evaluating.accept(review.pk, by=review.reviewer, at=at)
    reminders = Timer.objects.filter(kind=Kind.REMINDER, about__kind=Kind.DELIVER_REVIEW, status="pending")
    assert [timer.due_at - at for timer in reminders.order_by("due_at")] == [7 * DAY, 13 * DAY]


def test_two_deciding_reviews_make_a_finding_only_when_nobody_is_still_writing() -> None:
    w = make.world()
    milestone = make.reported(w)
    at = milestone.reported_at or make.MONDAY
    reviews = list(Review.objects.filter(milestone=milestone, state="invited").order_by("pk"))
    for review in reviews:
        evaluating.accept(review.pk, by=review.reviewer, at=at)
    scores = dict.fromkeys(("reached", "evidence", "worth", "money"), 4)
    for review in reviews[:2]:
        evaluating.deliver(review.pk, scores=scores, grade="passed", comments="ok", by=review.reviewer, at=at)
    assert milestone.findings.count() == 0
    _run_to(at + 14 * DAY)
    finding = milestone.findings.get()
    assert (finding.result, finding.grades) == ("passed", ["passed", "passed"])
    assert Review.objects.get(pk=reviews[2].pk).state == "expired"


def test_nobody_is_invited_once_the_panel_has_spoken() -> None:
    w = make.world()
    milestone = make.reported(w)
    at = milestone.reported_at or make.MONDAY
    reviews = list(Review.objects.filter(milestone=milestone, state="invited").order_by("pk"))
    scores = dict.fromkeys(("reached", "evidence", "worth", "money"), 4)
    for review in reviews:
        evaluating.accept(review.pk, by=review.reviewer, at=at)
    for review in reviews:
        evaluating.deliver(review.pk, scores=scores, grade="passed", comments="ok", by=review.reviewer, at=at)
    asked = [review.reviewer_id for review in reviews]
    another = next(reviewer for reviewer in w.reviewers if reviewer.pk not in asked)
    with pytest.raises(RuleBroken, match="only until the panel has given its result"):
        evaluating.invite(milestone.pk, another, by=w.minjun, at=at)
    assert Review.objects.filter(milestone=milestone).count() == len(reviews)
    assert milestone.findings.count() == 1


def test_a_late_signature_moves_due_days_and_with_them_the_expected_payments() -> None:
    w = make.world()
    soon = [
        make.Planned("First", "It works", (make.MONDAY + 10 * DAY).date(), 40),
        make.Planned("Second", "It lasts", (make.MONDAY + 100 * DAY).date(), 60),
    ]
    award = make.offered(w, milestones=soon)
    signed_at = make.MONDAY + 20 * DAY
    sha256 = signing.agreement_hash(signing.agreement_text(award, at=signed_at))
    signing.sign(award.pk, sha256=sha256, account=make.ACCOUNT, by=w.sejin, at=signed_at)
    first, second = award.milestones.order_by("number")
    assert first.due_on == (signed_at + 14 * DAY).date()
    assert second.due_on - first.due_on == 90 * DAY
    assert award.tranches.get(number=2).expected_on == first.due_on
