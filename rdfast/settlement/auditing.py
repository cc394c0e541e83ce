"""The yearly random sample of claims that are checked receipt by receipt, and what the check does to them."""

import random
import secrets
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Programme
from rdfast.programmes.queries import policy_in_force
from rdfast.settlement import queries, rules
from rdfast.settlement.models import AuditSample, Claim
from rdfast.settlement.operations import lock_claim
from rdfast.settlement.states import DECIDED, FullCheck


class CannotDraw(RuleBroken):
    """The sample was drawn already, or its year is not over."""


class CheckedBefore(RuleBroken):
    """Every receipt of the claim was checked already."""


def drawn_from(seed: str, frame: list[int], size: int) -> list[int]:
    """The sample that this seed draws from the frame: the same for everybody, all of it when it is small."""
    if len(frame) <= size:
        return list(frame)
    # Reproducible on purpose: whoever has seed and frame can draw it again.
    return sorted(random.Random(seed).sample(frame, size))  # noqa: S311


@one_transaction
def draw(programme_id: int, year: int, *, by: User, at: datetime, seed: str = "") -> AuditSample:
    """Draw the year's sample, once, when the year is over. Raises CannotDraw.

    59 claims meet an error rate of 5 % with a chance of 95 %; how many is the policy's.
    """
    roles = Appointment.objects.filter(programme=programme_id, user=by).values_list("role", flat=True)
    ensure(rules.may_audit(roles=frozenset(roles)), _("Only finance officers and heads draw the sample."))
    if year >= timezone.localdate(at).year:
        raise CannotDraw(_("The sample of a year is drawn when the year is over."), field="year")
    programme = Programme.objects.select_for_update(no_key=True).get(pk=programme_id)
    if AuditSample.objects.filter(programme=programme, year=year).exists():
        raise CannotDraw(_("The sample of this year was drawn already. Nothing was changed."), field="year")
    seed = seed or secrets.token_hex(16)
    frame = queries.decided_in(programme_id, year)
    size = policy_in_force(programme_id, at).terms.audit_sample
    drawn = drawn_from(seed, frame, size)
    sample = AuditSample.objects.create(
        programme=programme, year=year, seed=seed, frame=frame, drawn=drawn, drawn_by=by, drawn_at=at
    )
    Claim.objects.filter(pk__in=drawn, full_check="").update(full_check=FullCheck.SAMPLED)
    data = {"year": year, "seed": seed, "frame": len(frame), "drawn": len(drawn)}
    audit.record("sample.drawn", of=sample, by=by, at=at, data=data)
    return sample


@one_transaction
def check(claim_id: int, *, by: User, at: datetime) -> Claim:
    """Every receipt of a decided claim was looked at. Raises CheckedBefore."""
    claim = lock_claim(claim_id)
    allowed = rules.may_take_money(relations=queries.relations(claim, by)) and claim.submitted_by_id != by.pk
    ensure(allowed, _("You cannot do this with this claim."))
    ensure(claim.state in DECIDED, _("The claim must be decided first."))
    if claim.checked_at is not None:
        raise CheckedBefore(_("This claim was checked before. Nothing was changed."))
    claim.checked_by, claim.checked_at = by, at
    claim.save(update_fields=["checked_by", "checked_at"])
    audit.record("claim.checked", of=claim, by=by, at=at)
    return claim


def verified(sample: AuditSample) -> list[str]:
    """What speaks against the sample: nothing, when seed and frame give what was drawn and the frame is complete."""
    found = []
    if drawn_from(sample.seed, sample.frame, len(sample.drawn)) != sample.drawn:
        found.append("the seed draws other claims from the frame")
    if queries.decided_in(sample.programme_id, sample.year) != sample.frame:
        found.append("the frame is not the claims decided in the year")
    return found
