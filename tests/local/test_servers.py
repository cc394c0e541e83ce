"""The embedded servers start, also after everything that can be left half done."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from rdfast.local import addresses, locks, postgres, processes, servers, valkey
from rdfast.local.problems import CannotRun
from tests.stack import wait_until

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from rdfast.local import servers
servers.start_postgres(Path(sys.argv[1]))
servers.start_valkey(Path(sys.argv[1]))
print("up", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of its parent's end"
)


@contextmanager
def running_postgres(data: Path) -> Generator[servers.Server]:
    server = servers.start_trial_postgres(data)
    try:
        yield server
    finally:
        server.stop()


def connect(data: Path) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=str(addresses.socket_folder(data)), user="rdfast", dbname="rdfast", port=5432)


def test_postgres_starts_without_tcp_and_sorts_by_code_point(data):
    with running_postgres(data), connect(data) as connection:
        row = connection.execute(
            "SELECT current_setting('listen_addresses'), datlocprovider, datcollate, upper('é') FROM pg_database"
            " WHERE datname = 'rdfast'"
        ).fetchone()

    assert row == ("", "b", "C", "É")


def test_only_the_owner_enters_the_socket_folder(data):
    with running_postgres(data):
        assert addresses.socket_folder(data).stat().st_mode & 0o777 == 0o700


def test_what_was_written_is_there_after_a_restart(data):
    with running_postgres(data), connect(data) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")

    with running_postgres(data), connect(data) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_an_interrupted_initdb_is_begun_again(data):
    unfinished = data / "postgres.unfinished"
    (unfinished / "base").mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")

    with running_postgres(data) as server:
        assert server.process is not None
    assert not unfinished.exists()


def test_a_process_file_and_sockets_of_a_dead_server_are_no_obstacle(data):
    with running_postgres(data) as server:
        assert server.process is not None
        processes.kill_group(server.process)
    # The number in the file now belongs to a living process: ours.
    pid_file = data / "postgres" / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(server.process.pid), str(os.getpid()), 1))
    assert addresses.postgres_socket(data).exists()

    with running_postgres(data), connect(data) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_second_start_uses_the_running_server_and_leaves_it_running(data):
    with running_postgres(data) as first:
        second = servers.start_trial_postgres(data)
        second.stop()

        assert first.process is not None and second.process is None
        assert postgres.answers(data)


def test_simultaneous_starts_give_one_server(data):
    """As processes, because the lock is between processes."""
    script = "import sys; from pathlib import Path; from rdfast.local import servers\n"
    script += (
        "s = servers.start_trial_postgres(Path(sys.argv[1])); print(s.process is not None, flush=True)\n"
    )
    script += "sys.stdin.read(); s.stop()"
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = [starter.stdout.readline().strip() for starter in starters if starter.stdout]
    for starter in starters:
        starter.communicate("")

    assert sorted(said) == ["False", "False", "True"]


def test_a_server_that_cannot_start_says_why_in_one_sentence(data):
    with running_postgres(data):
        pass
    (data / "postgres" / "PG_VERSION").write_text("9.6\n")

    with pytest.raises(CannotRun, match="postgres did not start: "):
        servers.start_trial_postgres(data)


@linux_only
def test_the_servers_die_with_the_process_that_started_them(data):
    done = subprocess.run([sys.executable, "-c", START_AND_DIE, str(data)], capture_output=True, check=False)

    assert done.returncode == -signal.SIGKILL and done.stdout == b"up\n"
    wait_until(lambda: not postgres.answers(data) and not valkey.answers(data))
    # Not only silent but gone: the lock they held is free.
    wait_until(lambda: lock_is_free(data / "postgres.lock") and lock_is_free(data / "redis.lock"))


def lock_is_free(path: Path) -> bool:
    held = locks.try_lock(path)
    if held is not None:
        os.close(held)
    return held is not None


def test_services_stay_until_they_are_stopped(data, monkeypatch):
    monkeypatch.setenv("RDFAST_DATA", str(data))
    subprocess.run(
        [sys.executable, "-c", "from rdfast.local import servers; servers.start_services()"], check=True
    )
    assert servers.running() == ["postgres", "redis"]

    servers.stop_services()

    assert servers.running() == []


def test_a_command_without_its_stack_says_how_to_start_it(data, monkeypatch):
    monkeypatch.setenv("RDFAST_DATA", str(data))
    monkeypatch.delenv("DATABASE_URL")

    with pytest.raises(CannotRun, match=r"^The stack is not running: start it with `make run`\.$"):
        servers.ensure_running()


def test_a_database_of_ones_own_needs_no_embedded_one(data, monkeypatch):
    monkeypatch.setenv("RDFAST_DATA", str(data))
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/rdfast")

    servers.ensure_running()


def test_the_queue_survives_a_power_cut(redis_server):
    socket = Path(redis_server.url.removeprefix("redis+socket://"))
    valkey.ask(socket, "SET kept 7")
    redis_server.kill()
    assert valkey.ask(socket, "GET kept") == ""

    redis_server.start()

    assert valkey.ask(socket, "GET kept").split() == ["$1", "7"]


def test_a_frozen_queue_answers_again_after_thawing(redis_server):
    socket = Path(redis_server.url.removeprefix("redis+socket://"))
    redis_server.freeze()
    assert valkey.ask(socket, "PING") == ""

    redis_server.thaw()

    assert valkey.ask(socket, "PING").startswith("+PONG")


def test_the_queue_never_evicts(redis_server):
    socket = Path(redis_server.url.removeprefix("redis+socket://"))

    assert "noeviction" in valkey.ask(socket, "CONFIG GET maxmemory-policy")
    assert "yes" in valkey.ask(socket, "CONFIG GET appendonly")
