"""The states of a claim and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    ACCEPTED = "accepted", _("Accepted in full")
    PARTLY_ACCEPTED = "partly_accepted", _("Accepted in part")
    DISALLOWED = "disallowed", _("Not accepted")


MOVES = [
    Move("submit", State.DRAFT, State.SUBMITTED, who="PI"),
    Move("accept", State.SUBMITTED, State.ACCEPTED, who="finance officer"),
    Move("accept_part", State.SUBMITTED, State.PARTLY_ACCEPTED, who="finance officer"),
    Move("disallow", State.SUBMITTED, State.DISALLOWED, who="finance officer"),
]
MACHINE = Machine("claim", State, first=State.DRAFT, moves=MOVES)
DECIDED = {State.ACCEPTED, State.PARTLY_ACCEPTED, State.DISALLOWED}


class FullCheck(models.TextChoices):
    """Why every receipt of a claim must be checked."""

    HIGH_RISK = "high_risk", _("High risk")
    SAMPLED = "sampled", _("Drawn for the audit sample")


class RecoveryState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    NOTICED = "noticed", _("Notice given")
    CONTESTED = "contested", _("Contested")
    DETERMINED = "determined", _("Determined, may be appealed against")
    DEMANDED = "demanded", _("Demanded")
    OVERDUE = "overdue", _("Overdue")
    DUNNED = "dunned", _("Dunned")
    REFERRED = "referred", _("Referred to the tax office")
    PAID = "paid", _("Paid")
    DISMISSED = "dismissed", _("Dismissed")
    WAIVED = "waived", _("Waived")
    WRITTEN_OFF = "written_off", _("Written off")


_R = RecoveryState
# Nobody owes anything yet: dropping it moves no money.
BEFORE_DEMAND = {_R.PROPOSED, _R.NOTICED, _R.CONTESTED, _R.DETERMINED}
# The day to pay has passed.
BEHIND = {_R.OVERDUE, _R.DUNNED, _R.REFERRED}
OWED = BEHIND | {_R.DEMANDED}
OPEN_RECOVERY = BEFORE_DEMAND | OWED
RECOVERY = Machine(
    "recovery",
    RecoveryState,
    first=_R.PROPOSED,
    moves=[
        Move("notice", _R.PROPOSED, _R.NOTICED, who="finance officer"),
        Move("contest", _R.NOTICED, _R.CONTESTED, who="signatory or PI"),
        Move("determine", _R.NOTICED, _R.DETERMINED, who="clock or finance officer"),
        Move("determine", _R.CONTESTED, _R.DETERMINED, who="manager"),
        Move("demand", _R.DETERMINED, _R.DEMANDED, who="clock"),
        Move("run_over", _R.DEMANDED, _R.OVERDUE, who="clock"),
        Move("dun", _R.OVERDUE, _R.DUNNED, who="clock"),
        Move("refer", _R.DUNNED, _R.REFERRED, who="clock"),
        *(Move("pay", source, _R.PAID, who="finance officer") for source in sorted(OWED)),
        *(
            Move("dismiss", source, _R.DISMISSED, who="manager, or upheld appeal")
            for source in sorted(BEFORE_DEMAND)
        ),
        *(
            Move("waive", source, _R.WAIVED, who="second approver")
            for source in sorted(OWED | {_R.DETERMINED})
        ),
        *(
            Move("write_off", source, _R.WRITTEN_OFF, who="second approver")
            for source in sorted(OWED - {_R.DEMANDED})
        ),
        # Agreed instalments give an overdue debt new dates.
        *(
            Move("reschedule", source, _R.DEMANDED, who="finance officer")
            for source in (_R.OVERDUE, _R.DUNNED, _R.REFERRED)
        ),
    ],
)


class RecoveryKind(models.TextChoices):
    """Why money is asked back; the kinds are kept apart (Innovation Act art. 32, decree art. 26, 59)."""

    UNSPENT = "unspent", _("Unspent")
    DISALLOWED = "disallowed", _("Disallowed")
    FOR_CAUSE = "for_cause", _("For cause")
    SURCHARGE = "surcharge", _("Surcharge")
    INTEREST = "interest", _("Interest")


# These come on top of the award's own money and are booked in the second set of boxes.
ON_TOP = {RecoveryKind.SURCHARGE, RecoveryKind.INTEREST}


class Origin(models.TextChoices):
    """Where the money lies that is asked back."""

    ADVANCES = "advances", _("Paid, not accounted for")
    EXPENSE = "expense", _("Accepted as expense before")
    ON_TOP = "on_top", _("Owed on top of the award")
