"""The work is done: the final report, and the award that it completes."""

from datetime import datetime, timedelta

import pytest

from rdfast.audit.models import Event
from rdfast.core.refusals import NotAllowed, RuleBroken
from rdfast.flow import completing, moving
from rdfast.flow.deadlines import settle_down
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.models import FinalReport
from rdfast.milestones.operations import ReportedBefore, ReportEmpty
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.reports.invariants import broken
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _world() -> make.World:
    """Money need not be accounted for before the work ends."""
    return make.world(account_days=900)


def _report(award: Award, by: User, at: datetime, lesson: str = "Use oxide.") -> FinalReport:
    return completing.report_finally(award.pk, text="It holds.", lesson=lesson, files=[], by=by, at=at)


def _reached(w: make.World) -> tuple[Award, datetime]:
    """A confirmed award whose last milestone is passed."""
    award = make.confirmed(w)
    milestone = make.passed_next(w, award, at=award.confirmed_at or make.MONDAY)
    return Award.objects.get(), milestone.reported_at or make.MONDAY


def test_the_last_milestone_asks_for_the_final_report_which_completes_the_award() -> None:
    w = _world()
    award, at = _reached(w)
    assert award.state == "confirmed"
    timer = Timer.objects.get(kind=Kind.FINAL_REPORT)
    assert (timer.due_at - at).days == 60
    _report(award, w.hana, at)
    award.refresh_from_db()
    assert (award.state, award.lesson, award.amount) == ("completed", "Use oxide.", 24_000_000)
    assert boxes_of_award(award.pk)["obligated"] == 0
    pending = set(Timer.objects.filter(status="pending").values_list("kind", flat=True)) - {"reminder"}
    assert pending == {"final_claim", "close"}
    assert Message.objects.filter(to=w.hana, subject__startswith="Award completed").exists()
    assert broken(at=at) == []
    with pytest.raises(RuleBroken):
        _report(award, w.hana, at)


def test_a_final_report_given_early_completes_once_the_last_milestone_is_passed() -> None:
    w = _world()
    award = make.confirmed(w)
    now = award.confirmed_at or make.MONDAY
    with pytest.raises(NotAllowed, match="from its due day"):
        _report(award, w.hana, now)
    last = award.milestones.get(state="planned")
    opened = make.start_of(last.due_on - 13 * DAY)
    settle_down(at=opened)
    make.performing.report(last.pk, text="500 h", files=[], by=w.hana, at=opened)
    last.refresh_from_db()
    due = make.start_of(last.due_on)
    _report(award, w.hana, due)
    assert Award.objects.get().state == "confirmed"
    with pytest.raises(ReportedBefore):
        _report(award, w.hana, due)
    make.evaluated(w, last, "passed", at=due)
    assert Award.objects.get().state == "completed"
    assert not Timer.objects.filter(kind=Kind.FINAL_REPORT).exists()


def test_only_the_principal_investigator_reports_finally_and_in_words() -> None:
    w = _world()
    award, at = _reached(w)
    for person in (w.sejin, w.minjun, w.olga):
        with pytest.raises(NotAllowed):
            _report(award, person, at)
    with pytest.raises(ReportEmpty):
        _report(award, w.hana, at, lesson=" ")
    assert Award.objects.get().state == "confirmed"


def test_an_overdue_final_report_is_told_to_everybody_every_week_and_completes_nothing() -> None:
    w = _world()
    award, at = _reached(w)
    settle_down(at=at + 61 * DAY)
    settle_down(at=at + 68 * DAY)
    assert Event.objects.filter(kind="award.report_overdue").count() == 2
    for person in (w.hana, w.sejin, w.minjun, w.doyun):
        assert Message.objects.filter(to=person, subject__startswith="Final report overdue").count() == 2
    assert Award.objects.get().state == "confirmed"
    _report(award, w.hana, at + 69 * DAY)
    assert Award.objects.get().state == "completed"


def test_a_suspended_award_completes_only_after_it_runs_again() -> None:
    w = _world()
    award, at = _reached(w)
    make.suspended(award, Cause.PLAN_OVERDUE, at=at)
    _report(award, w.hana, at)
    assert Award.objects.get().state == "confirmed_suspended"
    motion = moving.propose_resumption(award.pk, reason="The plan is in.", by=w.minjun, at=at)
    moving.carry(motion.pk, answer="", by=w.yuna, at=at)
    assert Award.objects.get().state == "completed"
    told = Message.objects.filter(to=w.hana).order_by("-pk").values_list("subject", flat=True)
    assert [subject.partition(":")[0] for subject in told[:2]] == ["Award completed", "Suspension ended"]
    assert broken(at=at) == []
