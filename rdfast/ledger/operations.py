"""One call moves money."""

from datetime import datetime

from django.db import connection

from rdfast.audit.models import Event
from rdfast.core.refusals import RuleBroken
from rdfast.core.transactions import one_transaction
from rdfast.ledger.kinds import OF_ENVELOPE, WAYS, What


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
