"""Nobody sweeps for ten days: afterwards each deadline acts once, and whom it harms was warned before."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from rdfast.audit.models import Event
from rdfast.flow import proceeding, recovering
from rdfast.flow.deadlines import settle_down
from rdfast.reports.invariants import broken
from rdfast.timers.models import Timer
from rdfast.timers.queries import next_due
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _plan_owed(w: make.World) -> Any:
    return make.signed(w).plan


def _plan_handed_in(w: make.World) -> Any:
    return make.plan_handed_in(make.signed(w))


def _paid(w: make.World) -> Any:
    return make.paid(w)


def _running(w: make.World) -> Any:
    return make.paid(w).award


def _suspended(w: make.World) -> Any:
    return make.suspended(make.signed(w))


def _noticed(w: make.World) -> Any:
    return make.recovery(w, make.paid(w).award)


def _contested(w: make.World) -> Any:
    recovery = _noticed(w)
    return recovering.contest(recovery.pk, objection="Here they are.", by=w.sejin, at=make.MONDAY)


def _proceeding(w: make.World) -> Any:
    return proceeding.open_(
        make.paid(w).award.pk,
        "termination",
        reason="A car.",
        possible_outcome="End.",
        by=w.minjun,
        at=make.MONDAY,
    )


def _change(w: make.World) -> Any:
    return make.change(make.paid(w).award, w.hana, amount=70_000_000)


# After ten days without a beat, from nine days before the due time on: how long its effect still waits.
@pytest.mark.parametrize(
    ("story", "kind", "effect", "still_waits"),
    [
        # Harmful, and not warned before the beat stopped: warned first.
        (_plan_owed, "plan_due", "plan.overdue", 3),
        (_proceeding, "reply", "proceeding.hear", 3),
        (_noticed, "contest", "recovery.determine", 3),
        (_noticed, "refer", "recovery.refer", 3),
        # Harmful, and warned in time.
        (_running, "confirm", "award.suspend", 0),
        (_paid, "account", "tranche.account_overdue", 0),
        (make.ended, "final_claim", "award.claim_overdue", 0),
        # Told to those who must act, which harms nobody.
        (_plan_handed_in, "decide_plan", "plan.late", 0),
        (_contested, "determine", "recovery.late", 0),
        (_noticed, "demand", "recovery.demand", 0),
        (_noticed, "pay", "recovery.run_over", 0),
        (_noticed, "dun", "recovery.dun", 0),
        (_suspended, "resolve", "award.unresolved", 0),
        (_suspended, "open_termination", "proceeding.begin", 0),
        (_change, "answer_change", "change.late", 0),
        (make.ended, "close", "award.close_overdue", 0),
    ],
)
def test_after_ten_days_without_a_beat_a_deadline_acts_once_and_never_before_its_warning(
    story: Callable[[make.World], Any], kind: str, effect: str, still_waits: int
) -> None:
    lenient: dict[str, Any] = {"account_days": 90 if kind == "account" else 400, "misses_to_suspension": 9}
    subject = story(make.world(**lenient))
    mine = Timer.objects.filter(kind=kind, subject_kind=subject._meta.label_lower, subject_id=subject.pk)
    while not (timer := mine.filter(status="pending").first()):
        make.run_to(next_due() or make.MONDAY)
    make.run_to(max(timer.set_at, timer.due_at - 9 * DAY))
    happened = Event.objects.filter(kind=effect)
    before = happened.count()

    back = timer.due_at + DAY
    for _sweep in range(2):
        settle_down(at=back)
    assert happened.count() == before + (not still_waits)
    if still_waits:
        make.run_to(back + still_waits * DAY - timedelta(seconds=1))
        assert happened.count() == before
        make.run_to(back + still_waits * DAY)
    assert happened.count() == before + 1
    acted = mine.get(pk=timer.pk)
    assert acted.status == "done"
    assert acted.notice is None or (
        acted.warned_at and acted.warned_at + acted.notice <= happened.latest("pk").at
    )
    assert broken(at=happened.latest("pk").at) == []
