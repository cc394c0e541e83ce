"""The states of a proceeding and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    OPENED = "opened", _("Opened")
    NOTICED = "noticed", _("Notice given, reply awaited")
    HEARD = "heard", _("Heard, votes awaited")
    DECIDED = "decided", _("Voted, second signature awaited")
    DISMISSED = "dismissed", _("Dismissed")
    EFFECTED = "effected", _("Put into effect")


MOVES = [
    Move("notice", State.OPENED, State.NOTICED, who="manager"),
    Move("hear", State.NOTICED, State.HEARD, who="applicant, or clock"),
    Move("decide", State.HEARD, State.DECIDED, who="committee, by majority"),
    Move("dismiss", State.HEARD, State.DISMISSED, who="committee, by majority"),
    Move("dismiss", State.NOTICED, State.DISMISSED, who="manager, or award ended"),
    Move("dismiss", State.DECIDED, State.DISMISSED, who="second approver"),
    Move("effect", State.DECIDED, State.EFFECTED, who="second approver"),
]
MACHINE = Machine("proceeding", State, first=State.OPENED, moves=MOVES)
RUNNING = {State.OPENED, State.NOTICED, State.HEARD, State.DECIDED}


class Kind(models.TextChoices):
    """What it may lead to."""

    SPECIAL_REVIEW = "special_review", _("Special review")
    TERMINATION = "termination", _("Termination")
    RECOVERY = "recovery", _("Recovery for cause")
