"""Changes of a running agreement: the other side agrees, money and clocks follow, nothing is orphaned."""

from datetime import date, timedelta
from typing import Any

import pytest

from rdfast.changes.models import Change
from rdfast.changes.operations import ChangeRefused, ChangeWaits, Stale
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import NotAllowed, OutOfDate
from rdfast.flow import changing, moving
from rdfast.flow.deadlines import settle_down
from rdfast.flow.holding import suspend
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.states import Cause
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.operations import Promise
from rdfast.outbox.models import Message
from rdfast.reports.invariants import broken
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
AT = make.MONDAY


def _day(days: int) -> date:
    return (AT + timedelta(days=days)).date()


def test_a_change_moves_money_milestones_and_clocks_when_the_other_side_agrees() -> None:
    w = make.world()
    award = make.paid(w).award
    wanted = [Promise("Cell", "80 % after 200 cycles", _day(90), 50), Promise("Pack", "Runs", _day(200), 50)]
    change = make.change(award, w.hana, amount=100_000_000, promises=wanted)
    award.refresh_from_db()
    assert (change.state, award.amount) == ("proposed", 60_000_000)
    assert Message.objects.filter(to=w.minjun, subject__startswith="Change proposed").exists()

    shown = changing.effect_of(change, at=AT)
    changing.agree(change.pk, by=w.minjun, at=AT)
    award.refresh_from_db()
    change.refresh_from_db()
    assert (change.state, change.effect, award.amount, award.version) == ("agreed", shown, 100_000_000, 2)
    boxes = boxes_of_award(award.pk)
    assert (boxes["obligated"], boxes["advances"]) == (76_000_000, 24_000_000)
    live = award.milestones.exclude(state="superseded").order_by("number")
    assert [(each.number, each.due_on) for each in live] == [(3, _day(90)), (4, _day(200))]
    unpaid = award.tranches.filter(state__in=["scheduled", "ready"]).order_by("number")
    # The payment ahead of the first milestone was made at the signature; the rest follows that milestone.
    assert [(each.amount, each.after_milestone, each.state) for each in unpaid] == [
        (76_000_000, 3, "scheduled")
    ]
    assert shown["payments"]["after"] == [[_day(90).isoformat(), 76_000_000]]
    opens = Timer.objects.filter(kind="open_milestone", status="pending").values_list("subject_id", flat=True)
    assert set(opens) == {each.pk for each in live}
    assert broken(at=AT) == []


def test_the_side_that_proposed_does_not_answer_and_outsiders_do_neither() -> None:
    w = make.world()
    award = make.paid(w).award
    change = make.change(award, w.hana, amount=70_000_000)
    for by in (w.hana, w.sejin, w.yuna, w.finn, w.olga, w.audrey):
        with pytest.raises(NotAllowed):
            changing.agree(change.pk, by=by, at=AT)
    for by in (w.finn, w.olga, w.yuna, w.reviewers[0]):
        with pytest.raises(NotPossibleNow):
            make.change(award, by, amount=70_000_000)
    assert Change.objects.count() == 1


def test_what_the_programme_proposes_the_signatory_agrees_to() -> None:
    w = make.world()
    award = make.paid(w).award
    change = make.change(award, w.minjun, amount=50_000_000)
    for by in (w.minjun, w.doyun, w.hana):
        with pytest.raises(NotAllowed):
            changing.agree(change.pk, by=by, at=AT)
    before = boxes_of_award(award.pk)["obligated"]
    changing.agree(change.pk, by=w.sejin, at=AT)
    assert boxes_of_award(award.pk)["obligated"] == before - 10_000_000
    assert broken(at=AT) == []


def test_moving_one_date_is_free_once() -> None:
    w = make.world()
    award = make.signed(w)
    first, second = make.promises(award)
    moved = Promise(first.title, first.criterion, first.due_on + timedelta(days=10), first.share_percent)
    change = make.change(award, w.hana, promises=[moved, second])
    assert (change.is_free_move, change.state) == (True, "agreed")
    award.refresh_from_db()
    again = Promise(first.title, first.criterion, first.due_on + timedelta(days=20), first.share_percent)
    change = make.change(award, w.hana, promises=[again, second])
    assert (change.is_free_move, change.state) == (False, "proposed")


def test_a_change_drawn_up_against_an_older_agreement_is_stale() -> None:
    w = make.world()
    award = make.paid(w).award
    old = award.version
    change = make.change(award, w.minjun, amount=50_000_000)
    with pytest.raises(ChangeWaits):
        make.change(award, w.hana, amount=70_000_000)
    changing.agree(change.pk, by=w.sejin, at=AT)
    with pytest.raises(OutOfDate):
        make.change(award, w.hana, amount=70_000_000, base_version=old)
    award.refresh_from_db()
    waiting = make.change(award, w.hana, amount=70_000_000)
    suspend(lock_award(award.pk), Cause.PLAN_OVERDUE, reason="No plan.", by=None, at=AT)
    waiting.refresh_from_db()
    assert waiting.state == "stale"
    with pytest.raises(NotPossibleNow):
        changing.agree(waiting.pk, by=w.minjun, at=AT)
    assert not Timer.objects.filter(kind="answer_change", status="pending").exists()


