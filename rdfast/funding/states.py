"""The states of awards and tranches and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class AwardState(models.TextChoices):
    OFFERED = "offered", _("Offered, waiting for signature")
    PROVISIONAL = "provisional", _("Provisional")
    REFUSED = "refused", _("Refused by the organisation")
    LAPSED = "lapsed", _("Lapsed unsigned")


AWARD = Machine(
    "award",
    AwardState,
    first=AwardState.OFFERED,
    moves=[
        Move("sign", AwardState.OFFERED, AwardState.PROVISIONAL, who="signatory"),
        Move("refuse", AwardState.OFFERED, AwardState.REFUSED, who="signatory or PI"),
        Move("lapse", AwardState.OFFERED, AwardState.LAPSED, who="clock"),
    ],
)
LIVE = {AwardState.PROVISIONAL}


class TrancheState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    READY = "ready", _("Ready for approval")
    APPROVED = "approved", _("Approved for payment")
    RELEASED = "released", _("Released")
    SETTLED = "settled", _("Paid, confirmed by the bank")
    CANCELLED = "cancelled", _("Cancelled")


TRANCHE = Machine(
    "tranche",
    TrancheState,
    first=TrancheState.SCHEDULED,
    moves=[
        Move("make_ready", TrancheState.SCHEDULED, TrancheState.READY, who="gate passed"),
        Move("approve", TrancheState.READY, TrancheState.APPROVED, who="manager"),
        Move("release", TrancheState.APPROVED, TrancheState.RELEASED, who="finance officer"),
        Move("settle", TrancheState.RELEASED, TrancheState.SETTLED, who="finance officer"),
        Move("cancel", TrancheState.SCHEDULED, TrancheState.CANCELLED, who="award ended"),
    ],
)
PAID = {TrancheState.RELEASED, TrancheState.SETTLED}
UNPAID = {TrancheState.SCHEDULED, TrancheState.READY, TrancheState.APPROVED}
