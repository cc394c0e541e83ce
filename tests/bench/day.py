"""The deadline day: researchers sign in and hand in full proposals over HTTP, as many a second as on the real one.

Once with passwords kept as Django does by itself, once as this installation keeps them. The web server, the
worker and the beat are those of production; they share the machine with PostgreSQL, Redis and locust.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Count
from django.utils import timezone

from rdfast.funding.models import Award
from rdfast.local import processes as children
from rdfast.local import stack
from rdfast.local.demo.cast import PASSWORD
from rdfast.people.models import Organisation, User
from rdfast.programmes.models import BudgetCategory
from rdfast.proposals.models import Proposal
from rdfast.reports.invariants import broken
from tests import ground
from tests.bench import crowd, processes
from tests.bench.bench import Outcome, say, table

# IRIS's deadline day: so many researchers in an hour.
RESEARCHERS, HOUR = 12_000, 3600
# How much faster than that they come here.
FASTER = float(os.environ.get("RDFAST_DAY_FASTER", "1"))
BACKGROUND = 2000
ORGANISATIONS = 50
HASHERS = {"PBKDF2, as Django does": "pbkdf2_sha256", "Argon2id, as here": "argon2"}
STEPS = ["sign in", "begin a draft", "proposal form", "save the texts", "save team and money", "submit"]
PEOPLE = Path(__file__).with_name("applicants.py")


@dataclass
class Run:
    """One deadline day."""

    took: float
    times: dict[str, Any]
    used: dict[str, float]
    acknowledged: int
    arrived: int
    wrong: list[str]


def measure(size: int) -> Outcome:
    """`size` researchers, once for each way of keeping passwords."""
    runs = {words: _run(hasher, size) for words, hasher in HASHERS.items()}
    return Outcome(_told(runs, size))


def _run(hasher: str, size: int) -> Run:
    with ground.fresh_database() as url:
        world = crowd.fill(BACKGROUND)
        people = _researchers(size, hasher)
        folder = Path(os.environ["RDFAST_DATA"]) / f"day-{hasher}"
        folder.mkdir()
        day = _day(world, people, folder)
        with stack_on(url, folder) as (address, programs):
            before = {name: processes.processor_seconds(pid) for name, pid in programs.items()}
            began, children_before = time.monotonic(), _children_seconds()
            _people(address, folder, size)
            took = time.monotonic() - began
            used = {name: processes.processor_seconds(pid) - before[name] for name, pid in programs.items()}
            used["locust"] = _children_seconds() - children_before
        return _judged(day, took, used)


def _researchers(size: int, hasher: str) -> list[str]:
    hashed = make_password(PASSWORD, hasher=hasher)
    places = Organisation.objects.bulk_create(
        Organisation(
            kind="university",
            name_ko=f"대학 {n}",
            name_en=f"University {n}",
            registration_number=f"800-00-{n:05}",
        )
        for n in range(ORGANISATIONS)
    )
    people = User.objects.bulk_create(
        User(
            email=f"day.{n}@rdfast.example",
            name=f"연구자 {n}",
            organisation=places[n % len(places)],
            password=hashed,
        )
        for n in range(size)
    )
    return [each.email for each in people]


def _day(world: crowd.Crowd, people: list[str], folder: Path) -> dict[str, Any]:
    call = world.stage.call
    award = Award.objects.latest("pk")
    waiting = Proposal.objects.filter(state="submitted").latest("pk")
    manager = [
        "/manager/",
        f"/manager/proposals/{waiting.pk}/",
        "/manager/awards/",
        f"/manager/awards/{award.pk}/",
    ]
    day = {
        "researchers": people,
        "password": PASSWORD,
        "call": call.pk,
        "topic": call.topics.earliest("pk").pk,
        "categories": [BudgetCategory.objects.get(code=code).pk for code in ("personnel", "materials")],
        "officials": [
            ("manager@rdfast.example", manager),
            ("deputy@rdfast.example", manager),
            ("finance@rdfast.example", ["/finance/", f"/finance/awards/{award.pk}/"]),
            ("auditor@rdfast.example", ["/audit/events/", f"/audit/proposals/{waiting.pk}/"]),
            ("signatory@rdfast.example", ["/my/", "/calls/", f"/calls/{call.pk}/"]),
        ],
        "acknowledged": str(folder / "acknowledged"),
        "times": str(folder / "times"),
    }
    (folder / "day.json").write_text(json.dumps(day))
    return day


@contextmanager
def stack_on(url: str, folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """The three programs of an installation; gives the address and the programs' ids."""
    port = _free_port()
    env = {**os.environ, "DATABASE_URL": url}
    commands = {"web": stack.web(port), "worker": stack.worker(), "beat": stack.beat(folder / "schedule")}
    with ExitStack() as stopping:
        programs = {}
        for name, command in commands.items():
            one = children.spawn_bound(command, log=folder / f"{name}.log", dying=signal.SIGTERM, env=env)
            stopping.callback(children.stop, one, with_signal=signal.SIGTERM, within=10)
            programs[name] = one.pid
        postmaster = Path(os.environ["RDFAST_DATA"]) / "postgres" / "postmaster.pid"
        programs["PostgreSQL"] = int(postmaster.read_text().split("\n", 1)[0])
        address = f"http://127.0.0.1:{port}"
        _wait_until_up(address)
        yield address, programs


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_until_up(address: str) -> None:
    give_up_at = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own address
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
        else:
            return


