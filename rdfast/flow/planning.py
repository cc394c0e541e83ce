"""The plan of the whole work: owed from the signature, handed in, accepted or returned; overdue, it suspends."""

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.working_days import after_working_days, end_of
from rdfast.flow import holding
from rdfast.flow.telling import heads, managers, pi, signatories, tell, together
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.people.models import User
from rdfast.plans import operations as plans
from rdfast.plans.models import Plan
from rdfast.plans.states import EDITABLE
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind

# A returned plan comes back within so many working days, or until it was due in the first place.
RETURNED_FOR = 10


def ask(award: Award, *, by: User, at: datetime) -> Plan:
    """Signed, therefore: the plan is due. The caller holds the award."""
    due_at = end_of(timezone.localdate(at) + timedelta(days=award.policy.terms.plan_days))
    plan = plans.begin(award, due_at=due_at, by=by, at=at)
    _expect(plan, due_at=due_at, at=at)
    return plan


def _expect(plan: Plan, *, due_at: datetime, at: datetime) -> None:
    reminders = [due_at - timedelta(days=days) for days in (7, 3)]
    timers.set(Kind.PLAN_DUE, of=plan, due_at=due_at, at=at, remind_at=reminders)


@boundaries.commit
def submit(plan_id: int, *, by: User, at: datetime) -> Plan:
    """Handed in, therefore: the manager decides within ten working days; a suspended award may be resumed."""
    plan = plans.submit(plan_id, by=by, at=at)
    timers.cancel(of=plan, at=at)
    award = plan.award
    due_at = after_working_days(at, award.policy.terms.decide_plan_working_days)
    timers.set(Kind.DECIDE_PLAN, of=plan, due_at=due_at, at=at)
    people = managers(award.proposal)
    tell(people, "plan_submitted", event=last_of(plan), at=at, plan=plan, award=award, due_at=due_at)
    return plan


@boundaries.commit
def accept(plan_id: int, *, reason: str, by: User, at: datetime) -> Plan:
    """Accepted: with the first milestone passed the award can be confirmed over it."""
    plan = plans.accept(plan_id, reason=reason, by=by, at=at)
    timers.cancel(of=plan, at=at)
    award = plan.award
    people = together(pi(award.proposal), signatories(award))
    tell(people, "plan_accepted", event=last_of(plan), at=at, plan=plan, award=award)
    return plan


@boundaries.commit
def return_(plan_id: int, *, reason: str, by: User, at: datetime) -> Plan:
    """Returned: the applicant's clock runs again, and whoever was early loses no day by it."""
    due_at = after_working_days(at, RETURNED_FOR)
    plan = plans.return_(plan_id, reason=reason, due_at=due_at, by=by, at=at)
    timers.cancel(of=plan, at=at)
    _expect(plan, due_at=plan.due_at, at=at)
    award = plan.award
    tell(pi(award.proposal), "plan_returned", event=last_of(plan), at=at, plan=plan, award=award)
    return plan


def overdue(plan: Plan, *, at: datetime) -> None:
    """The clock: no plan came in; the award is suspended. It can still be handed in."""
    audit.record("plan.overdue", of=plan, by=None, at=at)
    reason = _("The plan of the whole work was not handed in.")
    holding.suspend(plan.award, Cause.PLAN_OVERDUE, reason=reason, by=None, at=at)


def late(plan: Plan, *, at: datetime) -> None:
    """The clock: nobody decided on the plan; the head is told, again and again."""
    event = audit.record("plan.late", of=plan, by=None, at=at)
    award = plan.award
    due_at = after_working_days(at, award.policy.terms.decide_plan_working_days)
    timers.again(Kind.DECIDE_PLAN, of=plan, due_at=due_at, at=at)
    people = together(heads(award.proposal), managers(award.proposal))
    tell(people, "plan_late", event=event, at=at, plan=plan, award=award)


def expect_again(award: Award, *, at: datetime) -> None:
    """The award runs again: a plan that is still owed is due anew. The caller holds the award."""
    plan = Plan.objects.filter(award=award).first()
    if plan is None or plan.state not in EDITABLE or plan.due_at > at:
        return
    plan.award = award
    due_at = after_working_days(at, RETURNED_FOR)
    timers.cancel(Kind.PLAN_DUE, of=plan, at=at)
    plans.put_off(plan, due_at=due_at)
    _expect(plan, due_at=due_at, at=at)


def stop(award: Award, *, at: datetime) -> None:
    """The award was confirmed or has ended: nobody waits for its plan any more. The caller holds the award."""
    plan = Plan.objects.filter(award=award).first()
    if plan is not None:
        plan.award = award
        timers.cancel(of=plan, at=at)
