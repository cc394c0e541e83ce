"""The log and the audit trail name each other, and the log tells nobody who somebody is."""

import io
import json
import logging
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.flow import deadlines
from rdfast.monitoring.logs import JsonLine, Line
from rdfast.people.models import User
from rdfast.tasks import tasks
from rdfast.timers.models import Timer
from tests import make
from tests.databases import FreshDatabase
from tests.stack import CeleryStack

pytestmark = pytest.mark.usefixtures("fresh_database")
OURS = "0B9C1DE2-57A4-4A7C-9F5B-2A0C8F3D1E6B"
Written = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log() -> Generator[Written]:
    """What is written to the log from now on, each line an object."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def _submit(hana: Client, w: make.World, **headers: str) -> Any:
    now = timezone.now()
    proposal = make.proposals.start(w.call, by=w.hana, at=now, once=make.uuid4())
    address = reverse("researcher:edit", args=[proposal.pk])
    return hana.post(f"{address}?token=secret", make.proposal_form(w, at=now), headers=headers)


@pytest.fixture
def w() -> make.World:
    return make.world(at=timezone.now())


@pytest.fixture
def hana(w: make.World) -> Client:
    client = Client()
    client.force_login(w.hana)
    return client


def test_a_line_of_the_log_finds_its_events_and_an_event_its_line(
    log: Written, w: make.World, hana: Client
) -> None:
    answer = _submit(hana, w)
    request_id = answer.headers["X-Request-ID"]
    assert str(UUID(request_id)) == request_id
    assert {event.cause for event in Event.objects.filter(kind="proposal.submit")} == {
        f"request:{request_id}"
    }
    [line] = [line for line in log() if line["logger"] == "rdfast.web.middleware"]
    assert line == {
        "time": line["time"],
        "level": "INFO",
        "logger": "rdfast.web.middleware",
        "message": f"POST {line['path']}: 302",
        "cause": f"request:{request_id}",
        "request_id": request_id,
        "user_id": w.hana.pk,
        "method": "POST",
        "path": answer.wsgi_request.path,
        "status": 302,
        "seconds": line["seconds"],
    }
    assert line["time"].endswith("+00:00")
    assert 0 < line["seconds"] < 60


@pytest.mark.parametrize("given", ["x", "a" * 500, f"{OURS}\r\nSet-Cookie: a=b", "' OR 1=1", "request:1"])
def test_an_id_from_outside_is_taken_only_if_well_formed(given: str, hana: Client) -> None:
    assert hana.get("/calls/", headers={"X-Request-ID": OURS}).headers["X-Request-ID"] == OURS.lower()
    own = hana.get("/calls/", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert str(UUID(own)) == own


def test_the_log_names_nobody_and_shows_no_query(log: Written, w: make.World, hana: Client) -> None:
    _submit(hana, w)
    visitor = Client(raise_request_exception=False)
    for _attempt in range(11):
        visitor.post("/sign-in/?next=/my/", {"username": w.hana.email, "password": "a wrong guess"})
    visitor.get("/nowhere/?email=hana@example.kr")
    visitor.get("/nowhere/\n2026-01-01 ERROR forged")
    logging.getLogger("rdfast").error("given up: %s", {"hana@example.kr": (550, b"no such mailbox")})
    try:
        User.objects.create(email=w.hana.email, name="Someone\nelse")
    except IntegrityError:
        logging.getLogger("rdfast").exception("refused")
    written = json.dumps(log(), ensure_ascii=False)
    assert len(log()) > 14
    assert "account_email" in written or "duplicate key" in written
    for secret in (w.hana.email, w.hana.name, "a wrong guess", "next=", "token=", "127.0.0.1"):
        assert secret not in written, secret
    assert "forged" not in [line["message"].split()[-1] for line in log() if line["level"] == "ERROR"]


def test_a_request_that_fails_tells_why_under_its_id(
    log: Written, hana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rdfast.web.public.open_calls", lambda at: 1 / 0)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500
    [line] = [line for line in log() if "traceback" in line]
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert "ZeroDivisionError" in line["traceback"]


def test_a_deadline_that_fires_is_logged_within_its_task_and_under_its_own_cause(
    log: Written, w: make.World
) -> None:
    proposal = make.submitted(w, at=timezone.now())
    timer = Timer.objects.get(matter_id=proposal.pk, kind="decide")
    deadlines.sweep(at=timer.due_at)
    [line] = [line for line in log() if line["message"] == f"deadline {timer.pk} acted"]
    assert line["cause"] == f"timer:{timer.pk}"
    assert Event.objects.filter(cause=line["cause"]).exists()


def test_people_read_the_same_on_a_line(w: make.World) -> None:
    record = logging.LogRecord("rdfast", logging.INFO, "", 0, "told %s", ("hana@example.kr",), None)
    assert Line().format(record).endswith("INFO rdfast told (address) [direct]")


def test_a_worker_writes_objects_that_name_the_task(
    fresh_database: FreshDatabase, celery_stack: CeleryStack
) -> None:
    long_ago = timezone.now() - timedelta(days=10)
    make.submitted(make.world(at=long_ago), at=long_ago)
    celery_stack.worker.kill()
    celery_stack.env["RDFAST_LOG"] = "json"
    worker = celery_stack.start_worker()
    task = tasks.sweep.delay()
    worker.wait_for(" acted")
    said = [json.loads(line) for line in worker.said().splitlines() if line.startswith("{")]
    assert any(line["logger"] == "celery.worker.strategy" for line in said)
    [line] = [line for line in said if line["message"].endswith(" acted")]
    assert line["task_id"] == task.id
    assert line["cause"].startswith("timer:")
