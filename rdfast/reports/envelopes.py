"""Where an envelope's money came from and is now, and what the caps and the cover leave of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from rdfast.funding.queries import at_risk_by_organisation, exposure_in, unconfirmed_rests
from rdfast.funding.rules import cover_needed, exposure_cap
from rdfast.ledger.kinds import BoxKind, What
from rdfast.ledger.models import Arrow
from rdfast.ledger.queries import boxes_of_envelope
from rdfast.people.models import Organisation
from rdfast.programmes.models import Envelope, Policy
from rdfast.programmes.queries import available_in, cap_base_of

# The arrows by which money comes into an envelope and leaves it, in the order of a statement.
CAME_AND_WENT = (What.ALLOTTED, What.CARRIED_IN, What.CUT, What.YEAR_ENDED, What.CARRIED_OUT)
PAID_BOXES = (
    BoxKind.ADVANCES,
    BoxKind.EXPENSE,
    BoxKind.RECEIVABLE,
    BoxKind.RECOVERED,
    BoxKind.REMITTED,
    BoxKind.WRITTEN_OFF,
)
# How many organisations are named, those with the most at risk first.
NAMED = 5


@dataclass(frozen=True)
class AtRisk:
    """Money at risk with one organisation, in minor units."""

    organisation: Organisation
    amount: int


@dataclass(frozen=True)
class Limits:
    """What is at risk in the envelope against both caps, and the cover of what was begun."""

    policy: Policy
    exposed: int
    cap: int
    organisation_cap: int
    organisations: list[AtRisk]
    rests: int
    needed: int
    cover: int

    @property
    def is_covered(self) -> bool:
        """Whether what was begun could still be confirmed."""
        return self.needed <= self.cover


@dataclass(frozen=True)
class Account:
    """An envelope's money: how it came and went, and in which box it is now. Amounts in minor units."""

    moved: dict[What, int]
    boxes: Mapping[str, int]

    @property
    def allotment(self) -> int:
        """What the treasury has put in, on balance."""
        return -self.boxes[BoxKind.TREASURY]

    @property
    def paid(self) -> int:
        """What has been paid out, whatever became of it."""
        return sum(self.boxes[kind] for kind in PAID_BOXES)


def account_of(envelope: Envelope) -> Account:
    """The envelope's money now."""
    arrows = Arrow.objects.filter(source__envelope_id=envelope.pk, what__in=CAME_AND_WENT)
    moved = dict(arrows.values_list("what").annotate(total=Sum("amount")))
    return Account({what: moved.get(what, 0) for what in CAME_AND_WENT}, boxes_of_envelope(envelope.pk))


def limits_of(envelope: Envelope, *, at: datetime) -> Limits | None:
    """The caps and the cover under the version in force; None before the programme has one."""
    policy = (
        Policy.objects.filter(programme=envelope.programme_id, starts_at__lte=at).order_by("-number").first()
    )
    if policy is None:
        return None
    terms, today = policy.terms, timezone.localdate(at)
    boxes = boxes_of_envelope(envelope.pk)
    base = cap_base_of(envelope)
    exposed, _theirs = exposure_in(envelope.pk, organisation_id=None, today=today, days=terms.exposure_days)
    following = Envelope.objects.filter(programme=envelope.programme_id, year=envelope.year + 1).first()
    rests = unconfirmed_rests(envelope.programme_id)
    return Limits(
        policy=policy,
        exposed=exposed,
        cap=exposure_cap(base, terms.programme_exposure_percent),
        organisation_cap=exposure_cap(base, terms.organisation_exposure_percent),
        organisations=_at_risk(envelope, until=today + timedelta(days=terms.exposure_days)),
        rests=rests,
        needed=cover_needed(rests, terms.cover_percent),
        cover=boxes[BoxKind.AVAILABLE] + (available_in(following) if following else 0),
    )


def _at_risk(envelope: Envelope, *, until: date) -> list[AtRisk]:
    """The organisations with the most at risk: advances, and unpaid tranches expected until that day."""
    found = at_risk_by_organisation(envelope.pk, until=until, most=NAMED)
    organisations = Organisation.objects.in_bulk([pk for pk, _amount in found])
    return [AtRisk(organisations[pk], amount) for pk, amount in found]
