"""Redis is muscle that may be lost at any moment: nothing a person does needs it, and nothing is lost."""

import time
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdfast.funding.models import Award
from rdfast.outbox.models import Message
from rdfast.proposals.models import Proposal
from tests import make
from tests.stack import CeleryStack, PrivateRedis, wait_until

# Far more than either needs, far less than a frozen Redis would hold a publisher for.
PROMPT = 5.0


@pytest.fixture
def world(fresh_database: object) -> make.World:
    return make.world(at=timezone.now() - timedelta(minutes=5))


def _submit_and_approve(w: make.World) -> None:
    """Over HTTP, as the people meet it."""
    now = timezone.now()
    proposal = make.proposals.start(w.call, by=w.hana, at=now - timedelta(minutes=1), once=make.uuid4())
    hana, minjun = Client(), Client()
    hana.force_login(w.hana)
    minjun.force_login(w.minjun)
    began = time.monotonic()
    hana.post(reverse("researcher:edit", args=[proposal.pk]), make.proposal_form(w, at=now))
    proposal.refresh_from_db()
    minjun.post(reverse("manager:proposal", args=[proposal.pk]), make.approval_form(proposal))
    assert time.monotonic() - began < PROMPT
    assert Award.objects.filter(proposal=proposal).exists()


def _all_delivered() -> bool:
    return not Message.objects.exclude(status="delivered").exists()


@pytest.mark.parametrize("trouble", ["stop", "freeze"])
def test_people_work_on_while_redis_is_gone_and_all_is_delivered_once_afterwards(
    trouble: str, celery_stack: CeleryStack, redis_server: PrivateRedis, world: make.World
) -> None:
    celery_stack.start_beat()
    wait_until(_all_delivered)
    getattr(redis_server, trouble)()
    _submit_and_approve(world)
    assert Proposal.objects.get().state == "approved"
    assert Message.objects.filter(status="pending").exists()

    if trouble == "stop":
        redis_server.start()
    else:
        redis_server.thaw()
    wait_until(_all_delivered, within=60)
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}


def test_a_killed_worker_loses_no_message(celery_stack: CeleryStack, world: make.World) -> None:
    celery_stack.worker.kill()
    make.submitted(world, at=timezone.now() - timedelta(minutes=1))
    assert Message.objects.filter(status="pending").count() == 2
    celery_stack.worker.start_again()
    celery_stack.start_beat()
    wait_until(_all_delivered, within=60)
    assert set(Message.objects.values_list("attempts", flat=True)) == {1}
