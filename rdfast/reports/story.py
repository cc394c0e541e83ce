"""A proposal's story in words: what happened, and what is due.

The applicant side reads less: no reviewers, no inner steps of the agency, no names of officials.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rdfast.audit.models import Event
from rdfast.audit.operations import Subject
from rdfast.audit.queries import history_of, story_of
from rdfast.core.amounts import written
from rdfast.proposals.models import Proposal
from rdfast.timers.kinds import Kind
from rdfast.timers.models import Timer
from rdfast.timers.queries import ahead_in, ahead_in_any

LABELS: dict[str, Promise] = {
    "proposal.begin": gettext_lazy("Draft begun"),
    "proposal.submit": gettext_lazy("Proposal submitted"),
    "proposal.resubmit": gettext_lazy("Proposal submitted again"),
    "proposal.give_back": gettext_lazy("Returned for completion"),
    "proposal.lapse": gettext_lazy("Lapsed: not sent in again in time"),
    "proposal.recommend": gettext_lazy("Recommended for second approval"),
    "proposal.send_back": gettext_lazy("Second approval refused"),
    "proposal.approve": gettext_lazy("Proposal approved"),
    "proposal.decline": gettext_lazy("Proposal declined"),
    "proposal.route": gettext_lazy("Passed to the standard track"),
    "proposal.reopen": gettext_lazy("Reopened after an appeal"),
    "proposal.reassigned": gettext_lazy("Given to a manager by the head"),
    "proposal.waits": gettext_lazy("Clock stopped: no funds, first in line"),
    "proposal.served": gettext_lazy("Clock started: money is there again"),
    "proposal.withdraw": gettext_lazy("Proposal withdrawn"),
    "proposal.escalated": gettext_lazy("Decision late: passed to the head of the programme"),
    "proposal.passed_to_head": gettext_lazy("Passed to the head of the programme: nobody else may decide"),
    "proposal.late": gettext_lazy("Decision still waits: the programme was told again"),
    "award.begin": gettext_lazy("Award offered"),
    "award.reserved": gettext_lazy("Money reserved"),
    "award.sign": gettext_lazy("Agreement signed"),
    "award.refuse": gettext_lazy("Award refused by the organisation"),
    "award.lapse": gettext_lazy("Award lapsed unsigned"),
    "award.confirm": gettext_lazy("Award confirmed"),
    "award.restated": gettext_lazy("Agreed amount changed"),
    "award.extended": gettext_lazy("Confirmation extended"),
    "award.suspend": gettext_lazy("Award suspended"),
    "award.further_cause": gettext_lazy("Further cause while suspended"),
    "award.unresolved": gettext_lazy("Suspension not resolved: the head was told"),
    "award.resume": gettext_lazy("Suspension ended"),
    "award.account_unchecked": gettext_lazy("New payment account not checked in time: finance was told"),
    "award.confirmation_late": gettext_lazy("Confirmation late: the agency was told"),
    "award.stop_asked": gettext_lazy("Applicant asked to end the work"),
    "award.stop_taken_back": gettext_lazy("Applicant wishes to go on after all"),
    "award.terminate": gettext_lazy("Award terminated"),
    "award.regraded": gettext_lazy("Termination counts as technical after an appeal"),
    "award.complete": gettext_lazy("Award completed"),
    "award.final_report": gettext_lazy("Final report given"),
    "award.report_overdue": gettext_lazy("Final report overdue"),
    "award.claim_overdue": gettext_lazy("Last claim not made in time"),
    "award.close_overdue": gettext_lazy("Award not closed in time: the head was told"),
    "award.close": gettext_lazy("Award closed"),
    "award.account_given": gettext_lazy("New payment account given"),
    "award.account_checked": gettext_lazy("New payment account checked"),
    "motion.begin": gettext_lazy("Proposed for a second signature"),
    "motion.carry": gettext_lazy("Second signature given"),
    "motion.refuse": gettext_lazy("Second signature refused"),
    "motion.overtake": gettext_lazy("Motion overtaken"),
    "motion.escalated": gettext_lazy("Second signature late: passed to the head of the programme"),
    "plan.begin": gettext_lazy("Plan asked for"),
    "plan.submit": gettext_lazy("Plan handed in"),
    "plan.return_": gettext_lazy("Plan returned"),
    "plan.accept": gettext_lazy("Plan accepted"),
    "plan.overdue": gettext_lazy("Plan overdue"),
    "plan.late": gettext_lazy("Plan waits too long: the head was told"),
    "change.begin": gettext_lazy("Change proposed"),
    "change.agree": gettext_lazy("Change agreed"),
    "change.refuse": gettext_lazy("Change refused"),
    "change.overtake": gettext_lazy("Change overtaken"),
    "change.late": gettext_lazy("Change not answered in time"),
    "proceeding.begin": gettext_lazy("Proceeding opened"),
    "proceeding.notice": gettext_lazy("Notice of the proceeding given"),
    "proceeding.hear": gettext_lazy("Heard in the proceeding"),
    "proceeding.voted": gettext_lazy("Vote cast"),
    "proceeding.decide": gettext_lazy("Voted for the measure"),
    "proceeding.dismiss": gettext_lazy("Proceeding dismissed"),
    "proceeding.effect": gettext_lazy("Measure put into effect"),
    "proceeding.late": gettext_lazy("Proceeding waits too long: the head was told"),
    "recovery.begin": gettext_lazy("Recovery proposed"),
    "recovery.notice": gettext_lazy("Notice of the recovery given"),
    "recovery.contest": gettext_lazy("Recovery contested"),
    "recovery.determine": gettext_lazy("Recovery determined"),
    "recovery.demand": gettext_lazy("Recovery demanded"),
    "recovery.run_over": gettext_lazy("Recovery overdue"),
    "recovery.dun": gettext_lazy("Recovery dunned"),
    "recovery.refer": gettext_lazy("Recovery referred to the tax office"),
    "recovery.reschedule": gettext_lazy("Recovery given new dates"),
    "recovery.instalments": gettext_lazy("Instalments agreed"),
    "recovery.received": gettext_lazy("Money received"),
    "recovery.given_back": gettext_lazy("Money given back to the payer"),
    "recovery.remitted": gettext_lazy("Recovered money remitted to the treasury"),
    "recovery.pay": gettext_lazy("Recovery paid"),
    "recovery.dismiss": gettext_lazy("Recovery dismissed"),
    "recovery.waive": gettext_lazy("Recovery waived"),
    "recovery.write_off": gettext_lazy("Recovery written off"),
    "recovery.late": gettext_lazy("Recovery waits too long: the head was told"),
    "appeal.begin": gettext_lazy("Appeal filed"),
    "appeal.uphold": gettext_lazy("Appeal upheld"),
    "appeal.reject": gettext_lazy("Appeal rejected"),
    "appeal.late": gettext_lazy("Appeal waits too long: the head was told"),
    "tranche.begin": gettext_lazy("Payment scheduled"),
    "tranche.bounce": gettext_lazy("Payment sent back by the bank"),
    "tranche.pay_again": gettext_lazy("Payment ready again"),
    "tranche.hold": gettext_lazy("Payment held"),
    "tranche.free": gettext_lazy("Payment no longer held"),
    "tranche.make_ready": gettext_lazy("Payment ready for approval"),
    "tranche.approve": gettext_lazy("Payment approved"),
    "tranche.release": gettext_lazy("Payment released"),
    "tranche.settle": gettext_lazy("Payment confirmed by the bank"),
    "tranche.cancel": gettext_lazy("Payment cancelled"),
    "tranche.late": gettext_lazy("Payment late: the head was told"),
    "tranche.account_overdue": gettext_lazy("Payment not accounted for in time"),
    "milestone.begin": gettext_lazy("Milestone planned"),
    "milestone.due_day_moved": gettext_lazy("Due day moved because of the late signature"),
    "milestone.open": gettext_lazy("Milestone opened for its report"),
    "milestone.run_over": gettext_lazy("Report overdue"),
    "milestone.miss": gettext_lazy("Milestone missed"),
    "milestone.report": gettext_lazy("Milestone reported"),
    "milestone.start_review": gettext_lazy("Review started"),
    "milestone.pass_": gettext_lazy("Milestone passed"),
    "milestone.set_condition": gettext_lazy("Milestone conditional"),
    "milestone.fail": gettext_lazy("Milestone failed"),
    "milestone.supersede": gettext_lazy("Milestone no longer applies"),
    "milestone.leave_given": gettext_lazy("Leave given to report late"),
    "milestone.hear_again": gettext_lazy("Heard again after an appeal"),
    "milestone.failure_unanswered": gettext_lazy(
        "Missed or failed milestone not answered: the head was told"
    ),
    "milestone.no_candidates": gettext_lazy("Too few reviewers to invite"),
    "milestone.quorum_missing": gettext_lazy("Too few reviews in time: the head was told"),
    "review.begin": gettext_lazy("Reviewer invited"),
    "review.accept": gettext_lazy("Review accepted"),
    "review.decline": gettext_lazy("Review declined"),
    "review.recuse": gettext_lazy("Reviewer recused: conflict of interest"),
    "review.expire": gettext_lazy("Reviewer no longer waited for"),
    "review.submit": gettext_lazy("Review delivered"),
    "review.lock": gettext_lazy("Review part of the finding"),
    "finding.made": gettext_lazy("Panel's finding made"),
    "finding.confirmed": gettext_lazy("Finding confirmed"),
    "finding.late": gettext_lazy("Finding not confirmed in time: the head was told"),
    "claim.begin": gettext_lazy("Claim begun"),
    "claim.submit": gettext_lazy("Claim submitted"),
    "claim.accept": gettext_lazy("Claim accepted in full"),
    "claim.accept_part": gettext_lazy("Claim accepted in part"),
    "claim.disallow": gettext_lazy("Claim not accepted"),
    "claim.late": gettext_lazy("Claim waits too long: the head was told"),
    "deadline.reminded": gettext_lazy("Reminder sent"),
    "deadline.put_off": gettext_lazy("More time to account for what was paid"),
    "deadline.dead": gettext_lazy("A deadline could not act: the administrators were told"),
    "deadline.set_again": gettext_lazy("A deadline that had failed was set again"),
    "message.sent_again": gettext_lazy("A message that had been given up was sent again"),
    "clock.stopped": gettext_lazy("Clock stopped: nobody is harmed before being warned"),
    "envelope.allotted": gettext_lazy("Money allotted to the envelope"),
    "envelope.cut": gettext_lazy("Envelope cut"),
    "envelope.year_ended": gettext_lazy("Year's end: taken back"),
    "envelope.carried_over": gettext_lazy("Carried over to the next year"),
    "claim.checked": gettext_lazy("Claim checked in full"),
    "sample.drawn": gettext_lazy("Audit sample drawn"),
    "policy.adopted": gettext_lazy("Policy version adopted"),
    "invariants.broken": gettext_lazy("The nightly check found offenders: the administrators were told"),
}
# What the agency keeps to itself: who reviews, its own steps before an answer, its own alarms.
_INNER = {
    "proposal.recommend",
    "proposal.send_back",
    "proposal.late",
    "award.reserved",
    "award.account_unchecked",
    "tranche.begin",
    "tranche.late",
    "milestone.begin",
    "milestone.no_candidates",
    "milestone.quorum_missing",
    "finding.made",
    "finding.late",
    "claim.late",
    "motion.begin",
    "motion.carry",
    "motion.refuse",
    "motion.overtake",
    "motion.escalated",
    "award.unresolved",
    "award.close_overdue",
    "plan.late",
    "proposal.reassigned",
    "proceeding.voted",
    "proceeding.late",
    "recovery.begin",
    "recovery.remitted",
    "recovery.late",
    "claim.checked",
    "appeal.late",
    "milestone.failure_unanswered",
    "deadline.reminded",
    "deadline.dead",
    "deadline.set_again",
    "message.sent_again",
}
_INNER_DEADLINES = {
    Kind.SECOND_APPROVAL,
    Kind.ANSWER_INVITATION,
    Kind.DELIVER_REVIEW,
    Kind.REACH_QUORUM,
    Kind.CONFIRM_FINDING,
    Kind.SECOND_MOTION,
    Kind.ACT_ON_FAILURE,
    Kind.OPEN_TERMINATION,
    Kind.NOTICE_RECOVERY,
    Kind.CHECK_ACCOUNT,
    Kind.CONFIRM_LATE,
}


@dataclass(frozen=True)
class Line:
    """One thing that happened, as its reader may see it. `who` is empty when the clock did it."""

    at: datetime
    what: str
    who: str
    reason: str
    amount: str
    number: int


def label_of(kind: str) -> str:
    """The event in words."""
    return str(LABELS.get(kind, kind))


def line_of(event: Event) -> Line:
    """The event in full, for the agency side."""
    who = event.actor.name if event.actor else _("The clock")
    return Line(event.at, label_of(event.kind), who, event.reason, _amount(event), event.pk)


def for_agency(matter_id: int) -> list[Line]:
    """Everything that happened, newest first."""
    return [line_of(event) for event in story_of(matter_id)]


def for_applicant(matter_id: int, applicants: Iterable[int]) -> list[Line]:
    """What the applicant side may read, newest first; officials appear as the programme."""
    return _for_applicant(story_of(matter_id), applicants)


def _for_applicant(events: Iterable[Event], applicants: Iterable[int]) -> list[Line]:
    own = set(applicants)
    return [
        Line(
            event.at,
            label_of(event.kind),
            _who_for_applicant(event, own),
            event.reason,
            _amount(event),
            event.pk,
        )
        for event in events
        if not _is_inner(event)
    ]


def _is_inner(event: Event) -> bool:
    """A recovery of which the applicant side was never told ends without it, too."""
    never_told = event.kind == "recovery.dismiss" and event.from_state == "proposed"
    return event.kind in _INNER or event.kind.startswith("review.") or never_told


def of_one(subject: Subject) -> list[Line]:
    """What happened to this very object, newest first, for the agency side."""
    return [line_of(event) for event in history_of(subject)]


def of_one_for_applicant(subject: Subject, applicants: Iterable[int]) -> list[Line]:
    """What the applicant side may read of what happened to this very object, newest first."""
    return _for_applicant(history_of(subject), applicants)


def deadlines_for_agency(matter_id: int) -> list[Timer]:
    """Every deadline ahead, the next one first."""
    return list(ahead_in(matter_id))


def deadlines_for_applicant(matter_id: int) -> list[Timer]:
    """The deadlines ahead that the applicant side may know, the next one first."""
    return [timer for timer in ahead_in(matter_id) if timer.kind not in _INNER_DEADLINES]


def deadlines_for_applicant_in(matters: QuerySet[Proposal], *, limit: int) -> list[Timer]:
    """The next deadlines ahead across several proposals that the applicant side may know."""
    return list(ahead_in_any(matters.order_by().values("pk")).exclude(kind__in=_INNER_DEADLINES)[:limit])


def _who_for_applicant(event: Event, own: set[int]) -> str:
    if event.actor is None:
        return _("The clock")
    return event.actor.name if event.actor.pk in own else _("The programme")


def _amount(event: Event) -> str:
    amount = event.data.get("amount", event.data.get("accepted"))
    return written(amount) if isinstance(amount, int) else ""
