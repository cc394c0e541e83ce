"""The states of an appeal and the only moves between them."""

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
