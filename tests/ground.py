"""Ground for proofs and benchmarks, which run as commands: a PostgreSQL as in production, thrown away afterwards.

`stand()` comes before anything that reads the settings. Unlike the tests' server this one keeps what it
acknowledged: a proof that kills it must find everything again.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rdfast.local import addresses, servers

# A ground's address, for commands that a proof starts on it.
LENT = "RDFAST_GROUND"
_numbers = itertools.count(1)


@contextmanager
def stand(*, redis: bool = False) -> Iterator[Path]:
    """Start the servers, set Django up on them and migrate; gives the folder they live in.

    On a ground lent by another command nothing is started: its servers and its migrated database are there.
    """
    lent = os.environ.get(LENT)
    folder = Path(lent or tempfile.mkdtemp(prefix="rdfast-ground-"))
    _point_settings_at(folder)
    started = []
    try:
        if not lent:
            started.append(servers.start_postgres(folder))
        if redis and not lent:
            started.append(servers.start_valkey(folder))
        _set_up(lent=lent is not None)
        yield folder
    finally:
        while started:
            started.pop().stop()
        if not lent:
            shutil.rmtree(addresses.socket_folder(folder), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


def _point_settings_at(folder: Path) -> None:
    os.environ["RDFAST_DATA"] = str(folder)
    os.environ["DATABASE_URL"] = addresses.database_url(folder)
    os.environ["REDIS_URL"] = addresses.redis_url(folder)
    os.environ["RDFAST_EMAIL_BACKEND"] = "django.core.mail.backends.dummy.EmailBackend"
    os.environ.setdefault("RDFAST_SECRET_KEY", "only-for-proofs-" * 4)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdfast.settings")
    os.environ.pop("RDFAST_DEMO", None)
    (folder / "static").mkdir(exist_ok=True)  # WhiteNoise warns if it is missing


def _set_up(*, lent: bool) -> None:
    import django  # noqa: PLC0415 - Django reads the settings, which read the environment set just now

    django.setup()
    if not lent:
        from django.core.management import call_command  # noqa: PLC0415
        from django.db import connections  # noqa: PLC0415

        call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()


@contextmanager
def fresh_database(*, of: str = "rdfast", planted: str = "", safe: bool = True) -> Iterator[str]:
    """A copy of the migrated database, or `of` another, which the settings point to within; gives its URL."""
    from tests import databases  # noqa: PLC0415

    with database(of=of, planted=planted, safe=safe) as name, databases.pointing_at(name):
        yield databases.url()


@contextmanager
def database(*, of: str = "rdfast", planted: str = "", safe: bool = True) -> Iterator[str]:
    """A copy to point to later; gives its name.

    `planted` is SQL run on it first: a bug planted to see whether a proof finds it. Without `safe`, commits do not
    wait for the disk: for a proof that kills nothing.
    """
    from django.db import connection  # noqa: PLC0415

    from tests import databases  # noqa: PLC0415

    name = f"rdfast_{os.getpid()}_{next(_numbers)}"
    with databases.copy_of(of, name):
        with databases.pointing_at(name), connection.cursor() as cursor:
            if planted:
                cursor.execute(planted)
            if not safe:
                cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        yield name
