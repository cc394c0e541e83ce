"""The nightly check, and the alarm when it finds something."""

import time
from datetime import date, datetime, timedelta

from django.utils import timezone

from rdfast.audit import causes
from rdfast.audit import operations as audit
from rdfast.core import boundaries
from rdfast.core import releases
from rdfast.flow.telling import administrators, tell
from rdfast.monitoring.models import Check
from rdfast.reports.invariants import broken, snapshot

# The hour of the night, local time, from which the night's check is due.
HOUR = 3
# An alarm names so many; the check itself keeps all of them.
NAMED = 50


def check_tonight(*, at: datetime) -> Check | None:
    """Check every invariant once a night and alarm the administrators about offenders.

    Safe to call at any time, also twice at once: does nothing, and gives None, when the night has its check.
    A beat that slept through the hour makes up for it at its next tick. A worker of an older release leaves the
    check to a newer one: it does not know what became legal since.
    """
    night = night_of(at)
    if Check.objects.filter(night_of=night).exists() or releases.unknown(releases.applied()):
        return None
    began = time.monotonic()
    with snapshot():
        offenders = broken(at=at)
    took = timedelta(seconds=time.monotonic() - began)
    with causes.because(f"check:{night}"):
        return _record(night, offenders, took=took, at=at)


def night_of(at: datetime) -> date:
    """The day on whose night a check at `at` counts: until the hour has come it is still the day before."""
    return timezone.localdate(at - timedelta(hours=HOUR))


@boundaries.commit
def _record(night: date, offenders: list[str], *, took: timedelta, at: datetime) -> Check | None:
    check, is_first = Check.objects.get_or_create(
        night_of=night, defaults={"at": at, "took": took, "offenders": offenders}
    )
    if not is_first:
        return None
    if offenders:
        data = {"offenders": offenders[:NAMED]}
        event = audit.record("invariants.broken", of=check, by=None, at=at, data=data)
        tell(
            administrators(),
            "invariants_broken",
            event=event,
            at=at,
            offenders=offenders[:NAMED],
            more=len(offenders[NAMED:]),
        )
    return check
