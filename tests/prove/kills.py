"""Kills: programs and servers are killed or frozen at random moments while people work through the web server.

The installation is a real one: granian, worker, beat, PostgreSQL and Redis under the supervisor of `make run`, and a
mail server that counts. People walk the whole path over HTTP and press a button again when no answer came.
"""

import http.client
import itertools
import os
import random
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from signal import SIGINT, SIGTERM, Signals

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, connection, connections
from django.utils import timezone

from rdfast.local import addresses, processes, servers, stack
from rdfast.local.supervisor import Child, Supervisor
from rdfast.outbox.models import Message
from rdfast.people.models import User
from rdfast.reports.invariants import broken
from rdfast.timers.models import Timer
from tests import make
from tests.prove.faults import KINDS, OF_REDIS, Faults
from tests.prove.items import look
from tests.prove.postroom import Postroom
from tests.prove.proof import Options, Outcome, Progress
from tests.prove.visitors import Answered, Visitor

VISITORS = 4
# Nothing here takes longer to come back.
PATIENCE = 60.0
# A claimed message is free again after a minute; then it is sent.
SETTLING = 150.0


@dataclass
class Site:
    """The running installation."""

    port: int
    supervisor: Supervisor
    children: dict[str, Child]
    postroom: Postroom
    folder: Path


@dataclass
class Strike:
    """One fault: what, from when until everything worked again, in seconds of the monotonic clock."""

    kind: str
    began: float
    ended: float = 0.0


@dataclass
class Found:
    """What the run showed."""

    met: Answered
    strikes: list[Strike] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)


def prove(options: Options) -> Outcome:
    """Strike `size` times."""
    coin = random.Random(options.seed)
    with _site(options.planted) as site:
        w = make.world(at=timezone.now() - timedelta(minutes=5), allotted=50_000_000_000_000)
        found = Found(Answered())
        with _visitors(site, w, found.met):
            _strike(site, coin, options.size, found)
        _settle(site, found)
        found.violations += _examine(site, found)
        mails = _examine_mails(site, found)
    return Outcome(len(found.strikes), "faults", found.violations, [*_told(found), "", mails])


