"""The account statement of an award: every arrow with the balance of each box after it."""

from collections.abc import Iterable
from dataclasses import dataclass

from rdfast.ledger.kinds import OF_ENVELOPE, BoxKind
from rdfast.ledger.models import Arrow


@dataclass(frozen=True)
class Entry:
    """One arrow, and what every box of the statement held after it, in minor units."""

    arrow: Arrow
    source: str
    target: str
    balances: list[int]


@dataclass(frozen=True)
class Statement:
    """The boxes that were ever used, in the order of the money's way, and the entries, oldest first."""

    boxes: list[str]
    entries: list[Entry]


def statement_of(arrows: Iterable[Arrow]) -> Statement:
    """The statement of one award from its arrows, oldest first. The envelope's own boxes are not balanced."""
    arrows = list(arrows)
    touched = {box.kind for arrow in arrows for box in (arrow.source, arrow.target)}
    kinds = [kind for kind in BoxKind if kind in touched and kind not in OF_ENVELOPE]
    balances = dict.fromkeys(kinds, 0)
    entries = []
    for arrow in arrows:
        source, target = BoxKind(arrow.source.kind), BoxKind(arrow.target.kind)
        if source in balances:
            balances[source] -= arrow.amount
        if target in balances:
            balances[target] += arrow.amount
        entries.append(Entry(arrow, str(source.label), str(target.label), list(balances.values())))
    return Statement([str(kind.label) for kind in kinds], entries)
