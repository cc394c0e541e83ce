"""Gives the tests a real PostgreSQL and a real Redis-protocol server, thrown away afterwards.

With DATABASE_URL or REDIS_URL set, those are used instead. This is a plugin (`-p tests.servers`), because the
settings read the addresses before any conftest is loaded.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rdfast.local import addresses, servers

SECRET_KEY = "only-for-tests-" * 4


@dataclass
class _Session:
    """What this process made for its tests. pytest-xdist's workers inherit everything and make nothing."""

    folder: Path | None = None
    missing: set[str] = field(default_factory=set)
    started: list[servers.Server] = field(default_factory=list)


_session = _Session()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None]:
    """Settle the addresses before pytest-django reads the settings."""
    os.environ.setdefault("RDFAST_SECRET_KEY", SECRET_KEY)
    os.environ.pop("RDFAST_DEMO", None)
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in the tests' own thread
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _settle_addresses()
    return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start what is missing, unless no test will run."""
    if _session.folder is None or session.config.option.collectonly:
        return
    if "DATABASE_URL" in _session.missing:
        _session.started.append(servers.start_trial_postgres(_session.folder))
    if "REDIS_URL" in _session.missing:
        _session.started.append(servers.start_valkey(_session.folder))


def pytest_unconfigure() -> None:
    """Stop what was started and leave nothing on the disk."""
    while _session.started:
        _session.started.pop().stop()
    if _session.folder is not None:
        shutil.rmtree(addresses.socket_folder(_session.folder), ignore_errors=True)
        shutil.rmtree(_session.folder, ignore_errors=True)


def _settle_addresses() -> None:
    folder = Path(tempfile.mkdtemp(prefix="rdfast-tests-"))
    (folder / "static").mkdir()  # WhiteNoise warns if it is missing
    _session.folder = folder
    os.environ["RDFAST_DATA"] = str(folder)
    for name, url in {"DATABASE_URL": addresses.database_url, "REDIS_URL": addresses.redis_url}.items():
        if not os.environ.get(name):
            _session.missing.add(name)
            os.environ[name] = url(folder)
