"""Whether this process could serve requests."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


def missing_migrations() -> list[str]:
    """The migrations this release brings that the database has not had. A newer release's do no harm.

    Raises DatabaseError when the database does not answer.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    return [f"{app}.{name}" for app, name in _brought() if (app, name) not in applied]


@cache
def _brought() -> list[tuple[str, str]]:
    """As files; a running process keeps the code it started with."""
    return sorted(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)
