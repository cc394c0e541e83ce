"""The states of a review and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    INVITED = "invited", _("Invited")
    ACCEPTED = "accepted", _("Accepted")
    SUBMITTED = "submitted", _("Delivered")
    LOCKED = "locked", _("Part of the finding")
    DECLINED = "declined", _("Turned down")
    RECUSED = "recused", _("Recused: conflict of interest")
    EXPIRED = "expired", _("Expired")


MOVES = [
    Move("accept", State.INVITED, State.ACCEPTED, who="reviewer"),
    Move("decline", State.INVITED, State.DECLINED, who="reviewer"),
    Move("decline", State.ACCEPTED, State.DECLINED, who="reviewer"),
    Move("recuse", State.INVITED, State.RECUSED, who="reviewer"),
    Move("recuse", State.ACCEPTED, State.RECUSED, who="reviewer"),
    Move("expire", State.INVITED, State.EXPIRED, who="clock"),
    Move("expire", State.ACCEPTED, State.EXPIRED, who="clock"),
    Move("submit", State.ACCEPTED, State.SUBMITTED, who="reviewer"),
    Move("lock", State.SUBMITTED, State.LOCKED, who="finding"),
]
MACHINE = Machine("review", State, first=State.INVITED, moves=MOVES)
PENDING = {State.INVITED, State.ACCEPTED}
DELIVERED = {State.SUBMITTED, State.LOCKED}


class Grade(models.TextChoices):
    PASSED = "passed", _("Passed")
    CONDITIONAL = "conditional", _("Conditional: must be put right")
    FAILED = "failed", _("Failed")
