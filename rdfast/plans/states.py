"""The states of a plan and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    DUE = "due", _("To be handed in")
    SUBMITTED = "submitted", _("Handed in")
    RETURNED = "returned", _("Returned")
    ACCEPTED = "accepted", _("Accepted")


MOVES = [
    Move("submit", State.DUE, State.SUBMITTED, who="PI"),
    Move("return_", State.SUBMITTED, State.RETURNED, who="manager"),
    Move("submit", State.RETURNED, State.SUBMITTED, who="PI"),
    Move("accept", State.SUBMITTED, State.ACCEPTED, who="manager"),
]
MACHINE = Machine("plan", State, first=State.DUE, moves=MOVES)
EDITABLE = {State.DUE, State.RETURNED}
IN = {State.SUBMITTED, State.ACCEPTED}
