"""Filling an empty installation with the demonstration."""

from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import translation

from rdfast.audit.causes import because
from rdfast.local.demo import cast
from rdfast.local.demo.cases import CASES, LATER_CASES, perform
from rdfast.local.demo.long_play import LongPlay
from rdfast.local.demo.texts import BY_CODE, TEXTS
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Programme
from rdfast.timers import clock

# The researcher that `make run` prints leads this one; the newcomer has nothing yet.
_LEADING = "solid"


def is_made() -> bool:
    """Whether the demonstration is there."""
    return Programme.objects.exists()


@transaction.atomic
def make() -> None:
    """Make everything in one transaction: an interrupted start leaves an empty database behind."""
    now = clock.now()
    with because("command:demo"):
        stage = cast.make(at=now - timedelta(days=100))
        hashed = make_password(cast.PASSWORD)
        researchers = {}
        for text in TEXTS:
            name = "researcher" if text.code == _LEADING else f"pi.{text.code}"
            researchers[text.code] = cast.account(
                name, text.pi, stage.organisations[text.organisation], hashed=hashed
            )
        cast.account("newcomer", "새봄", stage.organisations["gaon"], hashed=hashed)
        plays = [
            (LongPlay(stage, BY_CODE[code], researchers[code]), script, now - timedelta(days=begun))
            for code, script, begun in CASES
        ]
        for code, later_script, begun, name in LATER_CASES:
            place = stage.organisations[BY_CODE[code].organisation]
            pi = cast.account(f"pi.{code}.later", name, place, hashed=hashed)
            plays.append((LongPlay(stage, BY_CODE[code], pi), later_script, now - timedelta(days=begun)))
        perform(plays, until=now)


def accounts() -> list[tuple[str, str]]:
    """One account per role, as `make run` prints them: address, and who that is."""
    printed = [
        ("newcomer", "researcher without a proposal"),
        ("researcher", "researcher with a running award"),
    ]
    with translation.override("en"):
        titles = {role.value: str(role.label) for role in Appointment.Role}
    found = []
    for name, what in printed:
        found.append((f"{name}@rdfast.example", what))
    for name in cast.PRINTED:
        user = User.objects.filter(email=f"{name}@rdfast.example").first()
        if user is None or name == "researcher":
            continue
        appointment = user.appointments.first()
        role = titles[appointment.role] if appointment else "administrator" if user.is_staff else "signatory"
        found.append((user.email, str(role)))
    return found
