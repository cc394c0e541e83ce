"""A deadline that failed for good is set again by an administrator, a message that was given up is sent again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.core.refusals import NotAllowed
from rdfast.flow import deadlines, granting
from rdfast.flow.deadlines import NotToBeTriedAgain, sweep
from rdfast.outbox import operations as outbox
from rdfast.outbox.models import Message
from rdfast.outbox.operations import NotGivenUp
from rdfast.people.models import User
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make

pytestmark = pytest.mark.django_db
LONG_AGO = timezone.now() - timedelta(days=3)


def _dead(proposal: Proposal, kind: Kind = Kind.DECIDE) -> Timer:
    """The proposal's deadline of this kind, after it failed eight times."""
    timer = Timer.objects.get(kind=kind, subject_id=proposal.pk)
    for _attempt in range(timers.MOST_ATTEMPTS):
        timer.refresh_from_db()
        timers.failed(timer.pk, error="the rule was wrong", at=timer.next_try_at)
    timer.refresh_from_db()
    assert timer.status == "dead"
    return timer


def _given_up() -> Message:
    message = Message.objects.earliest("pk")
    Message.objects.filter(pk=message.pk).update(status="dead", attempts=84, last_error="nobody of that name")
    return message


def _choose(user: User, model: str, action: str, *rows: Any) -> str:
    """Choose the rows in administration's list and press Go; gives the page that follows."""
    client = Client()
    client.force_login(user)
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    answer = client.post(reverse(f"admin:{model}_changelist"), chosen, follow=True)
    return answer.content.decode() if answer.status_code == 200 else ""


def test_a_failed_deadline_set_again_acts_once_and_the_old_one_stays_as_it_ended() -> None:
    w = make.world(at=LONG_AGO)
    proposal = make.submitted(w, at=LONG_AGO)
    dead = _dead(proposal)

    page = _choose(w.admin, "timers_timer", "try_again", dead)
    assert "1 deadline was set again." in page
    again = Timer.objects.get(kind=Kind.DECIDE, status="pending")
    assert (again.subject_id, again.due_at) == (proposal.pk, dead.due_at)
    told = Event.objects.get(kind="deadline.set_again")
    assert (told.actor, told.matter_id, told.data["deadline"]) == (w.admin, proposal.pk, "decide")

    at = timezone.now()
    assert sweep(at=at) == 1
    assert sweep(at=at) == 0
    assert Event.objects.filter(kind="proposal.escalated").count() == 1
    dead.refresh_from_db()
    assert dead.status == "dead"
    assert broken(at=at) == []


def test_a_double_click_sets_one_deadline_and_says_so() -> None:
    w = make.world(at=LONG_AGO)
    dead = _dead(make.submitted(w, at=LONG_AGO))
    _choose(w.admin, "timers_timer", "try_again", dead)
    assert "was set again already" in _choose(w.admin, "timers_timer", "try_again", dead)
    assert Timer.objects.filter(kind=Kind.DECIDE).count() == 2

    sweep(at=timezone.now())
    assert "was set again already" in _choose(w.admin, "timers_timer", "try_again", dead)
    assert Timer.objects.filter(kind=Kind.DECIDE, status="pending", late_since=None).count() == 0
    assert Event.objects.filter(kind="deadline.set_again").count() == 1


def test_a_deadline_that_has_not_failed_is_left_alone_and_stops_no_other() -> None:
    w = make.world(at=LONG_AGO)
    dead, waiting = _dead(make.submitted(w, at=LONG_AGO)), make.submitted(w, at=LONG_AGO)
    mine = Timer.objects.get(kind=Kind.DECIDE, subject_id=waiting.pk)
    page = _choose(w.admin, "timers_timer", "try_again", mine, dead)
    assert f"{mine.pk}: Only a deadline that has failed" in page
    assert "1 deadline was set again." in page


def test_what_was_decided_meanwhile_gets_no_deadline_back() -> None:
    w = make.world()
    proposal = make.submitted(w)
    dead = _dead(proposal)
    at = make.MONDAY + timedelta(days=3)
    granting.decline(proposal.pk, reason="no", by=w.minjun, at=at)
    with pytest.raises(NotToBeTriedAgain, match="gone on"):
        deadlines.try_again(dead.pk, by=w.admin, at=at)
    assert not Timer.objects.filter(status="pending", subject_id=proposal.pk).exists()


def test_a_harmful_deadline_set_again_warns_first_if_nobody_was_warned() -> None:
    w = make.world()
    proposal = make.submitted(w)
    granting.give_back(proposal.pk, reason="criterion", by=w.minjun, at=make.MONDAY)
    at = make.MONDAY + timedelta(days=20)
    dead = _dead(proposal, Kind.RESUBMIT)
    Timer.objects.filter(kind=Kind.REMINDER, status="pending").update(status="cancelled", ended_at=at)

    again = deadlines.try_again(dead.pk, by=w.admin, at=at)
    sweep(at=at)
    assert Proposal.objects.get().state == "returned"
    again.refresh_from_db()
    assert again.due_at > at


def test_a_deadline_without_a_subject_is_refused() -> None:
    w = make.world()
    orphan = Timer.objects.create(
        kind=Kind.CURE,
        subject_kind="milestones.milestone",
        subject_id=1000,
        matter_id=1000,
        due_at=make.MONDAY,
        next_try_at=make.MONDAY,
        set_at=make.MONDAY,
        status="dead",
        ended_at=make.MONDAY,
    )
    with pytest.raises(NotToBeTriedAgain, match="does not exist"):
        deadlines.try_again(orphan.pk, by=w.admin, at=make.MONDAY)
    assert Timer.objects.count() == 1


def test_a_message_given_up_is_sent_again_once(mailoutbox: list[Any]) -> None:
    w = make.world()
    make.submitted(w)
    message = _given_up()
    assert "1 message waits again." in _choose(w.admin, "outbox_message", "send_again", message)
    assert "Only a message that was given up" in _choose(w.admin, "outbox_message", "send_again", message)
    assert Event.objects.get(kind="message.sent_again").actor == w.admin

    outbox.deliver_waiting(at=make.MONDAY)
    message.refresh_from_db()
    assert (message.status, message.attempts) == ("delivered", 1)
    assert [mail.to for mail in mailoutbox].count([message.to.email]) == 1
    with pytest.raises(NotGivenUp):
        outbox.send_again(message.pk, by=w.admin, at=make.MONDAY)


def test_nobody_but_an_administrator_does_either() -> None:
    w = make.world(at=LONG_AGO)
    dead, message = _dead(make.submitted(w, at=LONG_AGO)), _given_up()
    for someone in (w.minjun, w.doyun, w.hana):
        _choose(someone, "timers_timer", "try_again", dead)
        _choose(someone, "outbox_message", "send_again", message)
        with pytest.raises(NotAllowed):
            deadlines.try_again(dead.pk, by=someone, at=make.MONDAY)
        with pytest.raises(NotAllowed):
            outbox.send_again(message.pk, by=someone, at=make.MONDAY)
    assert not Timer.objects.filter(kind=Kind.DECIDE, status="pending").exists()
    assert Message.objects.get(pk=message.pk).status == "dead"
