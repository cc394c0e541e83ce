"""Every kind of deadline, in the words people read."""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What is due. The flow says what happens when nobody acted."""

    REMINDER = "reminder", _("Reminder")
    DECIDE = "decide", _("Decision on the proposal")
    SECOND_APPROVAL = "second_approval", _("Second approval")
    RESUBMIT = "resubmit", _("Proposal sent in again")
    SIGN = "sign", _("Agreement signed")
    APPROVE_TRANCHE = "approve_tranche", _("Payment approved")
    RELEASE_TRANCHE = "release_tranche", _("Payment released")
    CHECK_ACCOUNT = "check_account", _("New payment account checked")
    SETTLE_TRANCHE = "settle_tranche", _("Payment confirmed by the bank")
    ACCOUNT = "account", _("Payment accounted for")
    OPEN_MILESTONE = "open_milestone", _("Milestone opens")
    REPORT_DUE = "report_due", _("Milestone report")
    REPORT_MISSED = "report_missed", _("Last day for the late milestone report")
    CURE = "cure", _("Milestone put right")
    ANSWER_INVITATION = "answer_invitation", _("Answer to the invitation to review")
    DELIVER_REVIEW = "deliver_review", _("Review delivered")
    REACH_QUORUM = "reach_quorum", _("Enough reviews")
    CONFIRM_FINDING = "confirm_finding", _("Finding confirmed")
    DECIDE_CLAIM = "decide_claim", _("Decision on the claim")
    PLAN_DUE = "plan_due", _("Plan handed in")
    DECIDE_PLAN = "decide_plan", _("Decision on the plan")
    CONFIRM = "confirm", _("Award confirmed")
    CONFIRM_LATE = "confirm_late", _("Late confirmation of the award")
    SECOND_MOTION = "second_motion", _("Second signature")
    RESOLVE = "resolve", _("Suspension resolved")
    OPEN_TERMINATION = "open_termination", _("Proceeding for termination opens")
    ACT_ON_FAILURE = "act_on_failure", _("Answer to the missed or failed milestone")
    ANSWER_CHANGE = "answer_change", _("Answer to the proposed change")
    REPLY = "reply", _("Reply to the notice")
    DECIDE_PROCEEDING = "decide_proceeding", _("Decision in the proceeding")
    FINAL_REPORT = "final_report", _("Final report")
    FINAL_CLAIM = "final_claim", _("Last claim")
    CLOSE = "close", _("Award closed")
    NOTICE_RECOVERY = "notice_recovery", _("Notice of the recovery given")
    CONTEST = "contest", _("Objection to the recovery")
    DETERMINE = "determine", _("Recovery determined")
    DEMAND = "demand", _("Recovery demanded")
    PAY = "pay", _("Recovery paid")
    DUN = "dun", _("Reminder of the unpaid recovery")
    REFER = "refer", _("Recovery referred to the tax office")
    DECIDE_APPEAL = "decide_appeal", _("Decision on the appeal")


# These take something away from a person, if only the chance to be heard. They act only after their warning was
# delivered this long before.
NOTICE: dict[Kind, timedelta] = {
    Kind.RESUBMIT: timedelta(days=1),
    Kind.SIGN: timedelta(days=2),
    Kind.REPORT_MISSED: timedelta(days=2),
    Kind.CURE: timedelta(days=2),
    Kind.PLAN_DUE: timedelta(days=3),
    Kind.CONFIRM: timedelta(days=7),
    Kind.ACCOUNT: timedelta(days=3),
    Kind.FINAL_CLAIM: timedelta(days=7),
    Kind.REPLY: timedelta(days=3),
    Kind.CONTEST: timedelta(days=3),
    Kind.REFER: timedelta(days=3),
}
