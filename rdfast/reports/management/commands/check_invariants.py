from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rdfast.reports.invariants import INVARIANTS, snapshot
from rdfast.timers import clock


class Command(BaseCommand):
    help = "Check what must always be true of states, money and deadlines; reads only, safe while running."

    def handle(self, *args: Any, **options: Any) -> None:
        with snapshot():
            offenders = self._check(at=clock.now())
        if offenders:
            raise CommandError(f"{offenders} offenders")

    def _check(self, *, at: datetime) -> int:
        offenders = 0
        for invariant in INVARIANTS:
            found = invariant(at)
            offenders += len(found)
            mark = "broken" if found else "holds"
            self.stdout.write(f"{mark:7} {(invariant.__doc__ or '').splitlines()[0]}")
            for offender in found:
                self.stdout.write(f"        {offender}")
        return offenders
