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
