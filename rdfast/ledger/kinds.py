"""The boxes money lies in and the only arrows along which it moves."""

from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _


class BoxKind(models.TextChoices):
    """`treasury`, `available` and `returned` belong to an envelope, the others to an award in an envelope.

    The last four are the second set: surcharges, interest and money that belongs to no demand. They are balanced
    against `outside`, so that what is owed beyond the award never mixes with the award's own money.
    """

    TREASURY = "treasury", _("Treasury")
    AVAILABLE = "available", _("Available")
    # What left at the year's end. It stays a part of the year's allotment: caps are measured against that.
    RETURNED = "returned", _("Taken back or carried over")
    RESERVED = "reserved", _("Reserved")
    OBLIGATED = "obligated", _("Obligated")
    ADVANCES = "advances", _("Advances not yet accounted for")
    EXPENSE = "expense", _("Accepted expense")
    RECEIVABLE = "receivable", _("To be paid back")
    RECOVERED = "recovered", _("Paid back")
    REMITTED = "remitted", _("Remitted to the treasury")
    WRITTEN_OFF = "written_off", _("Written off")
    OUTSIDE = "outside", _("Outside the award")
    CHARGED = "charged", _("Surcharges and interest owed")
    COLLECTED = "collected", _("Surcharges and interest paid")
    UNMATCHED = "unmatched", _("Received without a demand")


OF_ENVELOPE = {BoxKind.TREASURY, BoxKind.AVAILABLE, BoxKind.RETURNED}
# Where money comes from: these count below zero what they gave.
SOURCES = {BoxKind.TREASURY, BoxKind.OUTSIDE}
# What came back and goes on: to the treasury, or, if nobody owed it, to the payer.
CAME_BACK = {BoxKind.RECOVERED, BoxKind.COLLECTED, BoxKind.UNMATCHED}
SECOND_SET = {BoxKind.OUTSIDE, BoxKind.CHARGED, BoxKind.COLLECTED, BoxKind.UNMATCHED}


class What(models.TextChoices):
    """What happened to the money."""

    ALLOTTED = "allotted", _("Allotted")
    CUT = "cut", _("Envelope cut")
    YEAR_ENDED = "year_ended", _("Taken back at the year's end")
    CARRIED_OUT = "carried_out", _("Carried over to the next year")
    CARRIED_IN = "carried_in", _("Carried over from the year before")
    RESERVED = "reserved", _("Reserved at approval")
    UNRESERVED = "unreserved", _("Reservation ended")
    OBLIGATED = "obligated", _("Obligated at signing")
    RAISED = "raised", _("Raised or confirmed")
    FREED = "freed", _("Never paid, free again")
    RELEASED = "released", _("Tranche released")
    BOUNCED = "bounced", _("Sent back by the bank")
    LIQUIDATED = "liquidated", _("Claim accepted")
    DISALLOWED = "disallowed", _("Unspent or disallowed, to be paid back")
    DISALLOWED_LATE = "disallowed_late", _("Disallowed after it was accepted")
    REPAID = "repaid", _("Paid back")
    REMITTED = "remitted", _("Remitted to the treasury")
    WRITTEN_OFF = "written_off", _("Written off")
    CHARGED = "charged", _("Surcharge or interest charged")
    COLLECTED = "collected", _("Surcharge or interest paid")
    UNCHARGED = "uncharged", _("Surcharge or interest dropped")
    REMITTED_ON_TOP = "remitted_on_top", _("Surcharge or interest remitted to the treasury")
    UNMATCHED = "unmatched", _("Received beyond the demand")
    GIVEN_BACK = "given_back", _("Given back to the payer")


@dataclass(frozen=True)
class Way:
    """Source and target of an arrow."""

    source: BoxKind
    target: BoxKind


WAYS: dict[What, Way] = {
    What.ALLOTTED: Way(BoxKind.TREASURY, BoxKind.AVAILABLE),
    What.CUT: Way(BoxKind.AVAILABLE, BoxKind.TREASURY),
    What.YEAR_ENDED: Way(BoxKind.AVAILABLE, BoxKind.RETURNED),
    What.CARRIED_OUT: Way(BoxKind.AVAILABLE, BoxKind.RETURNED),
    What.CARRIED_IN: Way(BoxKind.TREASURY, BoxKind.AVAILABLE),
    What.RESERVED: Way(BoxKind.AVAILABLE, BoxKind.RESERVED),
    What.UNRESERVED: Way(BoxKind.RESERVED, BoxKind.AVAILABLE),
    What.OBLIGATED: Way(BoxKind.RESERVED, BoxKind.OBLIGATED),
    What.RAISED: Way(BoxKind.AVAILABLE, BoxKind.OBLIGATED),
    What.FREED: Way(BoxKind.OBLIGATED, BoxKind.AVAILABLE),
    What.RELEASED: Way(BoxKind.OBLIGATED, BoxKind.ADVANCES),
    What.BOUNCED: Way(BoxKind.ADVANCES, BoxKind.OBLIGATED),
    What.LIQUIDATED: Way(BoxKind.ADVANCES, BoxKind.EXPENSE),
    What.DISALLOWED: Way(BoxKind.ADVANCES, BoxKind.RECEIVABLE),
    What.DISALLOWED_LATE: Way(BoxKind.EXPENSE, BoxKind.RECEIVABLE),
    What.REPAID: Way(BoxKind.RECEIVABLE, BoxKind.RECOVERED),
    What.REMITTED: Way(BoxKind.RECOVERED, BoxKind.REMITTED),
    What.WRITTEN_OFF: Way(BoxKind.RECEIVABLE, BoxKind.WRITTEN_OFF),
    What.CHARGED: Way(BoxKind.OUTSIDE, BoxKind.CHARGED),
    What.COLLECTED: Way(BoxKind.CHARGED, BoxKind.COLLECTED),
    What.UNCHARGED: Way(BoxKind.CHARGED, BoxKind.OUTSIDE),
    What.REMITTED_ON_TOP: Way(BoxKind.COLLECTED, BoxKind.OUTSIDE),
    What.UNMATCHED: Way(BoxKind.OUTSIDE, BoxKind.UNMATCHED),
    What.GIVEN_BACK: Way(BoxKind.UNMATCHED, BoxKind.OUTSIDE),
}
