"""The states of an appeal, the only moves between them, and what upholding does."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    FILED = "filed", _("Filed")
    UPHELD = "upheld", _("Upheld")
    REJECTED = "rejected", _("Rejected")


MOVES = [
    Move("uphold", State.FILED, State.UPHELD, who="committee member who took no part"),
    Move("reject", State.FILED, State.REJECTED, who="committee member who took no part"),
]
MACHINE = Machine("appeal", State, first=State.FILED, moves=MOVES)


class Against(models.TextChoices):
    """The decisions that can be appealed against (Innovation Act art. 14)."""

    DECLINE = "decline", _("Decline")
    ROUTING = "routing", _("Passing to the standard track")
    FINDING = "finding", _("Evaluation of a milestone")
    SUSPENSION = "suspension", _("Suspension")
    TERMINATION = "termination", _("Termination")
    RECOVERY = "recovery", _("Recovery")


# Ending a work sets its money free for others, so an upheld appeal does not begin it again.
EFFECTS = {
    Against.DECLINE: _(
        "Upholding reopens the proposal: another manager decides, with a fresh clock; without money it waits "
        "first in line."
    ),
    Against.FINDING: _("Upholding brings another panel, which evaluates the same report."),
    Against.SUSPENSION: _("Upholding ends the suspension at once; held payments are scheduled again."),
    Against.TERMINATION: _(
        "Upholding makes the termination a technical one, without sanction. The award does not begin again: what "
        "was never paid is free for others. The work can be proposed anew."
    ),
    Against.RECOVERY: _("Upholding ends the recovery: the money is not asked back."),
}
EFFECTS[Against.ROUTING] = EFFECTS[Against.DECLINE]
