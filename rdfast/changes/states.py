"""The states of a change and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    PROPOSED = "proposed", _("Proposed, waits for the other side")
    AGREED = "agreed", _("Agreed")
    REFUSED = "refused", _("Refused")
    STALE = "stale", _("Overtaken")


MOVES = [
    Move("agree", State.PROPOSED, State.AGREED, who="other side"),
    Move("refuse", State.PROPOSED, State.REFUSED, who="other side"),
    Move("overtake", State.PROPOSED, State.STALE, who="agreement moved on"),
]
MACHINE = Machine("change", State, first=State.PROPOSED, moves=MOVES)


class Side(models.TextChoices):
    """Who proposes; the other side answers."""

    APPLICANT = "applicant", _("Applicant")
    AGENCY = "agency", _("Programme")