@pytest.mark.parametrize("kind", ["raise", "confirm"])
def test_a_motion_that_moves_the_sum_overtakes_a_waiting_change(kind: str) -> None:
    w = make.world()
    milestone = make.passed(w)
    award, at = milestone.award, milestone.reported_at or AT
    facts: dict[str, Any] = {"envelope_id": w.envelope.pk, "reason": "It works.", "by": w.minjun, "at": at}
    motion = (
        moving.propose_raise(award.pk, amount=100_000_000, **facts)
        if kind == "raise"
        else moving.propose_confirmation(award.pk, **facts)
    )
    change = make.change(award, w.hana, at=at, amount=70_000_000)
    moving.carry(motion.pk, answer="Yes.", by=w.yuna, at=at)

    change.refresh_from_db()
    assert change.state == "stale"
    assert Message.objects.filter(to=w.hana, subject__startswith="Change overtaken").count() == 1
    assert not Timer.objects.filter(kind="answer_change", status="pending").exists()
    award.refresh_from_db()
    assert make.change(award, w.hana, at=at, amount=award.amount - 1).state == "proposed"
    assert broken(at=at) == []


def test_an_answer_to_an_older_agreement_is_refused() -> None:
    w = make.world()
    award = make.paid(w).award
    change = make.change(award, w.hana, amount=70_000_000)
    Award.objects.filter(pk=award.pk).update(version=award.version + 1)
    assert [each for each in broken(at=AT) if f"change {change.pk} waits" in each]
    with pytest.raises(Stale):
        changing.agree(change.pk, by=w.minjun, at=AT)
    change.refresh_from_db()
    assert change.state == "proposed"


def test_the_same_form_twice_makes_one_change() -> None:
    w = make.world()
    award = make.paid(w).award
    once = make.uuid4()
    for _click in range(2):
        make.change(award, w.hana, amount=70_000_000, once=once)
    assert Change.objects.count() == 1
    assert Timer.objects.filter(kind="answer_change").count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": 360_000_001}, "amount"),
        ({"reason": " "}, "reason"),
        ({"promises": []}, "milestones"),
        ({"promises": [Promise("A", "b", _day(-1), 100)]}, "milestones-0-due_on"),
        ({"promises": [Promise("A", "b", _day(9), 50), Promise("A", "b", _day(9), 50)]}, "milestones"),
        ({"promises": [Promise("A", " ", _day(9), 100)]}, "milestones-0-title"),
    ],
)
def test_an_unsound_change_is_refused_beside_its_field(wrong: dict[str, Any], field: str) -> None:
    w = make.world()
    award = make.paid(w).award
    with pytest.raises(ChangeRefused) as refused:
        make.change(award, w.hana, **wrong)
    assert refused.value.field == field
    assert not Change.objects.exists()


def test_before_its_confirmation_an_award_with_its_plan_stands_at_three_quarters_of_what_was_asked_at_most() -> (
    None
):
    w = make.world()
    award = make.paid(w).award
    change = make.change(award, w.hana, amount=270_000_001)
    with pytest.raises(ChangeRefused):
        changing.agree(change.pk, by=w.minjun, at=AT)
    change.refresh_from_db()
    award.refresh_from_db()
    assert (change.state, award.amount) == ("proposed", 60_000_000)


def test_silence_does_not_agree() -> None:
    w = make.world()
    award = make.paid(w).award
    change = make.change(award, w.hana, amount=70_000_000)
    settle_down(at=AT + timedelta(days=15))
    change.refresh_from_db()
    assert change.state == "proposed"
    assert Message.objects.filter(to=w.doyun, subject__startswith="Change waits").exists()


def test_a_refusal_leaves_everything_as_it_is() -> None:
    w = make.world()
    award = make.paid(w).award
    before = boxes_of_award(award.pk)
    change = make.change(award, w.hana, amount=70_000_000)
    with pytest.raises(ChangeRefused):
        changing.refuse(change.pk, answer="", by=w.minjun, at=AT)
    changing.refuse(change.pk, answer="Not now.", by=w.minjun, at=AT)
    award.refresh_from_db()
    assert (boxes_of_award(award.pk), award.version) == (before, 1)
    assert Message.objects.filter(to=w.hana, subject__startswith="Change refused").exists()
