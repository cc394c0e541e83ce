"""The time. Only doors (views, tasks, commands) ask for it; everything below gets `at` passed in."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.core.locks import lock
from rdfast.core.refusals import RuleBroken
from rdfast.timers.models import DemoClock


class NotADemo(RuleBroken):
    """Only a demo installation can move its clock."""

    def __init__(self) -> None:
        super().__init__(_("This is only possible in a demo installation."))


def now() -> datetime:
    """Real time; in a demo installation plus what its clock was moved forward."""
    real = timezone.now()
    if not settings.DEMO:
        return real
    clock = DemoClock.objects.first()
    return real + clock.ahead if clock else real


@transaction.atomic
def move_to(instant: datetime) -> datetime:
    """Move the demo clock forward to `instant`, never back; returns the new time.

    Raises NotADemo elsewhere.
    """
    if not settings.DEMO:
        raise NotADemo
    DemoClock.objects.get_or_create(pk=1)
    clock = lock(DemoClock, 1)
    clock.ahead = max(clock.ahead, instant - timezone.now())
    clock.save(update_fields=["ahead"])
    now: datetime = timezone.now() + clock.ahead
    return now
