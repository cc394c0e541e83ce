"""Databases for tests: one that rolls back, and fresh ones whose commits are real.

Append-only tables refuse TRUNCATE, so a test that commits cannot be cleaned up after: it gets a copy of the
migrated database, which is dropped when it ends.
"""

import itertools
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection, connections
from django.test.utils import setup_databases
from psycopg import sql
from pytest_django import DjangoDbBlocker

_numbers = itertools.count(1)


@dataclass(frozen=True)
class FreshDatabase:
    """A committed copy of the migrated database. Child processes reach it through `url`."""

    name: str
    url: str


def make_migrated() -> str:
    """Make and migrate the tests' database, and a copy of it that nobody connects to; gives the name.

    PostgreSQL copies only such a database. The copy is made before the first test: later a connection may stand
    open on the original, for one from before Playwright's event loop is out of this thread's sight.
    """
    setup_databases(verbosity=0, interactive=False, aliases={"default": None}, serialized_aliases=set())
    name = str(connection.settings_dict["NAME"])
    connection.close()
    _copy(name, to=f"{name}_template")
    return name


def drop_migrated(name: str) -> None:
    """Drop both, whoever is still connected."""
    connections.close_all()
    _drop(f"{name}_template")
    _drop(name)


@pytest.fixture(scope="session")
def template_database(django_db_setup: None) -> str:
    """The name of the copy from which every fresh database is made."""
    return f"{connection.settings_dict['NAME']}_template"


@pytest.fixture
def fresh_database(
    request: pytest.FixtureRequest, template_database: str, django_db_blocker: DjangoDbBlocker
) -> Generator[FreshDatabase]:
    """A database of the test's own, where commits are real, for several threads and processes."""
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("A test with fresh_database commits: it cannot also use db or django_db.")
    name = f"{template_database.removesuffix('_template')}_{next(_numbers)}"
    with django_db_blocker.unblock(), copy_of(template_database, name), pointing_at(name):
        yield FreshDatabase(name, url())


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run the calls together, each on a connection of its own; give what each returned or raised."""
    start = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(position: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=30)
            outcomes[position] = call()
        except Exception as refusal:  # noqa: BLE001 - the test looks at it
            outcomes[position] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=numbered) for numbered in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@contextmanager
def copy_of(source: str, name: str) -> Iterator[None]:
    """A database made from another to which nobody is connected; dropped at the end."""
    _copy(source, to=name)
    try:
        yield
    finally:
        _drop(name)


@contextmanager
def pointing_at(name: str) -> Iterator[None]:
    """Every thread's next connection goes to this database: they share one dictionary of settings."""
    connection.close()
    before = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before


@contextmanager
def gone(name: str) -> Iterator[None]:
    """Within, the database ends every connection and takes none."""
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format
    _administer(allow(sql.Identifier(name), sql.Literal(False)))
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}"
    _administer(sql.SQL(end).format(sql.Literal(name)))
    try:
        yield
    finally:
        _administer(allow(sql.Identifier(name), sql.Literal(True)))


def _copy(source: str, *, to: str) -> None:
    copy = "CREATE DATABASE {} TEMPLATE {}"
    _administer(sql.SQL(copy).format(sql.Identifier(to), sql.Identifier(source)))


def _drop(name: str) -> None:
    _administer(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _administer(statement: sql.Composed) -> None:
    parts: dict[str, Any] = {
        "host": connection.settings_dict["HOST"],
        "port": connection.settings_dict["PORT"],
        "user": connection.settings_dict["USER"],
        "password": connection.settings_dict["PASSWORD"],
    }
    with psycopg.connect(**{**parts, "dbname": "postgres"}, autocommit=True) as administrator:
        administrator.execute(statement)


def url() -> str:
    """The address of the database the settings point to."""
    settings = {name: quote(str(value), safe="") for name, value in connection.settings_dict.items()}
    password = f":{settings['PASSWORD']}" if settings["PASSWORD"] else ""
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    return f"postgres://{settings['USER']}{password}@{settings['HOST']}{port}/{settings['NAME']}"
