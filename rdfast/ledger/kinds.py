"""The boxes money lies in and the only arrows along which it moves."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class BoxKind(models.TextChoices):
    """`treasury` and `available` belong to an envelope, the others to an award in an envelope."""

    TREASURY = "treasury", _("Treasury")
    AVAILABLE = "available", _("Available")
    RESERVED = "reserved", _("Reserved")
    OBLIGATED = "obligated", _("Obligated")
    ADVANCES = "advances", _("Advances not yet accounted for")
    EXPENSE = "expense", _("Accepted expense")
    RECEIVABLE = "receivable", _("To be paid back")
    RECOVERED = "recovered", _("Paid back")
    REMITTED = "remitted", _("Remitted to the treasury")
    WRITTEN_OFF = "written_off", _("Written off")


OF_ENVELOPE = {BoxKind.TREASURY, BoxKind.AVAILABLE}


class What(models.TextChoices):
    """What happened to the money."""

    ALLOTTED = "allotted", _("Allotted")
    CUT = "cut", _("Envelope cut")
    RESERVED = "reserved", _("Reserved at approval")
    UNRESERVED = "unreserved", _("Reservation ended")
    OBLIGATED = "obligated", _("Obligated at signing")
    RELEASED = "released", _("Tranche released")
    LIQUIDATED = "liquidated", _("Claim accepted")


@dataclass(frozen=True)
class Way:
    """Source and target of an arrow."""

    source: BoxKind
    target: BoxKind


WAYS: dict[What, Way] = {
    What.ALLOTTED: Way(BoxKind.TREASURY, BoxKind.AVAILABLE),
    What.CUT: Way(BoxKind.AVAILABLE, BoxKind.TREASURY),
    What.RESERVED: Way(BoxKind.AVAILABLE, BoxKind.RESERVED),
    What.UNRESERVED: Way(BoxKind.RESERVED, BoxKind.AVAILABLE),
    What.OBLIGATED: Way(BoxKind.RESERVED, BoxKind.OBLIGATED),
    What.RELEASED: Way(BoxKind.OBLIGATED, BoxKind.ADVANCES),
    What.LIQUIDATED: Way(BoxKind.ADVANCES, BoxKind.EXPENSE),
}
