"""A mail server that hangs, refuses or is away delays mails, and nothing else."""

import os
import socket
import time
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rdfast.outbox import operations as outbox
from rdfast.outbox.models import Message
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from tests import make
from tests.databases import FreshDatabase, at_once
from tests.failures.mail_server import MailServer, mail_server
from tests.stack import CeleryStack, PrivateRedis, wait_until

HOUR = timedelta(hours=1)
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def server(settings: Any) -> Generator[MailServer]:
    """This process and its children send here; giving up after one second, so that the tests are short."""
    with mail_server() as running:
        settings.EMAIL_BACKEND, settings.EMAIL_TIMEOUT = SMTP, 1
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def world(fresh_database: FreshDatabase) -> make.World:
    return make.world(at=timezone.now() - 60 * HOUR)


def _attempts() -> set[int]:
    return set(Message.objects.values_list("attempts", flat=True))


def _due_again() -> None:
    Message.objects.filter(status="pending").update(next_try_at=timezone.now())


def test_a_hanging_mail_server_is_nobodys_fault(server: MailServer, world: make.World) -> None:
    make.submitted(world, at=timezone.now() - HOUR)
    server.hang()
    assert outbox.deliver_waiting(at=timezone.now()) == 0
    assert _attempts() == {0}
    server.wake()
    assert outbox.deliver_waiting(at=timezone.now()) == 2
    assert sorted(server.accepted) == ["hana@example.kr", "minjun@example.kr"]


def test_a_mail_server_that_is_away_for_a_week_gives_up_no_message(world: make.World, settings: Any) -> None:
    make.submitted(world, at=timezone.now() - HOUR)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody_listens = taken.getsockname()[1]
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = SMTP, "127.0.0.1", nobody_listens
    for _try in range(100):
        assert outbox.deliver_waiting(at=timezone.now()) == 0
    assert set(Message.objects.values_list("status", "attempts")) == {("pending", 0)}


def test_only_one_relay_at_a_time_is_held_up(server: MailServer, world: make.World) -> None:
    make.submitted(world, at=timezone.now() - HOUR)
    server.hang()
    assert at_once(*[lambda: outbox.deliver_waiting(at=timezone.now())] * 4) == [0] * 4
    assert server.connections == 1


def test_an_address_that_is_refused_holds_up_nobody_else(server: MailServer, world: make.World) -> None:
    server.says["hana@example.kr"] = "550 no such person"
    make.submitted(world, at=timezone.now() - HOUR)
    assert outbox.deliver_waiting(at=timezone.now()) == 1
    assert server.accepted == ["minjun@example.kr"]
    refused = Message.objects.get(status="pending")
    assert "no such person" in refused.last_error
    for _try in range(outbox.MOST_REFUSALS - 1):
        _due_again()
        outbox.deliver_waiting(at=timezone.now())
    refused.refresh_from_db()
    assert (refused.status, refused.attempts) == ("dead", outbox.MOST_REFUSALS)


def test_a_refusal_for_the_time_being_is_tried_for_days(server: MailServer, world: make.World) -> None:
    server.says["hana@example.kr"] = "452 mailbox full"
    make.submitted(world, at=timezone.now() - HOUR)
    for _try in range(outbox.MOST_REFUSALS + 1):
        outbox.deliver_waiting(at=timezone.now())
        _due_again()
    assert Message.objects.get(to=world.hana).status == "pending"
    server.says.clear()
    assert outbox.deliver_waiting(at=timezone.now()) == 1


def test_a_sender_that_is_refused_gives_up_no_message(
    server: MailServer, world: make.World, settings: Any
) -> None:
    server.says[settings.DEFAULT_FROM_EMAIL] = "530 authentication required"
    make.submitted(world, at=timezone.now() - HOUR)
    for _try in range(outbox.MOST_REFUSALS + 1):
        assert outbox.deliver_waiting(at=timezone.now()) == 0
        _due_again()
    assert set(Message.objects.values_list("status", flat=True)) == {"pending"}
    server.says.clear()
    assert outbox.deliver_waiting(at=timezone.now()) == 2


def test_a_wrong_password_for_the_mail_server_blames_no_message(
    server: MailServer, world: make.World, settings: Any
) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "rdfast", "wrong"
    server.says["AUTH"] = "535 no"
    make.submitted(world, at=timezone.now() - HOUR)
    assert outbox.deliver_waiting(at=timezone.now()) == 0
    assert _attempts() == {0}
    server.says.clear()
    assert outbox.deliver_waiting(at=timezone.now()) == 2


def test_a_message_that_cannot_be_written_holds_up_nobody_else(server: MailServer, world: make.World) -> None:
    make.submitted(world, at=timezone.now() - HOUR)
    Message.objects.filter(to=world.hana).update(subject="Two\nlines")
    assert outbox.deliver_waiting(at=timezone.now()) == 1
    assert "newlines" in Message.objects.get(to=world.hana).last_error


def test_deadlines_act_in_time_on_a_real_worker_while_the_mail_server_hangs(
    fresh_database: FreshDatabase,
    redis_server: PrivateRedis,
    server: MailServer,
    tmp_path: Any,
    world: make.World,
) -> None:
    env = {
        **os.environ,
        "DATABASE_URL": fresh_database.url,
        "REDIS_URL": redis_server.url,
        "RDFAST_EMAIL_BACKEND": SMTP,
        "RDFAST_EMAIL_HOST": "127.0.0.1",
        "RDFAST_EMAIL_PORT": str(server.port),
    }
    running = CeleryStack(tmp_path, env)
    server.hang()
    make.submitted(world, at=timezone.now() - HOUR)
    try:
        running.start_worker()
        running.start_beat()
        wait_until(lambda: server.connections >= 1)
        # While relays hang, deadlines come due one after the other; none waits for a mail.
        late = [_seconds_until_acted(world) for _deadline in range(3)]
        assert max(late) < 12, late
        assert not server.accepted
        server.wake()
        wait_until(lambda: not Message.objects.filter(status="pending").exists(), within=60)
        assert len(server.accepted) == len(set(Message.objects.values_list("pk", flat=True)))
    finally:
        for program in running.programs:
            program.kill()


def _seconds_until_acted(w: make.World) -> float:
    make.submitted(w, at=timezone.now() - 48 * HOUR + timedelta(seconds=1))
    timer = Timer.objects.filter(kind=Kind.DECIDE).latest("pk")
    wait_until(lambda: timezone.now() >= timer.due_at)
    began = time.monotonic()
    wait_until(lambda: Timer.objects.get(pk=timer.pk).status == "done")
    return time.monotonic() - began