@contextmanager
def _site(planted: str) -> Iterator[Site]:
    """Servers and programs of the proof's own, to which this process's database connection points within."""
    folder = Path(tempfile.mkdtemp(prefix="rdfast-kills-"))
    (folder / "static").mkdir()
    before = connection.settings_dict["HOST"]
    connection.close()
    try:
        with Supervisor(lambda said: None) as supervisor:
            children = _start_servers(supervisor, folder)
            connection.settings_dict["HOST"] = str(addresses.socket_folder(folder))
            call_command("migrate", interactive=False, verbosity=0)
            if planted:
                with connection.cursor() as cursor:
                    cursor.execute(planted)
            postroom, port = Postroom(), _free_port()
            children |= _start_programs(supervisor, folder, port, postroom.port)
            site = Site(port, supervisor, children, postroom, folder)
            _wait(site, lambda: _web_answers(port), "the web server did not start")
            yield site
    finally:
        connections.close_all()
        connection.settings_dict["HOST"] = before
        shutil.rmtree(addresses.socket_folder(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _start_servers(supervisor: Supervisor, folder: Path) -> dict[str, Child]:
    children = {
        "postgres": _child("postgres", lambda: servers.start_postgres(folder).process, SIGINT),
        "redis": _child("redis", lambda: servers.start_valkey(folder).process, SIGTERM),
    }
    for child in children.values():
        supervisor.start(child)
    return children


def _start_programs(supervisor: Supervisor, folder: Path, port: int, mail_port: int) -> dict[str, Child]:
    env = {
        **os.environ,
        "RDFAST_DATA": str(folder),
        "DATABASE_URL": addresses.database_url(folder),
        "REDIS_URL": addresses.redis_url(folder),
        "RDFAST_EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "RDFAST_EMAIL_HOST": "127.0.0.1",
        "RDFAST_EMAIL_PORT": str(mail_port),
    }
    commands = {"web": stack.web(port), "worker": stack.worker(), "beat": stack.beat(folder / "beat")}
    children = {}
    for name, command in commands.items():

        def launch(
            command: list[str] = command, log: Path = folder / f"{name}.log"
        ) -> subprocess.Popen[bytes]:
            return processes.spawn_bound(command, log=log, dying=SIGTERM, env=env)

        children[name] = _child(name, launch, SIGTERM)
        supervisor.start(children[name])
    return children


def _child(name: str, launch: Callable[[], subprocess.Popen[bytes] | None], goodbye: Signals) -> Child:
    return Child(name, launch, goodbye, stop_within=10.0)


def _free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@contextmanager
def _visitors(site: Site, w: make.World, met: Answered) -> Iterator[None]:
    """People at work until the block ends, who then bring what they began to its end."""
    stop = threading.Event()
    visitors = [Visitor(site.port, w, _researchers(w, number), stop, met) for number in range(VISITORS)]
    threads = [threading.Thread(target=visitor.run) for visitor in visitors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        _wait(site, lambda: not any(thread.is_alive() for thread in threads), "", within=300)
        for thread in threads:
            thread.join()


def _researchers(w: make.World, visitor: int) -> Iterator[User]:
    """A new one for every story: one person has one provisional award at a time."""
    for number in itertools.count():
        yield look(partial(_person, f"pi{visitor}x{number}", w))


def _person(name: str, w: make.World) -> User:
    found = User.objects.filter(email=f"{name}@example.kr").first()
    return found or make.person(name, w.institute)


def _strike(site: Site, coin: random.Random, times: int, found: Found) -> None:
    """Strike, wait until everything works again, and strike elsewhere, until there were enough or somebody interrupts."""
    faults, progress = Faults(site.children, coin), Progress("kills", times)
    kinds = list(itertools.islice(itertools.cycle(KINDS), times))
    coin.shuffle(kinds)
    for kind in kinds:
        _look_after(site, coin.uniform(0.2, 1.5))
        at = timezone.now()
        strike = Strike(kind, time.monotonic())
        found.strikes.append(strike)
        faults.strike(kind)
        if not _wait(site, partial(_all_works, site, at), "", within=PATIENCE):
            found.violations.append(f"{kind}: after {PATIENCE:.0f} s not everything worked again")
        strike.ended = time.monotonic()
        progress.at(
            len(found.strikes), f"{found.met.stories} stories, {len(found.met.failures)} failed requests"
        )
        if found.met.stuck or site.supervisor.asked_to_stop:
            break


def _all_works(site: Site, since: datetime) -> bool:
    """Whether a page is answered, and a mail written after `since` was delivered by worker and beat."""
    if not _web_answers(site.port):
        return False
    try:
        written = Message.objects.filter(event__recorded_at__gt=since)
        return written.filter(status=Message.Status.DELIVERED).exists()
    except (DatabaseError, InterfaceError):
        connection.close()
        return False


def _web_answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        line.request("GET", "/calls/")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _look_after(site: Site, seconds: float) -> None:
    _wait(site, lambda: False, "", within=seconds)


def _wait(site: Site, condition: Callable[[], bool], otherwise: str, within: float = PATIENCE) -> bool:
    """Look after the children until the condition holds."""
    deadline = time.monotonic() + within
    while not condition():
        site.supervisor.look_once()
        if time.monotonic() > deadline:
            if otherwise:
                raise TimeoutError(otherwise)
            return False
        time.sleep(0.05)
    return True


def _settle(site: Site, found: Found) -> None:
    """Wait for the last mails and deadlines."""

    def is_settled() -> bool:
        now = timezone.now()
        due = Timer.objects.filter(status=Timer.Status.PENDING, due_at__lte=now)
        return not due.exists() and not Message.objects.filter(status=Message.Status.PENDING).exists()

    if not _wait(site, is_settled, "", within=SETTLING):
        waiting = Message.objects.filter(status=Message.Status.PENDING).count()
        due = Timer.objects.filter(status=Timer.Status.PENDING, due_at__lte=timezone.now()).count()
        found.violations.append(f"{waiting} messages and {due} due deadlines wait without end")


def _examine(site: Site, found: Found) -> list[str]:
    """Nothing acknowledged is lost or doubled, nobody is stuck, no request failed because of Redis or of nothing."""
    violations = [*found.met.stuck, *broken(at=timezone.now())]
    for what, effect in found.met.acknowledged:
        times = effect()
        if times != 1:
            violations.append(f"{what} was acknowledged and is there {times} times")
    failures = _failures(found)
    for kind in (*OF_REDIS, "nothing"):
        violations += [f"a request failed during «{kind}»: {failure}" for failure in failures.get(kind, [])]
    dead = Timer.objects.filter(status=Timer.Status.DEAD).count()
    if dead:
        violations.append(f"{dead} deadlines were given up")
    return violations


def _failures(found: Found) -> dict[str, list[str]]:
    """The failed requests by the fault that they met on their way: the last one, or what they waited for in vain."""
    failures: dict[str, list[str]] = {}
    for began, ended, failure in found.met.failures:
        met = [each.kind for each in found.strikes if each.began <= ended and began <= each.ended]
        cause = met[0 if "Timeout" in failure else -1] if met else "nothing"
        failures.setdefault(cause, []).append(failure)
    return failures


def _examine_mails(site: Site, found: Found) -> str:
    """Each message was sent; twice only where it was tried twice, for a fault fell between its sending and its mark."""
    host = settings.SITE_URL.partition("//")[2]
    tries = dict(Message.objects.values_list("key", "attempts"))
    sent = {key: site.postroom.accepted[f"<{key.replace(':', '.')}@{host}>"] for key in tries}
    lost = [key for key, times in sent.items() if not times]
    doubled = [key for key, times in sent.items() if times > 1]
    found.violations += [f"message {key} was never sent" for key in lost]
    found.violations += [
        f"message {key} was sent {sent[key]} times in {tries[key]} tries"
        for key in doubled
        if sent[key] > tries[key]
    ]
    return f"{len(tries):,} messages, each sent; {len(doubled)} of them twice, with the same Message-ID."


def _told(found: Found) -> list[str]:
    failures = _failures(found)
    rows = []
    for kind in KINDS:
        strikes = [each for each in found.strikes if each.kind == kind]
        if strikes:
            took = [each.ended - each.began for each in strikes]
            failed = len(failures.get(kind, []))
            rows.append(
                f"| {kind} | {len(strikes)} | {failed} | {statistics.median(took):.1f} s | {max(took):.1f} s |"
            )
    met = found.met
    summary = (
        f"{VISITORS} people over HTTP, {met.requests:,} requests, {met.stories:,} proposals brought from the draft to "
        f"the second payment, {len(met.acknowledged):,} forms acknowledged, each there once."
    )
    return [
        summary,
        "",
        "| fault | times | failed requests | back again: median | longest |",
        "|---|---|---|---|---|",
        *rows,
    ]
