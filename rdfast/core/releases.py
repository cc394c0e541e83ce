"""Which release made the database, as far as its migrations tell."""

from collections.abc import Iterable

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def applied() -> list[str]:
    """The migrations that made the database what it is, as `app.name`."""
    return sorted(".".join(key) for key in MigrationRecorder(connection).applied_migrations())


def unknown(migrations: Iterable[str]) -> list[str]:
    """Those of the migrations that this release does not have: a newer release made them."""
    known = {".".join(key) for key in MigrationLoader(None).disk_migrations or {}}
    return sorted(set(migrations) - known)
