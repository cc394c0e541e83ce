"""The agency's word came and left something to claim: there is time for it from then on, and the new day is told."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.core.working_days import after_days
from rdfast.flow.telling import pi, tell
from rdfast.funding.models import Award, Tranche
from rdfast.settlement.models import Claim
from rdfast.settlement.queries import is_claimable
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import answered_late

# Whoever could not act while the agency was silent has so long from its word on.
MORE_DAYS = 30
# A refused claim gives that once, and so long once more: nobody gains time by claiming, nor is hit by a sudden no.
LAST_DAYS = 8
_GIVEN = "deadline.put_off"
# With these the agency answers what the applicant side did.
_WORDS = (
    Kind.DECIDE_PLAN,
    Kind.REACH_QUORUM,
    Kind.CONFIRM_FINDING,
    Kind.DECIDE_CLAIM,
    Kind.SETTLE_TRANCHE,
    Kind.NOTICE_RECOVERY,
    Kind.DETERMINE,
)


def until(of: Tranche | Award, *, at: datetime, claim: Claim | None = None) -> datetime | None:
    """Until when a payment, or all that was paid, may be accounted for at least; None when a refused `claim` gives no more."""
    days = (MORE_DAYS, LAST_DAYS, None)[min(_given_for_claims(of), 2) if claim else 0]
    return None if days is None else after_days(at, days)


def was_answered_late(award: Award, *kinds: Kind, at: datetime) -> bool:
    """Whether one of the agency's words, any of them if none is named, came too late within the last thirty days."""
    return answered_late(award.matter_id, *(kinds or _WORDS), since=at - timedelta(days=MORE_DAYS))


def note(clock: Timer, of: Tranche | Award, *, at: datetime, claim: Claim | None = None) -> None:
    """Record that the `clock` was set anew, perhaps for a refused `claim`. The PI is told, if there is something to do.

    The caller holds the award.
    """
    day = {"day": timezone.localdate(clock.due_at).isoformat()}
    if isinstance(of, Award):
        award, tranche = of, None
        reason = _("Last claim: until %(day)s") % day
    else:
        award, tranche = of.award, of
        reason = _("Payment %(number)s: until %(day)s") % {"number": of.number, **day}
    data = {"claim": claim.pk} if claim else {}
    event = audit.record(_GIVEN, of=of, by=None, at=at, reason=reason, data=data)
    if tranche is None or is_claimable(tranche):
        tell(
            pi(award.proposal),
            "more_time",
            event=event,
            at=at,
            warns_of=clock,
            award=award,
            tranche=tranche,
            until=clock.due_at,
        )


def _given_for_claims(of: Tranche | Award) -> int:
    given = Event.objects.filter(
        kind=_GIVEN, matter_id=of.matter_id, subject_kind=of._meta.label_lower, subject_id=of.pk
    )
    return given.filter(data__has_key="claim").count()
