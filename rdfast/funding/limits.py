"""What an envelope lets an award take: what is available, the caps on money at risk, and the cover of what was begun.

Locks here are contended, so they come last: organisation, then envelope, the years in their order.
"""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit.models import Event
from rdfast.core.amounts import written
from rdfast.core.refusals import RuleBroken
from rdfast.funding import queries, rules
from rdfast.funding.models import Award
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.people.models import Organisation
from rdfast.people.operations import lock_organisation
from rdfast.programmes.models import Envelope
from rdfast.programmes.operations import lock_envelope
from rdfast.programmes.queries import available_in, cap_base_of, policy_in_force
from rdfast.proposals.queries import kept_ahead_of, kept_for_others


class EnvelopeExhausted(RuleBroken):
    """The envelope has too little available."""


class ExposureTooHigh(RuleBroken):
    """A cap on money at risk would be exceeded."""


class OthersWaitFirst(RuleBroken):
    """What is left belongs to reopened proposals that wait for it."""


class CoverTooLow(RuleBroken):
    """What was begun could no longer be confirmed."""


def take_from_envelope(
    what: What, award: Award, envelope_id: int, amount: int, *, at: datetime, key: str, event: Event
) -> None:
    """Take `amount` out of what the envelope has available. Raises EnvelopeExhausted."""
    try:
        ledger.move(
            what, envelope_id=envelope_id, award_id=award.pk, amount=amount, at=at, key=key, event=event
        )
    except ledger.NotEnough as short:
        raise EnvelopeExhausted(
            _("%(envelope)s has %(available)s left; %(amount)s is needed.")
            % {
                "envelope": Envelope.objects.select_related("programme").get(pk=envelope_id),
                "available": written(short.balance),
                "amount": written(amount),
            }
        ) from short


def ensure_turn(award: Award, *, left: int) -> None:
    """A new award leaves what is kept for reopened proposals that come before it. Raises OthersWaitFirst.

    The caller holds the envelope.
    """
    _ensure_kept(kept_ahead_of(award.proposal), left)


def ensure_line(award: Award, *, envelope_id: int, left: int) -> None:
    """Reopened proposals that wait for money are served first out of what is left. Raises OthersWaitFirst.

    The caller holds the envelope. What would grow asks; a confirmation does not, for its money was covered when the
    award was begun, before anybody waited.
    """
    _ensure_kept(kept_for_others(envelope_id, than=award.proposal_id), left)


def _ensure_kept(needed: int, left: int) -> None:
    if needed > left:
        raise OthersWaitFirst(
            _(
                "%(needed)s is kept for reopened proposals that wait first in line; only %(left)s would be left."
            )
            % {"needed": written(needed), "left": written(left)}
        )


def ensure_cover(award: Award, *, left: int) -> None:
    """What unconfirmed awards still ask for must fit what is left of this and the next year's envelope, in part.

    The caller holds the award's envelope; the next year's is held after it. Raises CoverTooLow.
    """
    envelope = award.envelope
    following = Envelope.objects.filter(programme=envelope.programme_id, year=envelope.year + 1).first()
    available = left
    if following is not None:
        lock_envelope(following.pk)
        available += available_in(following)
    rests = queries.unconfirmed_rests(envelope.programme_id)
    needed = rules.cover_needed(rests, award.policy.terms.cover_percent)
    if needed > available:
        raise CoverTooLow(
            _(
                "What was begun must stay confirmable: %(needed)s would be needed for it, %(available)s is left, "
                "%(short)s too little."
            )
            % {
                "needed": written(needed),
                "available": written(available),
                "short": written(needed - available),
            }
        )


def has_room(award: Award, envelope: Envelope, more: int, *, at: datetime) -> bool:
    """Whether the envelope could give the award `more` just now. Nothing is held."""
    terms, today = award.policy.terms, timezone.localdate(at)
    base = cap_base_of(envelope)
    of_all, of_one = queries.exposure_in(
        envelope.pk, organisation_id=award.organisation_id, today=today, days=terms.exposure_days
    )
    return (
        available_in(envelope) >= more
        and of_all <= rules.exposure_cap(base, terms.programme_exposure_percent)
        and of_one <= rules.exposure_cap(base, terms.organisation_exposure_percent)
    )


def ensure_exposure(award: Award, *, envelope_id: int, at: datetime, more: int = 0) -> dict[str, list[int]]:
    """Hold organisation and envelope and check both caps, this award's own rows and `more` included.

    Returns [exposed, cap] for each of the two, to be kept with the event. Raises ExposureTooHigh.
    """
    organisation = lock_organisation(award.organisation_id)
    envelope = lock_envelope(envelope_id)
    terms, today = award.policy.terms, timezone.localdate(at)
    base = cap_base_of(envelope)
    of_all, of_one = queries.exposure_in(
        envelope.pk, organisation_id=organisation.pk, today=today, days=terms.exposure_days
    )
    found = {}
    for name, exposed, percent, whose in (
        ("programme_exposure", of_all + more, terms.programme_exposure_percent, envelope),
        ("organisation_exposure", of_one + more, terms.organisation_exposure_percent, organisation),
    ):
        cap = rules.exposure_cap(base, percent)
        found[name] = [exposed, cap]
        _ensure_within(cap, exposed, whose)
    return found


def ensure_running_fits(envelope: Envelope, *, at: datetime) -> None:
    """What is at risk already fits the caps, now that the envelope holds less. Raises ExposureTooHigh.

    The caller holds the envelope.
    """
    terms, today = policy_in_force(envelope.programme_id, at).terms, timezone.localdate(at)
    base = cap_base_of(envelope)
    days = terms.exposure_days
    of_all, _theirs = queries.exposure_in(envelope.pk, organisation_id=None, today=today, days=days)
    _ensure_within(rules.exposure_cap(base, terms.programme_exposure_percent), of_all, envelope)
    until = today + timedelta(days=days)
    for organisation_id, exposed in queries.at_risk_by_organisation(envelope.pk, until=until, most=1):
        cap = rules.exposure_cap(base, terms.organisation_exposure_percent)
        _ensure_within(cap, exposed, Organisation.objects.get(pk=organisation_id))


def _ensure_within(cap: int, exposed: int, whose: Envelope | Organisation) -> None:
    if exposed > cap:
        raise ExposureTooHigh(
            _("Money at risk for %(whose)s would be %(exposed)s; the cap is %(cap)s, exceeded by %(over)s.")
            % {
                "whose": whose,
                "exposed": written(exposed),
                "cap": written(cap),
                "over": written(exposed - cap),
            }
        )
