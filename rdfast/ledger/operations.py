"""One call moves money."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from rdfast.audit.models import Event
from rdfast.core.refusals import RuleBroken
from rdfast.core.transactions import one_transaction
from rdfast.ledger.kinds import OF_ENVELOPE, SOURCES, WAYS, What
from rdfast.ledger.queries import envelopes_of_award


class NotEnough(RuleBroken):
    """The source box holds less than was asked; nothing moved."""

    def __init__(self, what: What, balance: int, asked: int) -> None:
        super().__init__(f"{WAYS[what].source} holds {balance}; {asked} was asked for")
        self.balance = balance
        self.asked = asked


class KeyUsedOtherwise(Exception):
    """The idempotency key belongs to another arrow: a bug in the caller."""


@one_transaction
def move(
    what: What, *, envelope_id: int, award_id: int | None, amount: int, at: datetime, key: str, event: Event
) -> bool:
    """Move `amount` (whole minor units) the way `what` says, once per `key`.

    Returns whether it moved now; False means that this very arrow was there already. Raises NotEnough when
    the source box holds less; nothing is changed then. One round trip to the database.
    """
    way = WAYS[what]
    source_award = None if way.source in OF_ENVELOPE else award_id
    target_award = None if way.target in OF_ENVELOPE else award_id
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, balance FROM ledger_move(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                what,
                envelope_id,
                source_award,
                way.source,
                target_award,
                way.target,
                amount,
                at,
                key,
                event.pk,
            ],
        )
        outcome, balance = cursor.fetchone()
    if outcome == "short":
        raise NotEnough(what, balance, amount)
    if outcome == "other":
        raise KeyUsedOtherwise(key)
    return bool(outcome == "moved")


@one_transaction
def move_across(
    what: What,
    *,
    award_id: int,
    amount: int,
    at: datetime,
    key: str,
    event: Event,
    kept: Mapping[int, int] | None = None,
) -> None:
    """Move `amount` between the award's own boxes in all its envelopes, the oldest envelope first, once per `key`.

    `kept` is what each envelope's box has to keep, for it backs one payment. The caller holds the award. Raises
    NotEnough when its source boxes hold less together; nothing is changed then.
    """
    source = WAYS[what].source
    if source in SOURCES:
        raise ValueError(f"{source} is not an award's own box")
    left, kept = amount, kept or {}
    for envelope_id, balance in envelopes_of_award(award_id, source):
        part = min(left, balance - kept.get(envelope_id, 0))
        if part > 0:
            move(
                what,
                envelope_id=envelope_id,
                award_id=award_id,
                amount=part,
                at=at,
                key=f"{key}:{envelope_id}",
                event=event,
            )
            left -= part
    if left:
        raise NotEnough(what, amount - left, amount)
