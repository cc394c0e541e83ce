"""The agency's word came and left something to claim: there are thirty days for it, and the new day is told."""

from datetime import datetime

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.flow.telling import pi, tell
from rdfast.funding.models import Award, Tranche
from rdfast.settlement.models import Claim

# Whoever could not act while the agency was silent has so long from its word on.
MORE_DAYS = 30
_GIVEN = "deadline.put_off"


def note(of: Tranche | Award, *, until: datetime, at: datetime, claim: Claim | None = None) -> None:
    """Record that a payment, or all that was paid, may be accounted for until then; the PI is told.

    A refused `claim` is named, for it gives more time once. The caller holds the award, and sets the clock.
    """
    data = {"until": until.isoformat()} | ({"claim": claim.pk} if claim else {})
    event = audit.record(_GIVEN, of=of, by=None, at=at, data=data)
    award, tranche = (of, None) if isinstance(of, Award) else (of.award, of)
    tell(pi(award.proposal), "more_time", event=event, at=at, award=award, tranche=tranche, until=until)


def was_given_for_a_claim(of: Tranche | Award) -> bool:
    """Whether a refused claim has put it off once already: nobody gains time by claiming what is refused."""
    given = Event.objects.filter(
        kind=_GIVEN, matter_id=of.matter_id, subject_kind=of._meta.label_lower, subject_id=of.pk
    )
    return given.filter(data__has_key="claim").exists()
