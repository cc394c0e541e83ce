"""Reads of balances and arrows."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from rdfast.core.once import once_a_page
from rdfast.ledger.kinds import CAME_BACK, OF_ENVELOPE, SECOND_SET, BoxKind, What
from rdfast.ledger.models import Arrow, Box


def balance(kind: BoxKind, *, envelope_id: int, award_id: int | None = None) -> int:
    """What one box holds; zero when it was never used."""
    box = Box.objects.filter(kind=kind, envelope_id=envelope_id, award_id=award_id).first()
    return box.balance if box else 0


def allotted_and_kept(envelope_id: int, *, until: datetime) -> int:
    """What the treasury has put in, but for what was carried out of the envelope before `until`. One round trip."""
    carried = Arrow.objects.filter(
        what=What.CARRIED_OUT,
        target__kind=BoxKind.RETURNED,
        target__envelope_id=envelope_id,
        at__lt=until,
    )
    total = carried.order_by().values("what").annotate(total=Sum("amount")).values("total")
    treasury = Box.objects.filter(kind=BoxKind.TREASURY, envelope_id=envelope_id)
    kept = treasury.values_list(-F("balance") - Coalesce(Subquery(total), 0), flat=True).first()
    return int(kept or 0)


def has_moved(key: str, *, amount: int) -> bool:
    """Whether this much was moved under this key already."""
    return moved_under(key).filter(amount=amount).exists()


def is_used(key: str) -> bool:
    """Whether anything was moved under this key already."""
    return moved_under(key).exists()


def moved_under(key: Any) -> QuerySet[Arrow]:
    """The arrow of this key, which may be an expression."""
    return Arrow.objects.filter(key=key)


def came_back() -> QuerySet[Box]:
    """Boxes of awards in which money lies that came back and has to go on."""
    return Box.objects.filter(kind__in=CAME_BACK, balance__gt=0)


@once_a_page
def boxes_of_award(award_id: int) -> dict[str, int]:
    """The award's own money by kind of box, all envelopes together; missing kinds are zero."""
    found = Box.objects.filter(award_id=award_id).exclude(kind__in=SECOND_SET)
    return {**_zeroes(), **dict(found.values_list("kind").annotate(total=Sum("balance")))}


def second_set_of_award(award_id: int) -> dict[str, int]:
    """Surcharges, interest and money without a demand, by kind of box; missing kinds are zero."""
    found = Box.objects.filter(award_id=award_id, kind__in=SECOND_SET)
    zeroes = {kind.value: 0 for kind in BoxKind if kind in SECOND_SET}
    return {**zeroes, **dict(found.values_list("kind").annotate(total=Sum("balance")))}


def envelopes_of_award(award_id: int, kind: BoxKind) -> list[tuple[int, int]]:
    """(envelope id, balance) of the award's boxes of this kind that hold something, the oldest envelope first."""
    found = Box.objects.filter(award_id=award_id, kind=kind).exclude(balance=0)
    return list(found.order_by("envelope_id").values_list("envelope_id", "balance"))


def boxes_of_envelope(envelope_id: int) -> dict[str, int]:
    """The envelope's money by kind of box, all its awards together; missing kinds are zero."""
    found = Box.objects.filter(envelope_id=envelope_id).exclude(kind__in=SECOND_SET)
    of_envelope = {kind.value: 0 for kind in BoxKind if kind in OF_ENVELOPE}
    return {
        **of_envelope,
        **_zeroes(),
        **dict(found.values_list("kind").annotate(total=Sum("balance"))),
    }


def advances_of(award_ids: Any) -> int:
    """Exposure: what was paid to these awards and is not yet accounted for."""
    boxes = Box.objects.filter(award_id__in=award_ids, kind=BoxKind.ADVANCES)
    return boxes.aggregate(total=Sum("balance"))["total"] or 0


def advances_in(envelope_id: int, *, award_ids: Any) -> tuple[int, int]:
    """The envelope's exposure to all awards and to these ones, in one round trip."""
    found = Box.objects.filter(envelope_id=envelope_id, kind=BoxKind.ADVANCES).aggregate(
        everyone=Sum("balance"), some=Sum("balance", filter=Q(award_id__in=award_ids))
    )
    return found["everyone"] or 0, found["some"] or 0


def arrows_of_award(award_id: int) -> QuerySet[Arrow]:
    """The award's arrows, oldest first, with their boxes."""
    mine = Q(source__award_id=award_id) | Q(target__award_id=award_id)
    return Arrow.objects.filter(mine).select_related("source", "target", "event__actor").order_by("id")


def arrows_of_envelope(envelope_id: int) -> QuerySet[Arrow]:
    """The envelope's arrows, newest first."""
    return (
        Arrow.objects.filter(source__envelope_id=envelope_id)
        .select_related("source", "target", "event__actor")
        .annotate(for_award=F("target__award_id"))
        .order_by("-id")
    )


def _zeroes() -> dict[str, int]:
    return {kind.value: 0 for kind in BoxKind if kind not in OF_ENVELOPE | SECOND_SET}
