"""A real worker and a real browser, as other tests use them."""

from pathlib import Path

from playwright.sync_api import Page

from rdfast.celery import app
from rdfast.local import valkey


def test_a_worker_of_ones_own_answers_a_ping(celery_stack):
    [answer] = app.control.ping(timeout=10)

    assert [*answer.values()] == [{"ok": "pong"}]


def test_beat_sends_the_ticks_and_the_worker_takes_them(celery_stack):
    beat = celery_stack.start_beat()

    beat.wait_for("Sending due task sweep")
    celery_stack.worker.wait_for("rdfast.tasks.sweep")


def test_a_worker_killed_and_started_again_takes_up_its_work(celery_stack):
    celery_stack.worker.kill()
    app.send_task("rdfast.tasks.sweep")

    celery_stack.worker.start_again()

    celery_stack.worker.wait_for("rdfast.tasks.sweep")


def test_publishing_goes_to_the_tests_own_queue(redis_server):
    app.send_task("rdfast.tasks.sweep")

    socket = Path(redis_server.url.removeprefix("redis+socket://"))
    assert valkey.ask(socket, "LLEN celery").strip() == ":1"


def test_the_browser_shows_the_site(page: Page):
    answer = page.goto("/")

    assert answer is not None and answer.status == 200
    assert page.locator("html").get_attribute("lang") == "ko"
