"""Pages at three sizes, each against an empty page of the same database, in interleaved rounds.

A page is asked for through Django's own client, with every middleware, template and commit of production but no
network: what the web server and the wire add is the same for every page and would only flatter the ratios.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.proposals.models import Proposal
from tests import databases, ground
from tests.bench import crowd
from tests.bench.bench import Outcome, Spread, percentile, say, table
from tests.bench.filled import form_in

ROUNDS = 20
COUNTED = 5
EMPTY = "empty page"
# From the page's name to what makes one request ready; the request itself is what is timed.
Prepare = Callable[[], Callable[[], None] | None]


@dataclass
class Site:
    """One database full of proposals."""

    size: int
    name: str
    pages: dict[str, Prepare] = field(default_factory=dict)
    times: dict[str, list[float]] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)
    wal: dict[str, list[int]] = field(default_factory=dict)


def measure(size: int) -> Outcome:
    """Pages at a hundredth, a tenth and all of `size` proposals."""
    with ExitStack() as stack, override_settings(ROOT_URLCONF="tests.bench.urls"):
        sites = [stack.enter_context(_site(count)) for count in (size // 100, size // 10, size)]
        for number in range(ROUNDS):
            say(f"pages: round {number + 1} of {ROUNDS}")
            for site in random.sample(sites, len(sites)):
                _round(site)
        with _without_page_images():
            for site in sites:
                _count(site)
    return Outcome(_told(sites))


@contextmanager
def _site(size: int) -> Iterator[Site]:
    with ground.fresh_database():
        began = time.monotonic()
        world = crowd.fill(size)
        say(f"pages: {world.proposals:,} proposals made in {time.monotonic() - began:.0f} s")
        site = Site(world.proposals, str(connection.settings_dict["NAME"]))
        site.pages = _pages(world)
        yield site


def _pages(world: crowd.Crowd) -> dict[str, Prepare]:
    manager = world.stage.people["manager"]
    awards = Award.objects.order_by("-pk").values_list("pk", flat=True)
    count = awards.count()
    middle, last = awards[count // 2], awards[count - 26 if count > 26 else 0]
    waiting = Proposal.objects.filter(state="submitted").latest("pk").pk
    award = Award.objects.filter(state="provisional", claims__isnull=False).latest("pk").pk
    drafts = iter(list(Proposal.objects.filter(state="draft").order_by("?")[: ROUNDS + COUNTED + 1]))
    auditor = world.stage.people["auditor"]
    return {
        EMPTY: _get(manager, "/empty/"),
        "inbox": _get(manager, "/manager/"),
        "portfolio, first page": _get(manager, "/manager/awards/"),
        "portfolio, middle page": _get(manager, f"/manager/awards/?after={middle}"),
        "portfolio, last page": _get(manager, f"/manager/awards/?after={last}"),
        "proposal page": _get(manager, f"/manager/proposals/{waiting}/"),
        "award page": _get(manager, f"/manager/awards/{award}/"),
        "finance inbox": _get(world.stage.people["finance"], "/finance/"),
        "audit, first page": _get(auditor, "/audit/events/"),
        "submit": lambda: _submission(next(drafts, None)),
    }


def _get(user: User, address: str) -> Prepare:
    client = Client(headers={"host": "localhost"})
    client.force_login(user)

    def prepare() -> Callable[[], None]:
        def ask() -> None:
            answer = client.get(address)
            if answer.status_code != 200:
                raise AssertionError(f"{address}: {answer.status_code}")

        return ask

    return prepare


def _submission(draft: Proposal | None) -> Callable[[], None] | None:
    """The whole form of a draft, posted with the button that submits it; nothing once the drafts are used up."""
    if draft is None:
        return None
    client = Client(headers={"host": "localhost"})
    client.force_login(draft.pi)
    address = f"/my/proposals/{draft.pk}/edit/"
    typed = {**form_in(client.get(address).content.decode()), "action": "submit"}

    def post() -> None:
        answer = client.post(address, typed)
        if answer.status_code != 302 or "edit" in answer["Location"]:
            raise AssertionError(f"{address} was refused: {answer.content.decode()[:3000]}")

    return post


def _round(site: Site) -> None:
    with databases.pointing_at(site.name):
        connection.ensure_connection()
        for page in random.sample(sorted(site.pages), len(site.pages)):
            if request := site.pages[page]():
                began = time.perf_counter()
                request()
                site.times.setdefault(page, []).append(time.perf_counter() - began)


def _count(site: Site) -> None:
    """Queries and bytes of WAL, apart from the times, for counting takes time."""
    with databases.pointing_at(site.name):
        for page, prepare in site.pages.items():
            for _each in range(COUNTED):
                request, before = prepare(), _wal()
                if request is None:
                    break
                with CaptureQueriesContext(connection) as asked:
                    request()
                site.wal.setdefault(page, []).append(_wal() - before)
                site.queries[page] = len(asked)


@contextmanager
def _without_page_images() -> Iterator[None]:
    """After a checkpoint PostgreSQL logs each page once in full: chance, which would hide what a page itself writes."""
    _set_for_all("SET full_page_writes = off")
    try:
        yield
    finally:
        _set_for_all("RESET full_page_writes")


def _set_for_all(change: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SYSTEM {change}")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("CHECKPOINT")  # whoever makes it reads the settings first


def _wal() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint")
        return int(cursor.fetchone()[0])


def _told(sites: list[Site]) -> list[str]:
    sizes = [f"{site.size:,}" for site in sites]
    head = [
        "page",
        *(f"ms at {size}" for size in sizes),
        "p95 there",
        "against empty",
        "slope",
        "queries",
        "WAL bytes",
    ]
    words = (
        f"Milliseconds: median (quartiles) of {ROUNDS} interleaved rounds at {', '.join(sizes)} proposals in one"
        f" programme; p95, ratio to the empty page, queries and WAL (without page images) at {sizes[-1]}. Slope: median at {sizes[-1]}"
        f" over median at {sizes[0]}."
    )
    return [
        words,
        "",
        *table(head, [_row(page, sites) for page in sites[0].pages]),
    ]


def _row(page: str, sites: list[Site]) -> list[str]:
    spreads = [Spread(site.times[page]) for site in sites]
    largest = sites[-1]
    empty = Spread(largest.times[EMPTY]).median
    asked = sorted({site.queries[page] for site in sites if page in site.queries})
    return [
        page,
        *(spread.in_ms() for spread in spreads),
        f"{spreads[-1].p95 * 1000:.1f}",
        f"{spreads[-1].median / empty:.1f}",
        f"{spreads[-1].median / spreads[0].median:.2f}",
        "–".join(str(count) for count in asked),
        f"{percentile(largest.wal[page], 50):,.0f}",
    ]
