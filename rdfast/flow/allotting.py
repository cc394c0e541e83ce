"""Money comes into an envelope or leaves it. What waits for money is served by the next sweep."""

from datetime import datetime

from rdfast.core import boundaries
from rdfast.funding.limits import ensure_running_fits
from rdfast.people.models import User
from rdfast.programmes import operations as programmes
from rdfast.programmes.models import Envelope
from rdfast.programmes.operations import lock_envelope
from rdfast.programmes.queries import year_is_over
from rdfast.proposals.queries import line_for_money


@boundaries.commit
def allot(envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime) -> None:
    """The ministry gives `amount`."""
    programmes.allot(envelope_id, amount=amount, reason=reason, key=key, by=by, at=at)


@boundaries.commit
def cut(envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime) -> None:
    """The ministry takes `amount` of what is available."""
    programmes.cut(envelope_id, amount=amount, reason=reason, key=key, by=by, at=at)


@boundaries.commit
def end_year(envelope_id: int, *, reason: str, key: str, by: User | None, at: datetime) -> int:
    """The head has what is left of a past year taken back, but for what is kept for reopened proposals.

    Returns how much it was.
    """
    kept = _kept_in(envelope_id)
    return programmes.end_year(envelope_id, reason=reason, key=key, by=by, at=at, kept=kept)


@boundaries.commit
def carry_over(
    envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime
) -> Envelope:
    """The head carries `amount` over to the next year.

    While the year runs no more leaves it than its caps on money at risk can spare. Raises ExposureTooHigh.
    """
    kept = _kept_in(envelope_id)
    following = programmes.carry_over(
        envelope_id, amount=amount, reason=reason, key=key, by=by, at=at, kept=kept
    )
    envelope = Envelope.objects.get(pk=envelope_id)
    if not year_is_over(envelope, at):
        ensure_running_fits(envelope, at=at)
    return following


def _kept_in(envelope_id: int) -> int:
    """What is kept for reopened proposals. The envelope is held, so that none is granted meanwhile."""
    lock_envelope(envelope_id)
    return sum(each.asked_provisional for each in line_for_money(envelope_id))
