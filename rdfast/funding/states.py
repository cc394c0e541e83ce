"""The states of awards and tranches and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class AwardState(models.TextChoices):
    OFFERED = "offered", _("Offered, waiting for signature")
    PROVISIONAL = "provisional", _("Provisional")
    REFUSED = "refused", _("Refused by the organisation")
    LAPSED = "lapsed", _("Lapsed unsigned")
    CONFIRMED = "confirmed", _("Confirmed")
    PROVISIONAL_SUSPENDED = "provisional_suspended", _("Provisional, suspended")
    CONFIRMED_SUSPENDED = "confirmed_suspended", _("Confirmed, suspended")
    TERMINATED = "terminated", _("Terminated")
    COMPLETED = "completed", _("Completed")
    CLOSED = "closed", _("Closed")


AWARD = Machine(
    "award",
    AwardState,
    first=AwardState.OFFERED,
    moves=[
        Move("sign", AwardState.OFFERED, AwardState.PROVISIONAL, who="signatory"),
        Move("refuse", AwardState.OFFERED, AwardState.REFUSED, who="signatory or PI"),
        Move("lapse", AwardState.OFFERED, AwardState.LAPSED, who="clock"),
        Move("confirm", AwardState.PROVISIONAL, AwardState.CONFIRMED, who="manager and second approver"),
        Move("suspend", AwardState.PROVISIONAL, AwardState.PROVISIONAL_SUSPENDED, who="clock or manager"),
        Move("suspend", AwardState.CONFIRMED, AwardState.CONFIRMED_SUSPENDED, who="clock or manager"),
        Move(
            "resume",
            AwardState.PROVISIONAL_SUSPENDED,
            AwardState.PROVISIONAL,
            who="manager and second approver",
        ),
        Move(
            "resume", AwardState.CONFIRMED_SUSPENDED, AwardState.CONFIRMED, who="manager and second approver"
        ),
        *(
            Move("terminate", source, AwardState.TERMINATED, who="proceeding or consent, second approver")
            for source in (
                AwardState.PROVISIONAL,
                AwardState.CONFIRMED,
                AwardState.PROVISIONAL_SUSPENDED,
                AwardState.CONFIRMED_SUSPENDED,
            )
        ),
        Move("complete", AwardState.CONFIRMED, AwardState.COMPLETED, who="last milestone and final report"),
        Move("close", AwardState.COMPLETED, AwardState.CLOSED, who="finance officer"),
        Move("close", AwardState.TERMINATED, AwardState.CLOSED, who="finance officer"),
    ],
)
# Money may go out.
LIVE = {AwardState.PROVISIONAL, AwardState.CONFIRMED}
SUSPENDED = {AwardState.PROVISIONAL_SUSPENDED, AwardState.CONFIRMED_SUSPENDED}
# Work goes on: reports and claims are taken.
RUNNING = LIVE | SUSPENDED
# Counted as a running project of its people.
BINDING = RUNNING | {AwardState.OFFERED}
# Not confirmed yet: the rest of what was asked must still be covered.
UNCONFIRMED = {AwardState.OFFERED, AwardState.PROVISIONAL, AwardState.PROVISIONAL_SUSPENDED}
# The work is over; its money is being settled.
ENDED = {AwardState.TERMINATED, AwardState.COMPLETED}


class Cause(models.TextChoices):
    """Why an award was suspended."""

    PLAN_OVERDUE = "plan_overdue", _("The plan is overdue")
    NOT_CONFIRMED = "not_confirmed", _("Not confirmed in time")
    ACCOUNT_OVERDUE = "account_overdue", _("Money is not accounted for in time")
    MILESTONES_MISSED = "milestones_missed", _("Milestones missed in a row")
    CRITICAL_FAILED = "critical_failed", _("A critical milestone failed")
    SPECIAL_REVIEW = "special_review", _("Special review")


class Termination(models.TextChoices):
    """How an award was terminated."""

    TECHNICAL = "technical", _("Technical: the idea did not work, the money was properly spent")
    FOR_CAUSE = "for_cause", _("For cause")


class TrancheState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    READY = "ready", _("Ready for approval")
    APPROVED = "approved", _("Approved for payment")
    RELEASED = "released", _("Released")
    SETTLED = "settled", _("Paid, confirmed by the bank")
    BOUNCED = "bounced", _("Sent back by the bank")
    HELD = "held", _("Held: the award is suspended")
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
        Move("bounce", TrancheState.RELEASED, TrancheState.BOUNCED, who="finance officer"),
        Move("pay_again", TrancheState.BOUNCED, TrancheState.READY, who="new account checked"),
        *(
            Move("hold", source, TrancheState.HELD, who="award suspended")
            for source in (TrancheState.SCHEDULED, TrancheState.READY, TrancheState.APPROVED)
        ),
        Move("free", TrancheState.HELD, TrancheState.SCHEDULED, who="award resumed"),
        *(
            Move("cancel", source, TrancheState.CANCELLED, who="award ended or changed")
            for source in (
                TrancheState.SCHEDULED,
                TrancheState.READY,
                TrancheState.APPROVED,
                TrancheState.HELD,
                TrancheState.BOUNCED,
            )
        ),
    ],
)
PAID = {TrancheState.RELEASED, TrancheState.SETTLED}
UNPAID = {
    TrancheState.SCHEDULED,
    TrancheState.READY,
    TrancheState.APPROVED,
    TrancheState.HELD,
    TrancheState.BOUNCED,
}


class MotionState(models.TextChoices):
    PROPOSED = "proposed", _("Waits for the second signature")
    CARRIED = "carried", _("Signed by both")
    REFUSED = "refused", _("Refused")
    STALE = "stale", _("Overtaken")


MOTION = Machine(
    "motion",
    MotionState,
    first=MotionState.PROPOSED,
    moves=[
        Move("carry", MotionState.PROPOSED, MotionState.CARRIED, who="second approver"),
        Move("refuse", MotionState.PROPOSED, MotionState.REFUSED, who="second approver"),
        Move("overtake", MotionState.PROPOSED, MotionState.STALE, who="award moved on"),
    ],
)


class MotionKind(models.TextChoices):
    """What a manager proposes about an award and a second person signs."""

    RAISE = "raise", _("Raise the provisional award")
    CONFIRM = "confirm", _("Confirm the award")
    RESUME = "resume", _("End the suspension")
    TERMINATE = "terminate", _("Terminate by mutual consent")
