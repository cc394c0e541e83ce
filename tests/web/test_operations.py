"""What machines ask: is it alive, is it ready, how is it doing. And what people see while the database is away."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from rdfast.celery import app
from rdfast.flow.deadlines import sweep
from rdfast.monitoring.operations import check_tonight
from rdfast.outbox.models import Message
from rdfast.timers import clock
from rdfast.timers.models import Timer
from tests import make
from tests.databases import FreshDatabase
from tests.stack import PrivateRedis

HOUR = timedelta(hours=1)


def figures(**meta: Any) -> dict[str, float]:
    """What a scrape from this machine reads."""
    answer = Client().get("/metrics", **meta)
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    samples = [sample for family in families for sample in family.samples]
    return {" ".join([sample.name, *sample.labels.values()]): sample.value for sample in samples}


def test_alive_and_ready_are_plain_words_without_cookies_under_any_host(db: None) -> None:
    for address, words in (("/health/", b"alive\n"), ("/ready/", b"ready\n")):
        answer = Client(headers={"Host": "10.0.0.7"}).get(address)
        assert (answer.status_code, answer.content) == (200, words)
        assert not answer.cookies
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_alive_asks_the_database_nothing_and_ready_twice(db: None, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        Client().get("/health/")
    with django_assert_num_queries(2):
        Client().get("/ready/")


def test_a_missing_migration_is_named_and_a_newer_releases_does_no_harm(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('audit', '9999_next', now())"
        )
        assert Client().get("/ready/").status_code == 200
        cursor.execute("DELETE FROM django_migrations WHERE app = 'audit' AND name = '0002_initial'")
    answer = Client().get("/ready/")
    assert (answer.status_code, answer.content) == (503, b"missing migrations: audit.0002_initial\n")


def test_figures_are_for_this_machine_alone_unless_a_token_is_set(db: None, settings: Any) -> None:
    asks = Client()
    assert asks.get("/metrics").status_code == 200
    assert asks.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 404
    assert asks.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    settings.METRICS_TOKEN = "long random text"
    assert asks.get("/metrics").status_code == 404
    assert asks.get("/metrics", headers={"Authorization": "Bearer long random"}).status_code == 404
    shown = {"Authorization": "Bearer long random text", "X-Forwarded-For": "192.0.2.7"}
    assert asks.get("/metrics", REMOTE_ADDR="192.0.2.7", headers=shown).status_code == 200


def test_the_figures_of_an_installation_at_work(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    w = make.world()
    prompt, late = make.submitted(w), make.submitted(w, by=w.olga)
    make.granting.decline(prompt.pk, reason="too far from the call", by=w.minjun, at=make.MONDAY + HOUR)
    due_at = Timer.objects.get(matter_id=late.pk, kind="decide").due_at
    check_tonight(at=due_at - HOUR)
    at = due_at + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: at)

    with django_assert_num_queries(6):
        found = figures()
    assert found["rdfast_database_up"] == 1
    assert (found["rdfast_deadlines_due"], found["rdfast_deadline_lag_seconds"]) == (1, 120)
    assert found["rdfast_messages_waiting"] == Message.objects.count() > 0
    assert found["rdfast_message_lag_seconds"] == (at - make.MONDAY).total_seconds()
    assert (found["rdfast_deadlines_dead"], found["rdfast_messages_dead"]) == (0, 0)
    assert (found["rdfast_check_age_seconds"], found["rdfast_check_offenders"]) == (3720, 0)
    assert found["rdfast_decisions fast in_time"] == 1

    sweep(at=at)
    make.granting.decline(late.pk, reason="too far from the call", by=w.minjun, at=at)
    Message.objects.update(status="dead")
    found = figures()
    assert (found["rdfast_decisions fast in_time"], found["rdfast_decisions fast late"]) == (1, 1)
    assert (found["rdfast_deadlines_due"], found["rdfast_deadline_lag_seconds"]) == (0, 0)
    assert (found["rdfast_messages_waiting"], found["rdfast_message_lag_seconds"]) == (0, 0)
    assert found["rdfast_messages_dead"] == Message.objects.count()


def test_an_installation_before_its_first_night_has_no_check_to_show(db: None) -> None:
    assert not {name for name in figures() if "check" in name}


def test_the_queue_is_counted_while_redis_answers_and_absent_while_it_is_frozen_or_gone(
    db: None, redis_server: PrivateRedis
) -> None:
    app.send_task("rdfast.tasks.sweep")
    assert (figures()["rdfast_redis_up"], figures()["rdfast_celery_queue_depth"]) == (1, 1)
    for trouble in (redis_server.freeze, redis_server.stop):
        trouble()
        began = time.monotonic()
        found = figures()
        assert time.monotonic() - began < 1
        assert found["rdfast_redis_up"] == 0
        assert "rdfast_celery_queue_depth" not in found
        assert Client().get("/ready/").status_code == 200
