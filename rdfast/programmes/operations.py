"""Adopting policies, allotting money, opening calls."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.core import boundaries
from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.refusals import OutOfDate, RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.ledger import operations as ledger
from rdfast.ledger.kinds import What
from rdfast.ledger.queries import has_moved, is_used
from rdfast.people.models import User
from rdfast.programmes import rules
from rdfast.programmes.models import Envelope, Policy, Programme
from rdfast.programmes.queries import available_in, may_adopt, roles_in, year_is_over
from rdfast.programmes.terms import parse


class NotAllotted(RuleBroken):
    """An allotment must be a positive amount, a cut at most what is available."""


class YearNotOver(RuleBroken):
    """What is left of a year is only known once it is over."""


class NoNextYear(RuleBroken):
    """Money is carried over into an envelope that is there."""


class StartsTooEarly(RuleBroken):
    """A policy cannot apply to the past."""


class NothingDiffers(RuleBroken):
    """A new version changes something."""


@boundaries.commit
def adopt(
    programme_id: int,
    *,
    values: dict[str, Any],
    reason: str,
    starts_at: datetime,
    after: int | None = None,
    by: User | None,
    at: datetime,
) -> Policy:
    """Adopt a new version of the programme's policy; earlier versions and running awards are not touched.

    `after` is the number of the newest version that the person saw. Adopting the newest version again changes
    nothing. Raises ManyRulesBroken when parameters are outside their limits, StartsTooEarly for a start in the past,
    NothingDiffers for the same parameters under another reason, OutOfDate when there is a newer version than `after`.
    """
    parse(values)
    if starts_at < at:
        raise StartsTooEarly(_("A policy cannot apply to the past."), field="starts_at")
    programme = lock(Programme, programme_id)
    newest = Policy.objects.filter(programme=programme).order_by("-number").first()
    if newest and (newest.values, newest.reason) == (values, reason) and newest.starts_at <= starts_at:
        return newest
    ensure(
        by is None or may_adopt(by, programme.pk), _("Only the head of the programme adopts a new version.")
    )
    if after is not None and after != (newest.number if newest else 0):
        raise OutOfDate
    if newest and newest.starts_at <= starts_at and parse(newest.values) == parse(values):
        raise NothingDiffers(_("Nothing differs from version %(number)s.") % {"number": newest.number})
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
    _ensure_may("allot", envelope, by)
    _ensure_positive(amount)
    if _is_recorded(f"allot:{key}", amount):
        return
    event = audit.record(
        "envelope.allotted", of=envelope, by=by, at=at, reason=reason, data={"amount": amount}
    )
    _move(What.ALLOTTED, envelope, amount, key=f"allot:{key}", event=event, at=at)


@one_transaction
def cut(envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime) -> None:
    """Take `amount` out of what the envelope has available, once per `key`. Raises NotAllotted."""
    envelope = lock_envelope(envelope_id)
    _ensure_may("cut", envelope, by)
    _ensure_positive(amount)
    if _is_recorded(f"cut:{key}", amount):
        return
    event = audit.record("envelope.cut", of=envelope, by=by, at=at, reason=reason, data={"amount": amount})
    _move(What.CUT, envelope, amount, key=f"cut:{key}", event=event, at=at)


@one_transaction
def end_year(envelope_id: int, *, reason: str, key: str, by: User | None, at: datetime, kept: int = 0) -> int:
    """Take back all but `kept` of what a year that is over has left, once per `key`; it stays a part of its allotment.

    What comes free later can be taken back by ending the year again. Returns the amount in minor units; raises
    YearNotOver, NotAllotted when nothing is left.
    """
    envelope = lock_envelope(envelope_id)
    _ensure_may("end_year", envelope, by)
    if is_used(f"year-end:{key}"):
        return 0
    if not year_is_over(envelope, at):
        raise YearNotOver(
            _("%(year)s is not over. What it leaves can be taken back from 1 January %(next)s on.")
            % {"year": envelope.year, "next": envelope.year + 1}
        )
    amount = available_in(envelope) - kept
    if amount <= 0:
        raise NotAllotted(_("Nothing is left that could be taken back."))
    event = audit.record(
        "envelope.year_ended", of=envelope, by=by, at=at, reason=reason, data={"amount": amount}
    )
    _move(What.YEAR_ENDED, envelope, amount, key=f"year-end:{key}", event=event, at=at)
    return amount


@one_transaction
def carry_over(
    envelope_id: int, *, amount: int, reason: str, key: str, by: User | None, at: datetime, kept: int = 0
) -> Envelope:
    """Move `amount` of what is available into the programme's envelope of the next year, once per `key`.

    `kept` stays. Two arrows of one event: out of this year, whose allotment stays what it was, and into the next. Returns the next
    year's envelope; raises NoNextYear, NotAllotted.
    """
    envelope = lock_envelope(envelope_id)
    _ensure_may("carry_over", envelope, by)
    _ensure_positive(amount)
    following = Envelope.objects.filter(programme=envelope.programme_id, year=envelope.year + 1).first()
    if following is None:
        raise NoNextYear(
            _("There is no envelope of %(year)s yet. An administrator makes it.")
            % {"year": envelope.year + 1}
        )
    lock_envelope(following.pk)
    if _is_recorded(f"carry-out:{key}", amount):
        return following
    most = max(0, available_in(envelope) - kept)
    if kept and amount > most:
        message = _("At most %(most)s: %(kept)s is kept for reopened proposals.")
        words = {"most": written(most), "kept": written(kept)}
        raise NotAllotted(message % words, field="amount")
    data = {"amount": amount, "to_year": following.year}
    event = audit.record("envelope.carried_over", of=envelope, by=by, at=at, reason=reason, data=data)
    _move(What.CARRIED_OUT, envelope, amount, key=f"carry-out:{key}", event=event, at=at)
    _move(What.CARRIED_IN, following, amount, key=f"carry-in:{key}", event=event, at=at)
    return following


def _ensure_may(move: str, envelope: Envelope, by: User | None) -> None:
    """`by` None is the installation itself, which begins with money in a demonstration."""
    message = {
        "finance": _("Only a finance officer of the programme records what the ministry allots or cuts."),
        "head": _("Only the head of the programme decides what becomes of a year's rest."),
    }[rules.MONEY_WHO[move]]
    ensure(by is None or rules.may_with_money(move, roles_in(by, envelope.programme_id)), message)


def _is_recorded(key: str, amount: int) -> bool:
    """Whether the form was sent twice. Raises NotAllotted if it recorded another amount, and came back by *Back*."""
    if has_moved(key, amount=amount):
        return True
    if is_used(key):
        raise NotAllotted(_("This form recorded another amount already. Open it anew."), field="amount")
    return False


def _ensure_positive(amount: int) -> None:
    if amount <= 0:
        raise NotAllotted(_("Write an amount above zero."), field="amount")


def _move(what: What, envelope: Envelope, amount: int, *, key: str, event: Event, at: datetime) -> None:
    try:
        ledger.move(what, envelope_id=envelope.pk, award_id=None, amount=amount, at=at, key=key, event=event)
    except ledger.NotEnough as short:
        raise NotAllotted(
            _("Only %(available)s is still available.") % {"available": written(short.balance)},
            field="amount",
        ) from short
