"""Motions: a manager proposes, another person signs, and it happens; or it is refused, or overtaken."""

from datetime import timedelta

import pytest

from rdfast.appeals.queries import appealable
from rdfast.audit.models import Event
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import NotAllowed, RuleBroken
from rdfast.flow import appealing, changing, confirming, granting, moving, stopping
from rdfast.flow.deadlines import settle_down
from rdfast.funding.limits import EnvelopeExhausted, OthersWaitFirst
from rdfast.funding.models import Award, Motion
from rdfast.funding.motions import MotionWaits, ReasonMissing
from rdfast.funding.standing import AskedBefore, ExtendedBefore, NotAsked
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.models import Milestone
from rdfast.outbox.models import Message
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Appointment
from rdfast.reports.invariants import broken
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make
from tests.databases import at_once

DAY = timedelta(days=1)
committing = pytest.mark.usefixtures("fresh_database")
db = pytest.mark.django_db


def _passed(w: make.World, **changes: object) -> tuple[Award, make.datetime]:
    milestone = make.passed(w, **changes)  # type: ignore[arg-type]
    return Award.objects.get(), milestone.reported_at or make.MONDAY


def _confirm(w: make.World, award: Award, at: make.datetime) -> Motion:
    return moving.propose_confirmation(
        award.pk, envelope_id=w.envelope.pk, reason="It works.", by=w.minjun, at=at
    )


def _raise(w: make.World, award: Award, amount: int, at: make.datetime) -> Motion:
    return moving.propose_raise(
        award.pk, amount=amount, envelope_id=w.envelope.pk, reason="More.", by=w.minjun, at=at
    )


@db
def test_an_award_is_confirmed_over_its_plan_and_the_plans_milestones_take_over() -> None:
    w = make.world()
    award, at = _passed(w)
    motion = _confirm(w, award, at)
    assert (motion.state, motion.amount) == ("proposed", 360_000_000)
    assert Award.objects.get().state == "provisional"
    moving.carry(motion.pk, answer="Agreed.", by=w.yuna, at=at)

    award.refresh_from_db()
    assert (award.state, award.amount, award.confirmed_at) == ("confirmed", 360_000_000, at)
    assert boxes_of_award(award.pk)["obligated"] == 336_000_000
    assert [(m.number, m.state) for m in award.milestones.order_by("number")] == [
        (1, "passed"), (2, "superseded"), (3, "planned"),
    ]  # fmt: skip
    ahead = award.tranches.exclude(state__in=["settled", "cancelled"])
    assert [(t.amount, t.after_milestone) for t in ahead] == [(336_000_000, 1)]
    clocks = Timer.objects.filter(status="pending", subject_kind="funding.award").exclude(kind="reminder")
    assert not clocks.filter(kind=Kind.CONFIRM).exists()
    assert not Timer.objects.filter(status="pending", kind=Kind.SECOND_MOTION).exists()
    assert Message.objects.filter(to=w.hana, subject__startswith="Award confirmed").exists()
    assert broken(at=at) == []


@db
@pytest.mark.parametrize("grade", ["conditional", "failed"])
def test_nothing_is_confirmed_before_the_first_milestone_is_passed(grade: str) -> None:
    w = make.world()
    award, at = _passed(w, grade=grade)
    with pytest.raises(moving.NotRipe):
        _confirm(w, award, at)
    with pytest.raises(moving.NotRipe):
        _raise(w, award, 100_000_000, at)
    assert not Motion.objects.exists()


@db
def test_a_provisional_award_is_raised_within_its_limit_and_its_payments_cut_anew() -> None:
    w = make.world()
    award, at = _passed(w)
    for too_much in (60_000_000, 270_000_001):
        with pytest.raises(moving.NotRipe):
            _raise(w, award, too_much, at)
    motion = _raise(w, award, 270_000_000, at)
    moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    award.refresh_from_db()
    assert (award.state, award.amount, award.version) == ("provisional", 270_000_000, 2)
    assert boxes_of_award(award.pk)["obligated"] == 246_000_000
    assert award.tranches.get(state="scheduled").amount == 246_000_000
    assert broken(at=at) == []


