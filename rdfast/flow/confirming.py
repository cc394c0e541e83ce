"""The day by which a provisional award must be confirmed: extended by the head once, by the clock for want of room."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rdfast.audit import operations as audit
from rdfast.audit.models import Event
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.working_days import end_of
from rdfast.flow import holding
from rdfast.flow.more_time import MORE_DAYS, was_answered_late
from rdfast.flow.telling import TOLD_AGAIN, heads, managers, pi, second_approvers, signatories, tell, together
from rdfast.funding import limits, queries, rules, standing
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.funding.rules import EXTENDABLE
from rdfast.funding.states import AwardState, Cause
from rdfast.milestones.queries import first_is_passed
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.plans.queries import plan_of
from rdfast.plans.states import State as PlanState
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind

# With these the agency answers what the applicant side did for the confirmation.
_ANSWERS = (Kind.DECIDE_PLAN, Kind.REACH_QUORUM, Kind.CONFIRM_FINDING)


class WrongDays(RuleBroken):
    """An extension has its limits."""


def expect(award: Award, *, at: datetime) -> None:
    """The award is to be confirmed by its day. The caller holds the award."""
    if award.confirmation_due_on is None:
        raise ValueError(f"{award} was never signed")
    due_at = end_of(award.confirmation_due_on)
    reminders = [due_at - timedelta(days=days) for days in (30, 7)]
    timers.set(Kind.CONFIRM, of=award, due_at=due_at, at=at, remind_at=reminders)


def is_ready(award: Award) -> bool:
    """Whether the applicant side has done its part: the plan is accepted and the first milestone passed."""
    plan = plan_of(award)
    return plan is not None and plan.state == PlanState.ACCEPTED and first_is_passed(award)


def has_room(award: Award, *, at: datetime) -> bool:
    """Whether some envelope that may confirm the award over its plan has room for what is added."""
    plan = plan_of(award)
    more = plan.amount - award.amount if plan else 0
    envelopes = queries.envelopes_for(award, today=timezone.localdate(at))
    return any(limits.has_room(award, envelope, more, at=at) for envelope in envelopes)


def run_out(award: Award, *, at: datetime) -> None:
    """The clock: not confirmed in time. An award that lacks only room, or the agency's word, waits on; one that was
    answered late gets more time; any other is suspended.
    """
    _day_passed(award, answered=was_answered_late(award, *_ANSWERS, at=at), at=at)


def still_late(award: Award, *, at: datetime) -> None:
    """The clock: a week later. If the agency's word came and left something to do, there are thirty days for it.

    For a word that was in time, once: nobody gains time by handing in what is returned.
    """
    was_late = was_answered_late(award, *_ANSWERS, at=at)
    before = Event.objects.filter(kind="award.extended", matter_id=award.matter_id, data__has_key="in_time")
    _day_passed(award, answered=was_late or not before.exists(), in_time=not was_late, at=at)


def _day_passed(award: Award, *, answered: bool, at: datetime, in_time: bool = False) -> None:
    """`answered` is whether an answer of the agency, perhaps one `in_time`, gives more time."""
    lacks_room = is_ready(award) and not has_room(award, at=at)
    is_up_to_agency = waits_for_agency(award)
    if award.state == AwardState.PROVISIONAL and lacks_room:
        _extend_by_clock(award, reason=_("Only room in the envelope is missing."), at=at)
    elif award.state == AwardState.PROVISIONAL and is_up_to_agency:
        _tell_agency(award, at=at)
    elif award.state == AwardState.PROVISIONAL and answered:
        _extend_by_clock(
            award, reason=_("The agency answered late, or after the day."), in_time=in_time, at=at
        )
    elif award.state in EXTENDABLE and not (is_up_to_agency or answered):
        # While it is suspended this is one cause more. What is up to the agency is none; its end gives another day.
        reason = _("The award was not confirmed by its day.")
        holding.suspend(award, Cause.NOT_CONFIRMED, reason=reason, by=None, at=at)


def _extend_by_clock(award: Award, *, reason: str, at: datetime, in_time: bool = False) -> None:
    days = MORE_DAYS
    if award.confirmation_due_on is not None:
        days += max(0, (timezone.localdate(at) - award.confirmation_due_on).days)
    extended = _extend(award, days=days, reason=reason, in_time=in_time, at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal), heads(award.proposal))
    tell(people, "confirmation_extended", event=last_of(extended), at=at, award=extended, reason=reason)


def waits_for_agency(award: Award) -> bool:
    """Whether the applicant side has done its part so far: plan and first report are in, if they are not answered yet."""
    plan = plan_of(award)
    reported = award.milestones.filter(state__in=[MilestoneState.REPORTED, MilestoneState.UNDER_REVIEW])
    plan_is_in = plan is not None and plan.state in {PlanState.SUBMITTED, PlanState.ACCEPTED}
    return plan_is_in and (first_is_passed(award) or reported.exists())


def _tell_agency(award: Award, *, at: datetime) -> None:
    """Whoever has to act for the agency is told, again every week."""
    event = audit.record("award.confirmation_late", of=award, by=None, at=at)
    timers.set(Kind.CONFIRM_LATE, of=award, due_at=at + TOLD_AGAIN, at=at)
    proposal = award.proposal
    people = together(managers(proposal), heads(proposal), second_approvers(proposal, other_than=None))
    tell(people, "confirmation_late", event=event, at=at, award=award)


@boundaries.commit
def extend(award_id: int, *, days: int, reason: str, by: User, at: datetime) -> Award:
    """The head gives the confirmation more days, once. Raises WrongDays or ExtendedBefore."""
    award = lock_award(award_id)
    if award.state not in EXTENDABLE:
        raise NotPossibleNow(award)
    ensure(
        rules.may_extend(award_state=award.state, relations=queries.relations(award, by)),
        gettext_lazy("Only the head of the programme extends."),
    )
    most = award.policy.terms.extension_days
    if not 1 <= days <= most:
        message = gettext_lazy("Between 1 and %(most)s days are possible.")
        raise WrongDays(message % {"most": most}, field="days")
    due_on = award.confirmation_due_on
    if due_on is None or due_on + timedelta(days=days) <= timezone.localdate(at):
        raise WrongDays(gettext_lazy("So many days would still end in the past."), field="days")
    extended = standing.extend(award.pk, days=days, reason=reason, by=by, at=at)
    timers.cancel(Kind.CONFIRM, Kind.CONFIRM_LATE, of=extended, at=at)
    expect(extended, at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal))
    tell(people, "confirmation_extended", event=last_of(extended), at=at, award=extended, reason=reason)
    return extended


def expect_again(award: Award, *, at: datetime) -> None:
    """The award runs again: if its day has passed meanwhile, it gets another. The caller holds the award."""
    today = timezone.localdate(at)
    due_on = award.confirmation_due_on
    if award.state == AwardState.PROVISIONAL and due_on is not None and end_of(due_on) <= at:
        days = (today - due_on).days + MORE_DAYS
        _extend(award, days=days, reason=_("The suspension has ended."), at=at)


def _extend(award: Award, *, days: int, reason: str, at: datetime, in_time: bool = False) -> Award:
    extended = standing.extend(award.pk, days=days, reason=reason, in_time=in_time, by=None, at=at)
    timers.cancel(Kind.CONFIRM, Kind.CONFIRM_LATE, of=extended, at=at)
    expect(extended, at=at)
    return extended
