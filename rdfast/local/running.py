"""`make run`: everything an installation needs, on one machine, until someone asks to stop."""

import contextlib
import io
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from rdfast.local import addresses, folders, locks, processes, reachable, servers, stack
from rdfast.local.problems import CannotRun
from rdfast.local.supervisor import Child, Supervisor

WEB_PATIENCE = 60.0

Say = Callable[[str], None]


def run(port: int, say: Say) -> None:
    """Start the stack, say where it is, look after it. Refuses with CannotRun."""
    data = addresses.data_folder()
    folders.make_ignored(data)
    folders.make_ignored(Path(settings.STATIC_ROOT))  # WhiteNoise warns if it is missing
    held = _only_once(data)
    try:
        reachable.ensure_port_free(port)
        with Supervisor(say) as supervisor, contextlib.suppress(KeyboardInterrupt):
            _start_servers(supervisor, data)
            with supervisor.interruptible():
                accounts = _prepare(say)
            _start_programs(supervisor, port, data)
            _announce(supervisor, port, accounts, say)
            supervisor.look_after()
        say("Stopped.")
    finally:
        os.close(held)


def _only_once(data: Path) -> int:
    held = locks.try_lock(data / "run.lock")
    if held is None:
        raise CannotRun("`make run` is already running in this folder: stop it first, or use its address.")
    return held


def _start_servers(supervisor: Supervisor, data: Path) -> None:
    """The embedded servers, each unless the environment names another."""
    if not os.environ.get("DATABASE_URL"):
        supervisor.start(_server("postgres", lambda: servers.start_postgres(data), signal.SIGINT))
    if not os.environ.get("REDIS_URL"):
        supervisor.start(_server("redis", lambda: servers.start_valkey(data), signal.SIGTERM))
    reachable.ensure_database()
    reachable.ensure_redis(settings.REDIS_URL)


def _server(name: str, start: Callable[[], servers.Server], goodbye: signal.Signals) -> Child:
    return Child(name, lambda: start().process, goodbye, servers.STOP_WITHIN)


def _prepare(say: Say) -> str:
    """Bring the database up to date and fill it with the demo; give what the demo says."""
    if _migrations_are_due():
        say("Preparing the database and the demonstration; this takes a while the first time.")
        call_command("migrate", interactive=False, verbosity=0)
    addresses.demo_mark().touch()
    spoken = io.StringIO()
    call_command("demo", stdout=spoken)
    connections.close_all()
    return spoken.getvalue().rstrip()


def _migrations_are_due() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _start_programs(supervisor: Supervisor, port: int, data: Path) -> None:
    logs = data / "logs"
    folders.make_ignored(logs)
    commands: Mapping[str, Sequence[str]] = {
        "web": stack.web(port),
        "worker": stack.worker(),
        "beat": stack.beat(data / "beat-schedule"),
    }
    for name, command in commands.items():
        supervisor.start(_program(name, command, logs / f"{name}.log"))


def _program(name: str, command: Sequence[str], log: Path) -> Child:
    if log.exists():
        log.replace(log.with_suffix(".previous.log"))

    def launch() -> subprocess.Popen[bytes]:
        return processes.spawn_bound(command, log=log, dying=signal.SIGTERM)

    return Child(name, launch, signal.SIGTERM, stop_within=10.0)


def _announce(supervisor: Supervisor, port: int, accounts: str, say: Say) -> None:
    """Wait for the first answer, then say the address: who clicks on it must find something."""

    def answered_or_stopped() -> bool:
        supervisor.look_once()
        return supervisor.asked_to_stop or reachable.web_answers(port)

    if not reachable.wait_until(answered_or_stopped, within=WEB_PATIENCE):
        raise CannotRun(
            f"The web server does not answer; see {addresses.data_folder() / 'logs' / 'web.log'}."
        )
    if not supervisor.asked_to_stop:
        say(f"rdfast is running at http://localhost:{port}/ (Ctrl-C stops it)\n{accounts}")
