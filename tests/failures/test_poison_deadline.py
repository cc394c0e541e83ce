"""A deadline that always fails neither blocks nor delays the others, and the administrators find it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rdfast.audit.models import Event
from rdfast.flow.deadlines import sweep
from rdfast.outbox.models import Message
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.operations import MOST_ATTEMPTS
from tests import make

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def _die(poison: Timer) -> None:
    for _attempt in range(MOST_ATTEMPTS):
        poison.refresh_from_db()
        sweep(at=max(poison.next_try_at, make.MONDAY + 48 * HOUR))
    poison.refresh_from_db()


@pytest.fixture
def world() -> make.World:
    return make.world()


@pytest.fixture
def poison(world: make.World) -> Timer:
    """Its kind's action cannot work on its subject, and it is due before everything else."""
    proposal = make.submitted(world)
    at = make.MONDAY - timedelta(days=5)
    timer = timers.set(Kind.SIGN, of=proposal, due_at=make.MONDAY + HOUR, at=at)
    Timer.objects.filter(pk=timer.pk).update(warned_at=at)
    return timer


def test_the_others_act_in_the_same_sweep(world: make.World, poison: Timer) -> None:
    sweep(at=make.MONDAY + 48 * HOUR)
    assert Timer.objects.get(kind=Kind.DECIDE, late_since=None).status == "done"
    poison.refresh_from_db()
    assert (poison.status, poison.attempts) == ("pending", 1)


def test_after_its_tries_it_is_dead_told_by_mail_and_shown_in_administration(
    world: make.World, poison: Timer
) -> None:
    _die(poison)
    assert (poison.status, poison.attempts) == ("dead", MOST_ATTEMPTS)
    alarm = Message.objects.get(to=world.admin, subject__startswith="Alarm")
    assert poison.last_error in alarm.body
    admin = Client()
    admin.force_login(world.admin)
    listed = admin.get(reverse("admin:timers_timer_changelist"), {"status__exact": "dead"})
    shown = admin.get(reverse("admin:timers_timer_change", args=[poison.pk]))
    assert reverse("admin:timers_timer_change", args=[poison.pk]) in listed.content.decode()
    assert poison.last_error == "NotFound: This does not exist."
    assert poison.last_error in shown.content.decode()


def test_a_deadline_whose_subject_is_gone_stops_no_sweep_and_dies_too(world: make.World) -> None:
    proposal = make.submitted(world)
    orphan = Timer.objects.create(
        kind=Kind.DECIDE,
        subject_kind="proposals.proposal",
        subject_id=proposal.pk + 1000,
        due_at=make.MONDAY + HOUR,
        next_try_at=make.MONDAY + HOUR,
        set_at=make.MONDAY,
    )
    _die(orphan)
    assert orphan.status == "dead"
    assert Timer.objects.get(kind=Kind.DECIDE, subject_id=proposal.pk, late_since=None).status == "done"
    assert Event.objects.get(kind="deadline.dead").subject_id == orphan.pk
    assert Message.objects.filter(to=world.admin, subject__startswith="Alarm").count() == 1
