"""The machine's clock is set back: deadlines wait, nothing acts twice or early, history keeps its order."""

from datetime import timedelta

import pytest

from rdfast.audit.models import Event
from rdfast.flow import granting
from rdfast.flow.deadlines import settle_down, sweep
from rdfast.monitoring.operations import check_tonight
from rdfast.outbox.models import Message
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def world(fresh_database: object) -> make.World:
    return make.world()


def _escalations() -> int:
    return Event.objects.filter(kind="proposal.escalated").count()


def test_a_deadline_waits_until_the_clock_has_come_to_it_again(world: make.World) -> None:
    make.submitted(world)
    due_at = Timer.objects.get(kind=Kind.DECIDE).due_at
    sweep(at=due_at - HOUR)
    sweep(at=due_at - 3 * DAY)  # set back
    assert _escalations() == 0
    for at in (due_at, due_at - DAY, due_at, due_at + DAY):  # reached, set back, and reached again
        settle_down(at=at)
    assert _escalations() == 1
    assert broken(at=due_at + DAY) == []


def test_history_keeps_the_order_of_what_happened_not_of_the_clock(world: make.World) -> None:
    proposal = make.submitted(world)
    granting.decline(proposal.pk, reason="no", by=world.minjun, at=make.MONDAY - 2 * HOUR)
    story = Event.objects.filter(subject_kind="proposals.proposal", subject_id=proposal.pk).order_by("id")
    assert [event.to_state for event in story if event.to_state] == ["draft", "submitted", "declined"]
    assert Proposal.objects.get().state == "declined"
    assert not Timer.objects.filter(status="pending").exists()
    assert broken(at=make.MONDAY) == []


def test_nobody_is_told_twice_and_no_night_is_checked_twice(world: make.World) -> None:
    make.submitted(world)
    settle_down(at=make.MONDAY + 48 * HOUR)
    told = Message.objects.count()
    assert check_tonight(at=make.MONDAY + 48 * HOUR) is not None
    settle_down(at=make.MONDAY + 47 * HOUR)
    settle_down(at=make.MONDAY + 48 * HOUR)
    assert Message.objects.count() == told
    assert check_tonight(at=make.MONDAY + 47 * HOUR) is None