@db
@pytest.mark.parametrize("who", ["hana", "sejin", "yuna", "finn", "olga"])
def test_only_managers_and_the_head_propose(who: str) -> None:
    w = make.world()
    award, at = _passed(w)
    with pytest.raises(RuleBroken):
        moving.propose_confirmation(
            award.pk, envelope_id=w.envelope.pk, reason="Mine.", by=getattr(w, who), at=at
        )
    assert not Motion.objects.exists()


@db
def test_the_second_signature_is_another_persons() -> None:
    w = make.world()
    Appointment.objects.create(programme=w.programme, user=w.minjun, role="second_approver")
    award, at = _passed(w)
    motion = _confirm(w, award, at)
    for person in (w.minjun, w.hana, w.doyun, w.finn, w.olga):
        with pytest.raises(NotAllowed):
            moving.carry(motion.pk, answer="", by=person, at=at)
        with pytest.raises(NotAllowed):
            moving.refuse(motion.pk, answer="No.", by=person, at=at)
    assert Award.objects.get().state == "provisional"


@db
def test_a_refused_motion_changes_nothing_and_says_why() -> None:
    w = make.world()
    award, at = _passed(w)
    motion = _confirm(w, award, at)
    with pytest.raises(ReasonMissing):
        moving.refuse(motion.pk, answer=" ", by=w.yuna, at=at)
    moving.refuse(motion.pk, answer="Too early.", by=w.yuna, at=at)
    assert Message.objects.filter(to=w.minjun, body__contains="Too early.").exists()
    assert not Timer.objects.filter(status="pending", kind=Kind.SECOND_MOTION).exists()
    with pytest.raises(NotPossibleNow):
        moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    award.refresh_from_db()
    assert (award.state, award.amount) == ("provisional", 60_000_000)
    assert _confirm(w, award, at).state == "proposed"


@db
def test_one_motion_waits_at_a_time() -> None:
    w = make.world()
    award, at = _passed(w)
    _confirm(w, award, at)
    with pytest.raises(MotionWaits):
        _raise(w, award, 100_000_000, at)
    assert Motion.objects.count() == 1


@db
def test_a_late_second_signature_passes_to_the_head_and_signs_nothing() -> None:
    w = make.world()
    award, at = _passed(w)
    motion = _confirm(w, award, at)
    due_at = Timer.objects.get(kind=Kind.SECOND_MOTION).due_at
    assert due_at == at + timedelta(hours=24)
    settle_down(at=due_at)
    assert Message.objects.filter(to=w.doyun, subject__startswith="Second signature late").exists()
    assert Award.objects.get().state == "provisional"
    moving.carry(motion.pk, answer="", by=w.doyun, at=due_at)
    assert Award.objects.get().state == "confirmed"


@db
def test_a_head_who_proposed_does_not_sign() -> None:
    w = make.world()
    award, at = _passed(w)
    motion = moving.propose_confirmation(
        award.pk, envelope_id=w.envelope.pk, reason="Mine.", by=w.doyun, at=at
    )
    later = Timer.objects.get(kind=Kind.SECOND_MOTION).due_at
    settle_down(at=later)
    with pytest.raises(NotAllowed):
        moving.carry(motion.pk, answer="", by=w.doyun, at=later)


@db
def test_an_exhausted_envelope_keeps_the_motion_waiting_and_the_next_years_may_give() -> None:
    w = make.world(allotted=400_000_000, programme_exposure_percent=100, organisation_exposure_percent=100)
    award, at = _passed(w)
    programmes.cut(w.envelope.pk, amount=200_000_000, reason="Cut.", key="cut", by=None, at=at)
    motion = _confirm(w, award, at)
    with pytest.raises(EnvelopeExhausted, match="₩140,000,000"):
        moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    motion.refresh_from_db()
    assert motion.state == "proposed"
    moving.refuse(motion.pk, answer="From the next year.", by=w.yuna, at=at)

    following = make.Envelope.objects.create(programme=w.programme, year=2027)
    programmes.allot(following.pk, amount=400_000_000, reason="New.", key="new", by=None, at=at)
    again = moving.propose_confirmation(
        award.pk, envelope_id=following.pk, reason="Room there.", by=w.minjun, at=at
    )
    moving.carry(again.pk, answer="", by=w.yuna, at=at)
    assert Award.objects.get().state == "confirmed"
    ahead = award.tranches.filter(state="scheduled").order_by("number")
    assert [(t.envelope.year, t.amount) for t in ahead] == [(2026, 36_000_000), (2027, 300_000_000)]
    assert broken(at=at) == []