def _people(address: str, folder: Path, size: int) -> None:
    rate = RESEARCHERS / HOUR * FASTER
    officials = 5
    say(f"day: {size:,} researchers, {rate:.1f} a second")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "--locustfile", str(PEOPLE), "--headless", "--only-summary"),
            *("--host", address, "--users", str(size + officials), "--spawn-rate", f"{rate:.3f}"),
            *("--run-time", f"{int(size / rate) + 300}s", "--stop-timeout", "20", "--loglevel", "WARNING"),
        ],
        env={**os.environ, "RDFAST_DAY": str(folder / "day.json")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    if not (folder / "times").exists():
        raise AssertionError(done.stderr[-3000:])


def _children_seconds() -> float:
    """Processor time of the children that have ended; only the people end while the day lasts."""
    of = os.times()
    return of.children_user + of.children_system


def _judged(day: dict[str, Any], took: float, used: dict[str, float]) -> Run:
    """Compare what was acknowledged with what is in the database."""
    told = [json.loads(line) for line in Path(day["acknowledged"]).read_text().splitlines()]
    handed_in = Proposal.objects.filter(pi__email__startswith="day.", submitted_at__isnull=False)
    arrived = {
        f"/my/proposals/{proposal.pk}/": proposal.pi.email for proposal in handed_in.select_related("pi")
    }
    lost = [each for each in told if arrived.get(each["where"]) != each["email"]]
    doubled = handed_in.values("pi").annotate(count=Count("pk")).filter(count__gt=1)
    wrong = [f"lost: {each}" for each in lost] + [f"doubled: {each}" for each in doubled]
    times = json.loads(Path(day["times"]).read_text())
    return Run(took, times, used, len(told), len(arrived), wrong + broken(at=timezone.now()))


def _told(runs: dict[str, Run], size: int) -> list[str]:
    rate = RESEARCHERS / HOUR * FASTER
    setting = (
        f"{size:,} researchers, {rate:.2f} new ones a second ({RESEARCHERS:,} an hour, × {FASTER:g}); each signs in,"
        " begins a draft, saves it twice and submits it, with 1 to 3 seconds between pages; five officials browse"
        f" among {BACKGROUND:,} earlier proposals."
    )
    lines = [setting, ""]
    for words, run in runs.items():
        entries = {each["name"]: each for each in run.times["entries"]}
        failed = sum(each["failed"] for each in run.times["entries"])
        shares = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in run.used.items())
        outcome = (
            f"Acknowledged {run.acknowledged:,} of {size:,}; in the database {run.arrived:,}; refused {failed};"
            f" lost, doubled or against an invariant: {run.wrong[:5] or 'none'}. Processor time in"
            f" {run.took:.0f} s: {shares}."
        )
        lines += [
            f"### {words}",
            "",
            outcome,
            "",
            *table(
                ["step", "requests", "p50 ms", "p95 ms", "p99 ms"],
                [
                    [name, entries[name]["count"], *(f"{entries[name][f'p{p}']:.0f}" for p in (50, 95, 99))]
                    for name in [*STEPS, "page of the proposal", "official's page"]
                    if name in entries
                ],
            ),
            *(f"- {why}" for why in run.times["errors"]),
            "",
        ]
    return lines
