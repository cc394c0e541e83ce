"""The database is gone, read-only or too slow: a page that says so, nothing half done, and back to work afterwards."""

import select
import subprocess
import sys
from collections.abc import Generator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.core import limits
from rdfast.local import addresses
from rdfast.proposals.models import Proposal
from rdfast.web.operations.failures import is_passing
from tests import databases, make
from tests.databases import FreshDatabase
from tests.stack import wait_until

KOREAN, ENGLISH = "지금은 처리할 수 없습니다", "rdfast cannot do this just now"


def browser(w: make.World) -> Client:
    """Hana's, in which a failure is a page."""
    client = Client(raise_request_exception=False)
    client.force_login(w.hana)
    return client


def is_sorry(answer: Any, words: str = ENGLISH) -> bool:
    """Whether it is the page for a failure that passes, which changes nothing in the browser."""
    assert not answer.cookies
    return (answer.status_code, answer.headers.get("Retry-After"), words in answer.content.decode()) == (
        503,
        "30",
        True,
    )


def test_while_the_database_is_gone_people_are_told_and_machines_too(fresh_database: FreshDatabase) -> None:
    hana = browser(make.world())
    with databases.gone(fresh_database.name):
        for address in ("/", "/sign-in/", "/my/", "/my/proposals/"):
            assert is_sorry(hana.get(address, headers={"Accept-Language": "en"})), address
            assert is_sorry(hana.get(address, headers={"Accept-Language": "ko"}), KOREAN), address
        assert is_sorry(hana.post("/sign-in/", {"username": "x@y.kr", "password": "z"}), KOREAN)
        assert hana.get("/health/").status_code == 200
        assert hana.get("/ready/").content == b"the database does not answer\n"
        assert hana.get("/ready/").status_code == 503
        assert b"rdfast_database_up 0.0" in hana.get("/metrics").content
    connection.close()
    assert hana.get("/my/").status_code == 200  # still signed in
    assert hana.get("/ready/").status_code == 200


def test_a_read_only_database_is_read_and_takes_nothing(fresh_database: FreshDatabase) -> None:
    w = make.world(at=timezone.now())
    proposal, hana = make.draft(w, at=timezone.now()), browser(w)
    sent = make.proposal_form(w, at=timezone.now())
    events = Event.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {fresh_database.name} SET default_transaction_read_only = on")
    connection.close()
    edit = reverse("researcher:edit", args=[proposal.pk])
    assert hana.get(edit).status_code == 200
    assert is_sorry(hana.post(edit, sent, headers={"Accept-Language": "en"}))
    assert is_sorry(Client(raise_request_exception=False).post("/sign-in/", credentials(w)), KOREAN)
    assert Proposal.objects.get().state == "draft"
    assert Event.objects.count() == events
    assert Client().get("/ready/").status_code == 200


def credentials(w: make.World) -> dict[str, str]:
    return {"username": w.hana.email, "password": make.PASSWORD}


@pytest.fixture
def held_to_limits(fresh_database: FreshDatabase, settings: Any) -> Generator[None]:
    """This process's next connections have a web server's limits, short ones."""
    settings.DATABASE_LIMITS = {
        "web": {"statement_timeout": 2, "lock_timeout": 1, "idle_in_transaction_session_timeout": 1}
    }
    before = dict(connection.settings_dict["OPTIONS"])
    connection.close()
    limits.hold_to("web")
    yield
    connection.close()
    connection.settings_dict["OPTIONS"] = before


def test_a_request_that_waits_too_long_for_a_lock_gives_up_and_says_so(
    fresh_database: FreshDatabase, held_to_limits: None
) -> None:
    w = make.world(at=timezone.now())
    proposal, hana = make.draft(w, at=timezone.now()), browser(w)
    withdraw = reverse("researcher:withdraw", args=[proposal.pk])
    with psycopg.connect(fresh_database.url) as other:
        other.execute("SELECT FROM proposals_proposal FOR UPDATE")
        assert is_sorry(hana.post(withdraw, {"understood": "on"}, headers={"Accept-Language": "en"}))
    assert Proposal.objects.get().state == "draft"
    assert hana.post(withdraw, {"understood": "on"}).status_code == 302


def test_a_question_that_takes_too_long_and_a_transaction_left_idle_are_failures_that_pass(
    held_to_limits: None,
) -> None:
    with connection.cursor() as cursor, pytest.raises(Exception) as too_long:  # noqa: PT011 - looked at below
        cursor.execute("SELECT pg_sleep(60)")
    assert is_passing(too_long.value)
    with pytest.raises(Exception) as left_idle, transaction.atomic():  # noqa: PT011 - looked at below
        Event.objects.count()
        wait_until(_ended_by_the_database)
        Event.objects.count()
    assert is_passing(left_idle.value)
    assert not is_passing(ValueError("a bug"))


def _ended_by_the_database() -> bool:
    assert connection.connection is not None
    return select.select([connection.connection.fileno()], [], [], 0)[0] != []


@pytest.mark.parametrize(
    ("role", "entry"),
    [
        ("web", "import rdfast.wsgi"),
        ("worker", "from rdfast import celery; celery.signals.worker_init.send(None)"),
    ],
)
def test_a_program_says_which_limits_hold_for_it(role: str, entry: str, settings: Any) -> None:
    ask = "from django.db import connection as c; cursor = c.cursor(); cursor.execute('SHOW lock_timeout')"
    program = f"{entry}; {ask}; print(cursor.fetchone()[0])"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=addresses.CHECKOUT, capture_output=True, text=True, check=True
    )
    assert said.stdout == f"{settings.DATABASE_LIMITS[role]['lock_timeout']}s\n"
