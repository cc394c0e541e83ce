"""The states of a milestone and the only moves between them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.machines import Machine, Move


class State(models.TextChoices):
    PLANNED = "planned", _("Planned")
    OPEN = "open", _("Open for the report")
    OVERDUE = "overdue", _("Report overdue")
    MISSED = "missed", _("Missed")
    REPORTED = "reported", _("Reported")
    UNDER_REVIEW = "under_review", _("Under review")
    PASSED = "passed", _("Passed")
    CONDITIONAL = "conditional", _("Conditional, to be put right")
    FAILED = "failed", _("Failed")
    SUPERSEDED = "superseded", _("No longer applies")


MOVES = [
    Move("open", State.PLANNED, State.OPEN, who="clock"),
    Move("run_over", State.OPEN, State.OVERDUE, who="clock"),
    Move("miss", State.OVERDUE, State.MISSED, who="clock"),
    Move("report", State.OPEN, State.REPORTED, who="PI"),
    Move("report", State.OVERDUE, State.REPORTED, who="PI"),
    Move("report", State.CONDITIONAL, State.REPORTED, who="PI"),
    Move("report", State.MISSED, State.REPORTED, who="PI, with the manager's leave"),
    Move("start_review", State.REPORTED, State.UNDER_REVIEW, who="first reviewer"),
    Move("pass_", State.UNDER_REVIEW, State.PASSED, who="manager confirms"),
    Move("set_condition", State.UNDER_REVIEW, State.CONDITIONAL, who="manager confirms"),
    Move("fail", State.UNDER_REVIEW, State.FAILED, who="manager confirms"),
    Move("fail", State.CONDITIONAL, State.FAILED, who="clock"),
    Move("hear_again", State.CONDITIONAL, State.REPORTED, who="upheld appeal"),
    Move("hear_again", State.FAILED, State.REPORTED, who="upheld appeal"),
    *(
        Move("supersede", source, State.SUPERSEDED, who="award ended or changed")
        for source in (
            State.PLANNED,
            State.OPEN,
            State.OVERDUE,
            State.MISSED,
            State.REPORTED,
            State.UNDER_REVIEW,
            State.CONDITIONAL,
        )
    ),
]
MACHINE = Machine("milestone", State, first=State.PLANNED, moves=MOVES)
REPORTABLE = {State.OPEN, State.OVERDUE, State.CONDITIONAL, State.MISSED}
FINAL = {State.PASSED, State.FAILED, State.SUPERSEDED}
# What was not reached. The programme has to answer each: leave to report, a change, the end.
LOST = {State.FAILED, State.MISSED}
# Nothing is paid ahead of these any more.
BEHIND = FINAL | LOST
# What a change may still take the place of: nothing was reported for it.
REPLACEABLE = {State.PLANNED, State.OPEN, State.OVERDUE, State.MISSED}
EVALUATED = {State.REPORTED, State.UNDER_REVIEW}
EXPECTS_REVIEWERS = {State.OPEN, State.OVERDUE, State.REPORTED, State.UNDER_REVIEW}
