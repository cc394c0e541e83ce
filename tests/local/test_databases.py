"""What the tests themselves stand on."""

import os
import subprocess
import sys

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from tests.databases import at_once

COUNT = "import django; django.setup(); from django.contrib.auth.models import Group; print(Group.objects.count())"


def name_of_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_database()")
        return str(cursor.fetchone()[0])


def test_every_thread_and_process_sees_what_was_committed(fresh_database):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO auth_group (name) VALUES ('here')")

    child = subprocess.run(
        [sys.executable, "-c", COUNT],
        env={**os.environ, "DATABASE_URL": fresh_database.url, "DJANGO_SETTINGS_MODULE": "rdfast.settings"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert at_once(name_of_database, name_of_database) == [fresh_database.name] * 2
    assert child.stdout.strip() == "1"


def test_the_next_database_is_fresh_and_migrated(fresh_database):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM auth_group")
        assert cursor.fetchone() == (0,)
    assert ContentType.objects.exists()


def test_a_failure_of_one_racer_is_its_outcome(fresh_database):
    def fail() -> None:
        raise ValueError("no")

    first, second = at_once(fail, name_of_database)

    assert isinstance(first, ValueError) and second == fresh_database.name


def test_a_test_that_rolls_back_is_on_the_ordinary_database(db):
    assert "template" not in name_of_database()
