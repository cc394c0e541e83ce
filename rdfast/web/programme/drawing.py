"""Shapes for SVG, reckoned on the server: widths are per cent of the picture, so that it fits every screen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext

from rdfast.ledger.kinds import BoxKind
from rdfast.reports.envelopes import PAID_BOXES, Account

# The picture of the flow, from above: the allotment, where it is, and what became of what was paid.
NOT_PAID = (BoxKind.AVAILABLE, BoxKind.RESERVED, BoxKind.OBLIGATED)
PAID = "paid"


@dataclass(frozen=True)
class Part:
    """One part of a row, straight below what it came from."""

    box: str
    amount: int
    x: str
    width: str


@dataclass(frozen=True)
class Flow:
    """The allotment on its way: the rows below it, each as wide as its share of it."""

    boxes: list[Part]
    paid: list[Part]


def flow_of(account: Account) -> Flow:
    """The picture of the envelope's money."""
    whole = account.allotment
    first = [(kind.value, account.boxes[kind]) for kind in NOT_PAID]
    first += [(PAID, account.paid), (BoxKind.RETURNED.value, account.boxes[BoxKind.RETURNED])]
    begin = sum(account.boxes[kind] for kind in NOT_PAID)
    return Flow(
        boxes=_row(first, whole=whole),
        paid=_row(_of(account.boxes, PAID_BOXES), whole=whole, start=begin),
    )


def rows_of(account: Account) -> list[tuple[str, str, int, int]]:
    """The same in words: (box, its name, amount, how deep it lies below the allotment)."""
    whole = ("allotted", gettext("Allotted"), account.allotment, 0)
    own = [(kind.value, str(kind.label), account.boxes[kind], 1) for kind in NOT_PAID]
    paid = (PAID, gettext("Paid out"), account.paid, 1)
    became = [(kind.value, str(kind.label), account.boxes[kind], 2) for kind in PAID_BOXES]
    gone = BoxKind.RETURNED
    return [whole, *own, paid, *became, (gone.value, str(gone.label), account.boxes[gone], 1)]


def _of(boxes: Mapping[str, int], kinds: Iterable[BoxKind]) -> list[tuple[str, int]]:
    return [(kind.value, boxes[kind]) for kind in kinds]


def _row(amounts: Iterable[tuple[str, int]], *, whole: int, start: int = 0) -> list[Part]:
    """The parts side by side; empty ones are left out."""
    parts = []
    for box, amount in amounts:
        if amount:
            left, width = 100 * start / (whole or 1), 100 * amount / (whole or 1)
            parts.append(Part(box, amount, f"{left:.3f}%", f"{width:.3f}%"))
        start += amount
    return parts
