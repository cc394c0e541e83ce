"""Adopting policies, allotting money, opening calls."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.refusals import RuleBroken
from rdfast.core.transactions import one_transaction
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.ledger.queries import has_moved
from rdfast.people.models import User
from rdfast.programmes.models import Envelope, Policy, Programme
from rdfast.programmes.terms import parse


class NotAllotted(RuleBroken):
    """An allotment must be a positive amount, a cut at most what is available."""


class StartsTooEarly(RuleBroken):
    """A policy cannot apply to the past."""


@one_transaction
def adopt(
    programme_id: int,
    *,
    values: dict[str, Any],
    reason: str,
    starts_at: datetime,
    by: User | None,
    at: datetime,
) -> Policy:
    """Adopt a new version of the programme's policy; earlier versions and running awards are not touched.

    Adopting the newest version again changes nothing. Raises ManyRulesBroken when parameters are outside their
    limits, StartsTooEarly for a start in the past.
    """
    parse(values)
    if starts_at < at:
        raise StartsTooEarly(_("A policy cannot apply to the past."), field="starts_at")
    programme = lock(Programme, programme_id)
    newest = Policy.objects.filter(programme=programme).order_by("-number").first()
    if newest and (newest.values, newest.reason) == (values, reason) and newest.starts_at <= starts_at:
        return newest
    policy = Policy.objects.create(
        programme=programme,
        number=newest.number + 1 if newest else 1,
        values=values,
        reason=reason,
        starts_at=starts_at,
        adopted_by=by,
        adopted_at=at,
    )
    audit.record("policy.adopted", of=policy, by=by, at=at, reason=reason, data={"number": policy.number})
    return policy


def lock_envelope(pk: int) -> Envelope:
    """Hold the envelope, so that its exposure is counted by one grant or release at a time. Always last."""
    return lock(Envelope, pk)


@one_transaction
def allot(envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime) -> None:
    """Put `amount` into the envelope, once per `key`. Raises NotAllotted unless it is positive."""
    envelope = lock_envelope(envelope_id)
    if amount <= 0:
        raise NotAllotted(_("Write an amount above zero."), field="amount")
    if has_moved(f"allot:{key}", amount=amount):
        return
    event = audit.record(
        "envelope.allotted", of=envelope, by=by, at=at, reason=reason, data={"amount": amount}
    )
    ledger.move(
        What.ALLOTTED,
        envelope_id=envelope.pk,
        award_id=None,
        amount=amount,
        at=at,
        key=f"allot:{key}",
        event=event,
    )


@one_transaction
def cut(envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime) -> None:
    """Take `amount` out of what the envelope has available, once per `key`. Raises NotAllotted."""
    envelope = lock_envelope(envelope_id)
    if amount <= 0:
        raise NotAllotted(_("Write an amount above zero."), field="amount")
    if has_moved(f"cut:{key}", amount=amount):
        return
    event = audit.record("envelope.cut", of=envelope, by=by, at=at, reason=reason, data={"amount": amount})
    try:
        ledger.move(
            What.CUT,
            envelope_id=envelope.pk,
            award_id=None,
            amount=amount,
            at=at,
            key=f"cut:{key}",
            event=event,
        )
    except ledger.NotEnough as short:
        raise NotAllotted(
            _("Only %(available)s is still available.") % {"available": written(short.balance)},
            field="amount",
        ) from short
