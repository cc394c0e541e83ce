"""The database is gone for a while, or takes no writes: nothing is lost, and everybody comes back alone."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, OperationalError, connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.flow.deadlines import sweep
from rdfast.outbox.models import Message
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make
from tests.databases import FreshDatabase
from tests.failures.conftest import PrivatePostgres
from tests.stack import CeleryStack, wait_until

HOUR = timedelta(hours=1)


def _all_delivered() -> bool:
    return not Message.objects.exclude(status="delivered").exists()


@pytest.mark.parametrize("trouble", ["stop", "kill"])
def test_worker_and_beat_come_back_with_the_database_and_nothing_is_lost(
    trouble: str, own_stack: CeleryStack, own_postgres: PrivatePostgres
) -> None:
    w = make.world(at=timezone.now() - 60 * HOUR)
    # Its decision clock runs out while the database is gone.
    proposal = make.submitted(w, at=timezone.now() - 48 * HOUR + timedelta(seconds=3))
    decide = Timer.objects.get(kind=Kind.DECIDE)
    connections.close_all()

    getattr(own_postgres, trouble)()
    wait_until(lambda: own_stack.said().count("OperationalError") >= 2)
    with pytest.raises(OperationalError):
        Proposal.objects.count()
    hana = Client(raise_request_exception=False)
    assert hana.get(reverse("home")).status_code in {200, 302, 500, 503}
    own_postgres.start()
    connections.close_all()

    wait_until(lambda: Timer.objects.get(pk=decide.pk).status == "done", within=60)
    wait_until(_all_delivered, within=90)
    assert all(program.process.poll() is None for program in own_stack.programs)
    assert Event.objects.filter(kind="proposal.escalated", subject_id=proposal.pk).count() == 1
    assert broken(at=clock.now()) == []


def _read_only(database: FreshDatabase, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")
        cursor.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = {value}")
    connections.close_all()


def test_a_read_only_database_shows_pages_refuses_writes_and_blames_no_deadline(
    fresh_database: FreshDatabase,
) -> None:
    now = timezone.now()
    w = make.world(at=now - 60 * HOUR)
    make.submitted(w, at=now - 50 * HOUR)
    draft = make.proposals.start(w.call, by=w.hana, at=now - HOUR, once=make.uuid4())
    form = make.proposal_form(w, at=now)
    hana = Client(raise_request_exception=False)
    hana.force_login(w.hana)

    _read_only(fresh_database, "on")
    assert hana.get(reverse("home"), follow=True).status_code == 200
    assert hana.post(reverse("researcher:edit", args=[draft.pk]), form).status_code in {500, 503}
    for _tick in range(10):
        with pytest.raises(DatabaseError):
            sweep(at=now)

    _read_only(fresh_database, "off")
    assert set(Timer.objects.values_list("attempts", flat=True)) == {0}
    assert Proposal.objects.get(pk=draft.pk).state == "draft"
    assert sweep(at=now) >= 1
    assert broken(at=now) == []
