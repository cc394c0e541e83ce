"""Memory of the web server's and the worker's processes, at rest and after work."""

import os
import time
import urllib.request
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import Client

from rdfast.funding.models import Award
from rdfast.outbox.queries import waiting
from tests import ground
from tests.bench import crowd, processes
from tests.bench.bench import Outcome, table
from tests.bench.day import stack_on

PROPOSALS = 2000
MB = 1024 * 1024


def measure(size: int) -> Outcome:
    """Before and after `size` pages of several kinds, and as many messages delivered by the worker."""
    with ground.fresh_database() as url:
        world = crowd.fill(PROPOSALS)
        folder = Path(os.environ["RDFAST_DATA"]) / "memory"
        folder.mkdir()
        cookie = _signed_in(world)
        award = Award.objects.latest("pk").pk
        pages = ["/manager/", "/manager/awards/", f"/manager/awards/{award}/", "/messages/"]
        with stack_on(url, folder) as (address, programs):
            _ask(address, cookie, pages, 20)
            at_rest = {name: _held(programs[name]) for name in ("web", "worker", "beat")}
            _write_messages(size)
            _ask(address, cookie, pages, size)
            _wait_until_delivered()
            after = {name: _held(programs[name]) for name in ("web", "worker", "beat")}
    rows = [
        (f"{name} {kind}", *_figures(at_rest[name].get(kind, [])), *_figures(after[name].get(kind, [])))
        for name in at_rest
        for kind in at_rest[name]
    ]
    words = (
        f"After {size} pages and as many messages delivered, {PROPOSALS:,} proposals in the database. RSS counts what"
        " processes share in each of them, PSS divides it; the largest of its kind in MB."
    )
    head = ["process", "RSS at rest", "PSS at rest", "RSS after work", "PSS after work"]
    return Outcome([words, "", *table(head, rows)])


def _signed_in(world: crowd.Crowd) -> str:
    client = Client()
    client.force_login(world.stage.people["manager"])
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _ask(address: str, cookie: str, pages: list[str], count: int) -> None:
    for number in range(count):
        asked = urllib.request.Request(  # noqa: S310 - our own address
            address + pages[number % len(pages)],
            headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={cookie}"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - our own address
            answer.read()


def _held(pid: int) -> dict[str, list[tuple[int, int]]]:
    """Sizes of the first process of a program, and of those it started."""
    first, *others = processes.family(pid)
    found = {"process": [processes.memory(first)]}
    if sizes := [size for each in others if (size := processes.memory(each))[0]]:
        found["child"] = sizes
    return found


def _figures(sizes: list[tuple[int, int]]) -> tuple[str, str]:
    if not sizes:
        return "–", "–"
    rss, pss = max(sizes)
    return f"{rss / MB:.0f}", f"{pss / MB:.0f}"


def _write_messages(count: int) -> None:
    """Messages delivered long ago, to be delivered again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE outbox_message SET status = 'pending', delivered_at = NULL, next_try_at = now()"
            " WHERE id IN (SELECT id FROM outbox_message ORDER BY id LIMIT %s)",
            [count],
        )


def _wait_until_delivered() -> None:
    give_up_at = time.monotonic() + 120
    while waiting().exists():
        if time.monotonic() > give_up_at:
            raise AssertionError("The worker did not deliver.")
        time.sleep(0.5)
