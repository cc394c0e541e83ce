"""Appeals: in time, once, decided by people who took no part, and what an upheld one undoes."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.db.transaction import atomic

from rdfast.appeals.models import Appeal
from rdfast.appeals.operations import ReasonMissing, TooLateToAppeal
from rdfast.appeals.queries import appealable, waiting
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import NotAllowed
from rdfast.flow import allotting, appealing, evaluating, granting, moving, performing, submitting
from rdfast.flow.deadlines import settle_down
from rdfast.flow.holding import suspend
from rdfast.funding.limits import OthersWaitFirst
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.states import Cause
from rdfast.milestones.models import Milestone
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import available_in
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import inbox, waiting_for_money
from rdfast.reports.invariants import broken
from rdfast.reviews.models import Finding, Review
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY


def _declined(w: make.World, **changes: object) -> Proposal:
    proposal = make.submitted(w, **changes)  # type: ignore[arg-type]
    granting.decline(proposal.pk, reason="Too vague.", by=w.minjun, at=AT)
    proposal.refresh_from_db()
    return proposal


def _appealed(w: make.World, proposal: Proposal, at: make.datetime = AT) -> Appeal:
    (event,) = appealable(proposal, at=at)
    return appealing.file(proposal.pk, event.pk, text="It is not vague.", by=proposal.pi, at=at)


def test_a_decline_is_appealed_against_once_within_ten_days() -> None:
    w = make.world()
    proposal = _declined(w)
    (event,) = appealable(proposal, at=AT + timedelta(days=9))
    appeal = appealing.file(proposal.pk, event.pk, text="It is not.", by=w.hana, at=AT + timedelta(days=9))
    assert (appeal.against, appeal.state) == ("decline", "filed")
    assert appealable(proposal, at=AT + timedelta(days=9)) == []
    with pytest.raises(TooLateToAppeal):
        appealing.file(proposal.pk, event.pk, text="Again.", by=w.hana, at=AT + timedelta(days=9))
    assert Appeal.objects.count() == 1
    told = set(Message.objects.filter(subject__startswith="Appeal to decide").values_list("to", flat=True))
    assert told == {member.pk for member in w.committee}


def test_after_ten_days_an_appeal_is_refused() -> None:
    w = make.world()
    proposal = _declined(w)
    (event,) = appealable(proposal, at=AT)
    late = AT + timedelta(days=10)
    assert appealable(proposal, at=late) == []
    with pytest.raises(TooLateToAppeal):
        appealing.file(proposal.pk, event.pk, text="It is not.", by=w.hana, at=late)
    assert not Appeal.objects.exists()


def test_only_the_applicant_side_appeals_and_says_why() -> None:
    w = make.world()
    proposal = _declined(w)
    (event,) = appealable(proposal, at=AT)
    for by in (w.olga, w.minjun, w.committee[0], w.audrey):
        with pytest.raises(NotAllowed):
            appealing.file(proposal.pk, event.pk, text="It is not.", by=by, at=AT)
    with pytest.raises(ReasonMissing):
        appealing.file(proposal.pk, event.pk, text="  ", by=w.hana, at=AT)
    assert not Appeal.objects.exists()


def test_whoever_took_part_does_not_decide() -> None:
    w = make.world()
    Appointment.objects.create(programme=w.programme, user=w.minjun, role="committee")
    appeal = _appealed(w, _declined(w))
    for by in (w.minjun, w.doyun, w.hana, w.olga):
        with pytest.raises(NotAllowed):
            appealing.uphold(appeal.pk, reason="Right.", by=by, at=AT)
    assert list(waiting(w.minjun)) == [] and list(waiting(w.committee[1])) == [appeal]


def test_an_upheld_appeal_reopens_the_proposal_for_another_manager() -> None:
    w = make.world()
    deputy = make.person("Dohyun", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    appeal = _appealed(w, _declined(w))
    later = AT + timedelta(days=70)  # the call has closed meanwhile
    appealing.uphold(appeal.pk, reason="It is clear.", by=w.committee[0], at=later)
    proposal = Proposal.objects.get()
    assert proposal.state == "reopened"
    assert list(inbox(w.minjun)) == [] and list(inbox(deputy)) == [proposal]
    with pytest.raises(NotAllowed):
        granting.approve(proposal.pk, amount=60_000_000, reason="Yes.", by=w.minjun, at=later)
    granting.approve(proposal.pk, amount=60_000_000, reason="Yes.", by=deputy, at=later)
    assert Award.objects.get().amount == 60_000_000
    assert broken(at=later) == []


def test_whoever_said_no_answers_no_more_however_the_proposal_comes_back() -> None:
    w = make.world(second_approval_above=50_000_000)
    other = make.person("Dohyun", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=other, role="manager")
    appealing.uphold(_appealed(w, _declined(w)).pk, reason="Clear.", by=w.committee[0], at=AT)
    proposal = Proposal.objects.get()
    granting.approve(proposal.pk, amount=60_000_000, reason="Yes.", by=other, at=AT)
    granting.refuse_second(proposal.pk, reason="Not yet.", by=w.yuna, at=AT)
    assert Proposal.objects.get().state == "submitted"

    for answer in (granting.decline, granting.route, granting.give_back):
        with pytest.raises(NotAllowed):
            answer(proposal.pk, reason="No.", by=w.minjun, at=AT)
    assert list(inbox(w.minjun)) == [] and list(inbox(other)) == [proposal]

    granting.decline(proposal.pk, reason="No.", by=other, at=AT)
    appealing.uphold(_appealed(w, Proposal.objects.get()).pk, reason="Clear.", by=w.committee[1], at=AT)
    for answer, by in ((granting.route, w.minjun), (granting.decline, other)):
        with pytest.raises(NotAllowed):
            answer(proposal.pk, reason="No.", by=by, at=AT)
    assert list(inbox(w.minjun)) == list(inbox(other)) == [] and broken(at=AT) == []


def test_a_rejected_appeal_changes_nothing_and_is_final() -> None:
    w = make.world()
    appeal = _appealed(w, _declined(w))
    appealing.reject(appeal.pk, reason="It is vague.", by=w.committee[0], at=AT)
    assert Proposal.objects.get().state == "declined"
    with pytest.raises(NotPossibleNow):
        appealing.uphold(appeal.pk, reason="No, it is not.", by=w.committee[1], at=AT)
    assert not Timer.objects.filter(status="pending").exists()


def test_an_appeal_won_when_the_money_is_gone_waits_first_in_line() -> None:
    w = make.world(allotted=600_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)
    deputy = make.person("Dohyun", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    proposal = _declined(w)
    programmes.cut(w.envelope.pk, amount=560_000_000, reason="crisis", key="1", by=None, at=AT)
    appealing.uphold(_appealed(w, proposal).pk, reason="It is clear.", by=w.committee[0], at=AT)
    proposal.refresh_from_db()
    assert proposal.waits_since == AT and not Timer.objects.filter(status="pending").exists()
    assert Message.objects.filter(to=w.hana, subject__startswith="Reopened, waiting").exists()
    with pytest.raises(NotAllowed):
        granting.approve(proposal.pk, amount=30_000_000, reason="Yes.", by=deputy, at=AT)

    other = make.person("Next", w.institute)
    rival = make.submitted(w, by=other)
    later = AT + timedelta(days=20)
    programmes.allot(w.envelope.pk, amount=400_000_000, reason="new money", key="2", by=None, at=later)
    with pytest.raises(OthersWaitFirst):
        programmes.cut(w.envelope.pk, amount=340_000_000, reason="x", key="3", by=None, at=later)
        granting.approve(rival.pk, amount=60_000_000, reason="Yes.", by=w.minjun, at=later)
    settle_down(at=later)
    served = Proposal.objects.get(pk=proposal.pk)
    assert served.waits_since is None
    due = Timer.objects.get(kind="decide", status="pending", subject_id=proposal.pk)
    assert due.due_at == later + timedelta(hours=48)


def _waiting_for_money() -> tuple[make.World, User, Proposal]:
    """An appeal won when the money is gone, and the other manager who may answer now."""
    w = make.world(
        allotted=600_000_000,
        programme_exposure_percent=100,
        organisation_exposure_percent=100,
        cover_percent=1,
    )
    other = make.person("Dohyun", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=other, role="manager")
    proposal = _declined(w)
    programmes.cut(w.envelope.pk, amount=560_000_000, reason="crisis", key="1", by=None, at=AT)
    appealing.uphold(_appealed(w, proposal).pk, reason="It is clear.", by=w.committee[0], at=AT)
    proposal.refresh_from_db()
    assert proposal.waits_since == AT
    return w, other, proposal


@pytest.mark.parametrize("answer", ["decline", "route", "withdraw"])
def test_whoever_is_answered_or_withdraws_waits_for_no_money(answer: str) -> None:
    w, other, proposal = _waiting_for_money()

    if answer == "withdraw":
        submitting.withdraw(proposal.pk, by=w.hana, at=AT)
    else:
        getattr(granting, answer)(proposal.pk, reason="No.", by=other, at=AT)

    assert Proposal.objects.get().waits_since is None
    allotting.allot(w.envelope.pk, amount=500_000_000, reason="new money", key="2", by=w.finn, at=AT)
    settle_down(at=AT)
    assert not Timer.objects.filter(kind="decide", status="pending").exists()


def test_a_proposal_turned_down_while_it_waited_is_decided_in_time_when_it_is_reopened_again() -> None:
    w, other, proposal = _waiting_for_money()
    granting.decline(proposal.pk, reason="Still too vague.", by=other, at=AT)
    allotting.allot(w.envelope.pk, amount=500_000_000, reason="new money", key="2", by=w.finn, at=AT)

    appealing.uphold(_appealed(w, Proposal.objects.get()).pk, reason="Clear.", by=w.committee[1], at=AT)
    settle_down(at=AT)

    assert Timer.objects.filter(kind="decide", status="pending", subject_id=proposal.pk).count() == 1
    third = make.person("Third", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=third, role="manager")
    assert list(inbox(third)) == [proposal]
    granting.approve(proposal.pk, amount=30_000_000, reason="Yes.", by=third, at=AT)
    assert broken(at=AT) == []


def test_a_proposal_reopened_later_waits_behind_those_that_wait_already() -> None:
    w, _other, first = _waiting_for_money()
    second = make.submitted(w, by=make.person("Next", w.institute), provisional=30_000_000)
    granting.decline(second.pk, reason="Too vague.", by=w.minjun, at=AT)
    later = AT + timedelta(days=1)

    appealing.uphold(
        _appealed(w, Proposal.objects.get(pk=second.pk)).pk, reason="Clear.", by=w.committee[1], at=later
    )

    assert available_in(w.envelope) == 40_000_000
    assert Proposal.objects.get(pk=second.pk).waits_since == later
    allotting.allot(w.envelope.pk, amount=30_000_000, reason="some", key="2", by=w.finn, at=later)
    settle_down(at=later)
    assert list(waiting_for_money(w.envelope.pk)) == [second]
    allotting.allot(w.envelope.pk, amount=20_000_000, reason="more", key="3", by=w.finn, at=later)
    settle_down(at=later)
    assert not waiting_for_money(w.envelope.pk).exists()
    assert first.pk != second.pk and broken(at=later) == []


def test_money_is_kept_for_whoever_is_served_until_they_are_answered() -> None:
    w, other, first = _waiting_for_money()
    allotting.allot(w.envelope.pk, amount=30_000_000, reason="some", key="2", by=w.finn, at=AT)
    settle_down(at=AT)
    rival = make.submitted(w, by=make.person("Next", w.institute), provisional=30_000_000)

    with pytest.raises(OthersWaitFirst):
        granting.approve(rival.pk, amount=30_000_000, reason="Yes.", by=w.minjun, at=AT)
    granting.decline(first.pk, reason="No.", by=other, at=AT)
    granting.approve(rival.pk, amount=30_000_000, reason="Yes.", by=w.minjun, at=AT)

    assert broken(at=AT) == []


def test_when_the_first_in_line_withdraws_the_next_is_served() -> None:
    w, _other, first = _waiting_for_money()
    second = make.submitted(w, by=make.person("Next", w.institute), provisional=30_000_000)
    granting.decline(second.pk, reason="Too vague.", by=w.minjun, at=AT)
    second.refresh_from_db()
    appealing.uphold(_appealed(w, second).pk, reason="Clear.", by=w.committee[1], at=AT)
    settle_down(at=AT)
    assert list(waiting_for_money(w.envelope.pk)) == [first, second]

    submitting.withdraw(first.pk, by=w.hana, at=AT)
    settle_down(at=AT)

    assert not waiting_for_money(w.envelope.pk).exists()
    assert Timer.objects.get(kind="decide", status="pending").subject_id == second.pk


def test_the_database_lets_only_a_reopened_proposal_wait() -> None:
    proposal = _declined(make.world())
    with pytest.raises(IntegrityError, match="only_a_reopened_proposal_waits_for_money"), atomic():
        Proposal.objects.filter(pk=proposal.pk).update(waits_since=AT)


def test_an_appeal_nobody_decides_is_told_to_the_head_every_week() -> None:
    w = make.world()
    appeal = _appealed(w, _declined(w))
    settle_down(at=AT + timedelta(days=31))
    appeal.refresh_from_db()
    assert appeal.state == "filed"
    assert Message.objects.filter(to=w.doyun, subject__startswith="Appeal waits").count() == 1
    settle_down(at=AT + timedelta(days=38, hours=1))
    assert Message.objects.filter(to=w.doyun, subject__startswith="Appeal waits").count() == 2


def test_an_appeal_against_an_evaluation_brings_another_panel() -> None:
    w = make.world()
    for number in range(4):
        reviewer = make.person(f"More{number}", w.reviewers[0].organisation)
        Appointment.objects.create(programme=w.programme, user=reviewer, role="reviewer")
    milestone = make.reported(w)
    at = make.start_of(milestone.due_on)
    first = set()
    for review in Review.objects.filter(milestone=milestone, state="invited"):
        first.add(review.reviewer)
        evaluating.accept(review.pk, by=review.reviewer, at=at)
        scores = dict.fromkeys(("reached", "evidence", "worth", "money"), 1)
        evaluating.deliver(
            review.pk, scores=scores, grade="failed", comments="No.", by=review.reviewer, at=at
        )
        if Finding.objects.exists():
            break
    evaluating.confirm(Finding.objects.get().pk, reason="", by=w.minjun, at=at)
    proposal = milestone.award.proposal
    (event,) = appealable(proposal, at=at)
    appeal = appealing.file(proposal.pk, event.pk, text="They misread it.", by=w.hana, at=at)
    appealing.uphold(appeal.pk, reason="They did.", by=w.committee[0], at=at)
    milestone = Milestone.objects.get(pk=milestone.pk)
    assert (milestone.state, milestone.round) == ("reported", 2)
    second = set(Review.objects.filter(milestone=milestone, round=2).values_list("reviewer", flat=True))
    assert len(second) == 3 and not second & {user.pk for user in first}
    assert broken(at=at) == []


def test_an_upheld_appeal_against_a_suspension_ends_it() -> None:
    w = make.world()
    award = make.paid(w).award
    suspend(lock_award(award.pk), Cause.PLAN_OVERDUE, reason="No plan.", by=None, at=AT)
    held = award.tranches.get(number=2)
    assert held.state == "held"
    (event,) = appealable(award.proposal, at=AT)
    appeal = appealing.file(award.proposal_id, event.pk, text="It was sent.", by=w.sejin, at=AT)
    appealing.uphold(appeal.pk, reason="It was.", by=w.committee[0], at=AT)
    award.refresh_from_db()
    held.refresh_from_db()
    assert (award.state, held.state) == ("provisional", "scheduled")
    assert not Timer.objects.filter(status="pending", kind="resolve").exists()
    assert appealable(award.proposal, at=AT) == []
    assert broken(at=AT) == []


def test_an_appeal_is_upheld_also_when_nothing_is_left_to_undo() -> None:
    w = make.world()
    milestone = make.passed(w, grade="conditional")
    at = milestone.reported_at or AT
    (event,) = appealable(milestone.award.proposal, at=at)
    appeal = appealing.file(milestone.award.proposal_id, event.pk, text="All of it held.", by=w.hana, at=at)
    performing.report(milestone.pk, text="Put right.", files=[], by=w.hana, at=at)
    appealing.uphold(appeal.pk, reason="They misread it.", by=w.committee[0], at=at)
    milestone.refresh_from_db()
    appeal.refresh_from_db()
    assert (appeal.state, milestone.state, milestone.round) == ("upheld", "reported", 2)
    assert broken(at=at) == []


def test_an_upheld_appeal_lifts_the_suspension_it_was_filed_against_and_no_later_one() -> None:
    w = make.world()
    award = make.paid(w).award
    make.suspended(award, Cause.PLAN_OVERDUE)
    (event,) = appealable(award.proposal, at=AT)
    appeal = appealing.file(award.proposal_id, event.pk, text="It was sent.", by=w.sejin, at=AT)
    later = AT + timedelta(days=2)
    motion = moving.propose_resumption(award.pk, reason="It came.", by=w.minjun, at=later)
    moving.carry(motion.pk, answer="", by=w.yuna, at=later)
    make.suspended(award, at=later)
    appealing.uphold(appeal.pk, reason="It was.", by=w.committee[0], at=later)
    award.refresh_from_db()
    assert award.state == "provisional_suspended"