@db
def test_money_that_a_reopened_proposal_waits_for_raises_nothing_but_confirms_what_was_begun() -> None:
    w = make.world(
        allotted=400_000_000,
        provisional_awards_per_pi=9,
        programme_exposure_percent=100,
        organisation_exposure_percent=100,
    )
    award, at = _passed(w)
    declined = make.submitted(w, at=at)
    granting.decline(declined.pk, reason="Vague.", by=w.minjun, at=at)
    declined.refresh_from_db()
    (event,) = appealable(declined, at=at)
    appeal = appealing.file(declined.pk, event.pk, text="It is not.", by=w.hana, at=at)
    programmes.cut(w.envelope.pk, amount=290_000_000, reason="Cut.", key="cut", by=None, at=at)
    appealing.uphold(appeal.pk, reason="It is clear.", by=w.committee[0], at=at)  # waits for 60 of 50 million

    programmes.allot(w.envelope.pk, amount=40_000_000, reason="Some.", key="some", by=None, at=at)
    motion = _raise(w, award, 100_000_000, at)
    with pytest.raises(OthersWaitFirst, match="only ₩50,000,000"):
        moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    change = make.change(Award.objects.get(), w.hana, at=at, amount=100_000_000)
    with pytest.raises(OthersWaitFirst):
        changing.agree(change.pk, by=w.minjun, at=at)
    assert Award.objects.get().amount == 60_000_000

    moving.refuse(motion.pk, answer="Others wait.", by=w.yuna, at=at)
    programmes.allot(w.envelope.pk, amount=250_000_000, reason="More.", key="more", by=None, at=at)
    moving.carry(_confirm(w, award, at).pk, answer="", by=w.yuna, at=at)
    assert Award.objects.get().state == "confirmed"
    assert broken(at=at) == []


@db
def test_a_foreign_envelope_gives_nothing() -> None:
    w = make.world()
    award, at = _passed(w)
    other = make.Programme.objects.create(code="other", name_ko="다른", name_en="Other")
    foreign = make.Envelope.objects.create(programme=other, year=2026)
    with pytest.raises(RuleBroken, match="envelope of the programme"):
        moving.propose_confirmation(award.pk, envelope_id=foreign.pk, reason="x", by=w.minjun, at=at)


@db
def test_a_wish_to_end_the_work_is_taken_back_and_with_it_the_end_that_was_proposed_for_it() -> None:
    w = make.world()
    award, at = _passed(w)
    with pytest.raises(NotAsked):
        stopping.take_back(award.pk, by=w.hana, at=at)
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=at)
    motion = moving.propose_end(award.pk, reason="Agreed.", lesson="No sulphide.", by=w.minjun, at=at)
    for stranger in (w.minjun, w.olga, w.finn):
        with pytest.raises(NotAllowed):
            stopping.take_back(award.pk, by=stranger, at=at)
    stopping.take_back(award.pk, by=w.sejin, at=at)
    motion.refresh_from_db()
    assert motion.state == "stale"
    with pytest.raises(RuleBroken):
        moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    with pytest.raises(moving.NotRipe):
        moving.propose_end(award.pk, reason="Agreed.", lesson="No sulphide.", by=w.minjun, at=at)
    assert Message.objects.filter(to=w.minjun, subject__startswith="The work goes on").count() == 1
    stopping.ask_to_stop(award.pk, reason="It does not hold at all.", by=w.hana, at=at)
    assert broken(at=at) == []


@db
def test_taking_the_wish_back_leaves_another_motion_alone() -> None:
    w = make.world()
    award, at = _passed(w)
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=at)
    motion = moving.propose_raise(
        award.pk, amount=award.amount + 1, envelope_id=award.envelope_id, reason="x", by=w.minjun, at=at
    )
    stopping.take_back(award.pk, by=w.hana, at=at)
    motion.refresh_from_db()
    assert motion.state == "proposed"


