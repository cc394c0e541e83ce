"""The nightly check: once a night, in one snapshot, with an alarm that names the offenders."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from rdfast.audit.models import Event
from rdfast.monitoring.models import Check
from rdfast.monitoring.operations import check_tonight
from rdfast.outbox.models import Message
from rdfast.reports.offenders import offenders
from tests import make
from tests.databases import at_once

pytestmark = pytest.mark.usefixtures("fresh_database")


def _spoil(tranche_id: int) -> None:
    """What only somebody with the database's own password can do: triggers off, a state overwritten."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE funding_tranche SET state = 'scheduled' WHERE id = %s", [tranche_id])
        cursor.execute("SET session_replication_role = DEFAULT")


def test_a_night_without_offenders_is_recorded_once_and_alarms_nobody() -> None:
    w = make.world()
    make.paid(w)
    told = Message.objects.count()
    checks = at_once(*[lambda: check_tonight(at=make.MONDAY)] * 3)
    assert sorted(check is not None for check in checks) == [False, False, True]
    assert check_tonight(at=make.MONDAY) is None
    assert Check.objects.get().offenders == []
    assert Message.objects.count() == told


def test_offenders_are_named_to_the_administrators_the_same_night() -> None:
    w = make.world()
    tranche = make.paid(w)
    _spoil(tranche.pk)
    check = check_tonight(at=make.MONDAY)
    assert check is not None
    assert any(f"funding.tranche {tranche.pk} is scheduled" in offender for offender in check.offenders)
    alarm = Message.objects.get(event__kind="invariants.broken")
    assert alarm.to == w.admin
    assert f"funding.tranche {tranche.pk} is scheduled" in alarm.body
    assert Event.objects.get(kind="invariants.broken").cause == f"check:{check.night_of}"

    spoken = StringIO()
    with pytest.raises(CommandError, match="offenders"):
        call_command("check_invariants", stdout=spoken)
    assert f"funding.tranche {tranche.pk} is scheduled" in spoken.getvalue()


def test_offenders_are_named_in_one_order_however_the_database_finds_them() -> None:
    found = offenders("box {} is off by {}", "SELECT * FROM (VALUES (2, 5), (1, 7)) AS boxes")
    assert found == ["box 1 is off by 7", "box 2 is off by 5"]


def test_a_beat_that_slept_through_the_hour_makes_up_for_it() -> None:
    make.world()
    at = make.MONDAY.replace(hour=2, minute=59)
    nights = [check_tonight(at=at + timedelta(hours=hours)) for hours in (0, 5, 23, 25, 30)]
    assert [check is not None for check in nights] == [True, True, False, True, False]
