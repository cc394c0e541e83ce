"""The states of a proposal and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Submitted")
    RETURNED = "returned", _("Returned for completion")
    RECOMMENDED = "recommended", _("Recommended, second approval pending")
    APPROVED = "approved", _("Approved")
    ROUTED = "routed", _("Passed to the standard track")
    DECLINED = "declined", _("Declined")
    REOPENED = "reopened", _("Reopened after an appeal")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


MOVES = [
    Move("submit", State.DRAFT, State.SUBMITTED, who="PI"),
    Move("give_back", State.SUBMITTED, State.RETURNED, who="manager"),
    Move("resubmit", State.RETURNED, State.SUBMITTED, who="PI"),
    Move("lapse", State.RETURNED, State.LAPSED, who="clock"),
    Move("recommend", State.SUBMITTED, State.RECOMMENDED, who="manager"),
    Move("send_back", State.RECOMMENDED, State.SUBMITTED, who="second approver"),
    Move("approve", State.SUBMITTED, State.APPROVED, who="manager"),
    Move("approve", State.RECOMMENDED, State.APPROVED, who="second approver"),
    Move("route", State.SUBMITTED, State.ROUTED, who="manager"),
    Move("decline", State.SUBMITTED, State.DECLINED, who="manager"),
    Move("reopen", State.DECLINED, State.REOPENED, who="upheld appeal"),
    Move("reopen", State.ROUTED, State.REOPENED, who="upheld appeal"),
    Move("recommend", State.REOPENED, State.RECOMMENDED, who="another manager"),
    Move("approve", State.REOPENED, State.APPROVED, who="another manager"),
    Move("route", State.REOPENED, State.ROUTED, who="another manager"),
    Move("decline", State.REOPENED, State.DECLINED, who="another manager"),
    Move("withdraw", State.DRAFT, State.WITHDRAWN, who="PI"),
    Move("withdraw", State.SUBMITTED, State.WITHDRAWN, who="PI"),
    Move("withdraw", State.RETURNED, State.WITHDRAWN, who="PI"),
    Move("withdraw", State.RECOMMENDED, State.WITHDRAWN, who="PI"),
    Move("withdraw", State.REOPENED, State.WITHDRAWN, who="PI"),
]
MACHINE = Machine("proposal", State, first=State.DRAFT, moves=MOVES)
EDITABLE = {State.DRAFT, State.RETURNED}
WITH_THE_AGENCY = {
    State.SUBMITTED,
    State.RETURNED,
    State.RECOMMENDED,
    State.APPROVED,
    State.ROUTED,
    State.DECLINED,
    State.REOPENED,
    State.LAPSED,
}
# What waits for a manager's answer.
ANSWERABLE = {State.SUBMITTED, State.REOPENED}
# What was asked and has no last answer yet.
UNANSWERED = {*ANSWERABLE, State.RECOMMENDED}