@db
def test_an_end_by_consent_needs_the_applicants_wish_and_a_lesson_and_recovers_nothing_by_itself() -> None:
    w = make.world()
    award, at = _passed(w)
    propose = lambda lesson: moving.propose_end(  # noqa: E731
        award.pk, reason="Agreed.", lesson=lesson, by=w.minjun, at=at
    )
    with pytest.raises(moving.NotRipe):
        propose("It does not hold.")
    for stranger in (w.minjun, w.olga):
        with pytest.raises(NotAllowed):
            stopping.ask_to_stop(award.pk, reason="x", by=stranger, at=at)
    stopping.ask_to_stop(award.pk, reason="It does not hold.", by=w.hana, at=at)
    with pytest.raises(AskedBefore):
        stopping.ask_to_stop(award.pk, reason="Again.", by=w.sejin, at=at)
    with pytest.raises(moving.NotRipe):
        propose(" ")
    moving.carry(propose("Do not use sulphide.").pk, answer="", by=w.yuna, at=at)
    award.refresh_from_db()
    assert (award.state, award.termination_kind) == ("terminated", "technical")
    assert award.lesson == "Do not use sulphide."
    boxes = boxes_of_award(award.pk)
    assert (boxes["obligated"], boxes["advances"], boxes["receivable"]) == (0, 24_000_000, 0)
    pending = set(Timer.objects.filter(status="pending").values_list("kind", flat=True)) - {"reminder"}
    assert pending == {"final_claim", "close"}
    assert broken(at=at) == []


@db
def test_the_head_extends_the_confirmation_once_and_within_limits() -> None:
    w = make.world()
    award = make.signed(w)
    due_on = award.confirmation_due_on
    assert due_on is not None
    for person in (w.minjun, w.yuna, w.hana):
        with pytest.raises(NotAllowed):
            confirming.extend(award.pk, days=10, reason="x", by=person, at=make.MONDAY)
    for days in (0, 91):
        with pytest.raises(confirming.WrongDays):
            confirming.extend(award.pk, days=days, reason="x", by=w.doyun, at=make.MONDAY)
    confirming.extend(award.pk, days=90, reason="A crack.", by=w.doyun, at=make.MONDAY)
    with pytest.raises(ExtendedBefore):
        confirming.extend(award.pk, days=1, reason="Again.", by=w.doyun, at=make.MONDAY)
    award.refresh_from_db()
    assert award.confirmation_due_on == due_on + 90 * DAY
    timer = Timer.objects.get(kind=Kind.CONFIRM, status="pending")
    assert timer.due_at == make.start_of(due_on + 91 * DAY) - timedelta(seconds=1)


@committing
def test_two_signatures_at_once_confirm_once() -> None:
    w = make.world()
    second = make.person("Second", w.yuna.organisation)
    Appointment.objects.create(programme=w.programme, user=second, role="second_approver")
    award, at = _passed(w)
    motion = _confirm(w, award, at)
    outcomes = at_once(
        lambda: moving.carry(motion.pk, answer="", by=w.yuna, at=at),
        lambda: moving.refuse(motion.pk, answer="No.", by=second, at=at),
        lambda: moving.carry(motion.pk, answer="", by=second, at=at),
    )
    assert sum(isinstance(outcome, RuleBroken) for outcome in outcomes) == 2, outcomes
    moved = Event.objects.filter(kind__in=["motion.carry", "motion.refuse"])
    assert moved.count() == 1
    confirmed = Award.objects.get().state == "confirmed"
    assert confirmed == (moved.get().kind == "motion.carry")
    assert Milestone.objects.count() == (3 if confirmed else 2)
    assert broken(at=at) == []


@committing
def test_two_motions_at_once_about_one_award_make_one() -> None:
    w = make.world()
    deputy = make.person("Deputy", w.minjun.organisation)
    Appointment.objects.create(programme=w.programme, user=deputy, role="deputy")
    award, at = _passed(w)
    outcomes = at_once(
        *(
            lambda by=by: moving.propose_confirmation(
                award.pk, envelope_id=w.envelope.pk, reason="yes", by=by, at=at
            )
            for by in (w.minjun, deputy)
        )
    )
    assert sum(isinstance(outcome, MotionWaits) for outcome in outcomes) == 1, outcomes
    assert Motion.objects.count() == 1
