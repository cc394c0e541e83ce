"""Gives the tests a real PostgreSQL and a real Redis-protocol server, thrown away afterwards.

With DATABASE_URL or REDIS_URL set, those are used instead. This is a plugin (`-p tests.servers`), because the
settings read the addresses before any conftest is loaded.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from rdfast.local import addresses, servers

SECRET_KEY = "only-for-tests-" * 4

_folder: Path | None = None
_started: list[servers.Server] = []
_missing: set[str] = set()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Settle the addresses. pytest-xdist's workers inherit them, so there nothing is missing."""
    global _folder
    os.environ.setdefault("RDFAST_SECRET_KEY", SECRET_KEY)
    os.environ.pop("RDFAST_DEMO", None)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the tests' own thread
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _folder = Path(tempfile.mkdtemp(prefix="rdfast-tests-"))
        os.environ["RDFAST_DATA"] = str(_folder)
        _missing.update({"DATABASE_URL", "REDIS_URL"} - {name for name, value in os.environ.items() if value})
        if "DATABASE_URL" in _missing:
            os.environ["DATABASE_URL"] = addresses.database_url(_folder)
        if "REDIS_URL" in _missing:
            os.environ["REDIS_URL"] = addresses.redis_url(_folder)
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start what is missing, unless no test will run."""
    if _folder is None or session.config.option.collectonly:
        return
    if "DATABASE_URL" in _missing:
        _started.append(servers.start_trial_postgres(_folder))
    if "REDIS_URL" in _missing:
        _started.append(servers.start_valkey(_folder))


def pytest_unconfigure() -> None:
    """Stop what was started and leave nothing on the disk."""
    while _started:
        _started.pop().stop()
    if _folder is not None:
        shutil.rmtree(addresses.socket_folder(_folder), ignore_errors=True)
        shutil.rmtree(_folder, ignore_errors=True)
