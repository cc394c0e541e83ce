"""What an answer would do to the money: the envelope, and what is at risk, before and after.

The limits are those that the grant or the release itself will check again, under locks; these figures are
for the person who decides.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from rdfast.flow.granting import planned_tranches, policy_of
from rdfast.flow.reshaping import payments_ahead
from rdfast.funding.models import Award, Tranche
from rdfast.funding.queries import exposure, exposure_in
from rdfast.funding.rules import cut_into_tranches, exposure_cap
from rdfast.funding.states import UNPAID, TrancheState
from rdfast.milestones.operations import Promise
from rdfast.people.models import Organisation
from rdfast.programmes.models import Envelope
from rdfast.programmes.queries import allotment_of, available_in, cap_base_of
from rdfast.programmes.terms import Terms
from rdfast.proposals.models import Proposal


@dataclass(frozen=True)
class Change:
    """One limited figure before and after, in minor units."""

    before: int
    after: int
    limit: int


@dataclass(frozen=True)
class Room:
    """What is committed in the envelope, and the exposure of the programme and of the organisation."""

    envelope: Change
    programme: Change
    organisation: Change


def for_grant(proposal: Proposal, *, amount: int, at: datetime) -> Room:
    """What granting `amount` now would do; its later tranches count as exposure only if expected soon."""
    terms = policy_of(proposal).terms
    planned = planned_tranches(proposal, at)
    soon = timezone.localdate(at) + timedelta(days=terms.exposure_days)
    parts = cut_into_tranches(amount, [each.share_percent for each in planned]) if planned else [amount]
    exposed = sum(part for part, plan in zip(parts, planned, strict=False) if plan.expected_on <= soon)
    return _room(
        proposal.call.envelope, proposal.organisation, terms, committed=amount, exposed=exposed, at=at
    )


def for_release(tranche: Tranche, *, at: datetime) -> Room:
    """What releasing the tranche now would do: it is committed already, and mostly counted as exposure too."""
    award = tranche.award
    terms = award.policy.terms
    counted = tranche.expected_on <= timezone.localdate(at) + timedelta(days=terms.exposure_days)
    exposed = 0 if counted else tranche.amount
    return _room(tranche.envelope, award.organisation, terms, committed=0, exposed=exposed, at=at)


def for_more(
    award: Award, envelope: Envelope, *, more: int, promises: list[Promise] | None, at: datetime
) -> Room:
    """What giving the award `more` from the envelope would do, its money cut anew over what lies ahead."""
    terms = award.policy.terms
    soon = timezone.localdate(at) + timedelta(days=terms.exposure_days)
    unpaid = award.tranches.filter(state__in=UNPAID).exclude(state=TrancheState.BOUNCED)
    amounts = list(unpaid.values_list("amount", "expected_on"))
    planned = payments_ahead(award, promises, at=at)
    whole = sum(amount for amount, _day in amounts) + more
    parts = cut_into_tranches(whole, [each.share_percent for each in planned]) if planned else []
    after = sum(part for part, plan in zip(parts, planned, strict=True) if plan.expected_on <= soon)
    before = sum(amount for amount, day in amounts if day <= soon)
    return _room(envelope, award.organisation, terms, committed=more, exposed=after - before, at=at)


def of_award(award: Award, *, at: datetime) -> Room:
    """How the limits stand around the award now."""
    return _room(award.envelope, award.organisation, award.policy.terms, committed=0, exposed=0, at=at)


def exposure_of(award: Award, *, at: datetime) -> int:
    """What this one award puts at risk, in minor units."""
    days = award.policy.terms.exposure_days
    return exposure(Award.objects.filter(pk=award.pk), today=timezone.localdate(at), days=days)


def _room(
    envelope: Envelope,
    organisation: Organisation | None,
    terms: Terms,
    *,
    committed: int,
    exposed: int,
    at: datetime,
) -> Room:
    allotment, available = allotment_of(envelope), available_in(envelope)
    base = cap_base_of(envelope)
    of_all, of_one = exposure_in(
        envelope.pk,
        organisation_id=organisation.pk if organisation else None,
        today=timezone.localdate(at),
        days=terms.exposure_days,
    )
    used = allotment - available
    return Room(
        envelope=Change(used, used + committed, allotment),
        programme=Change(of_all, of_all + exposed, exposure_cap(base, terms.programme_exposure_percent)),
        organisation=Change(
            of_one, of_one + exposed, exposure_cap(base, terms.organisation_exposure_percent)
        ),
    )
