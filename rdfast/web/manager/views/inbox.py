"""What waits for the person's decision."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from rdfast.changes import queries as changes
from rdfast.funding import queries as funding
from rdfast.funding.states import TrancheState
from rdfast.milestones import queries as milestones
from rdfast.plans import queries as plans
from rdfast.proceedings import queries as proceedings
from rdfast.programmes.models import Appointment
from rdfast.proposals import queries as proposals
from rdfast.reports import standing
from rdfast.reviews import queries as reviews
from rdfast.settlement import queries as settlement
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.web.pages import most_pressing
from rdfast.web.signed_in import person_serving

Role = Appointment.Role
APPROVERS = (Role.MANAGER, Role.DEPUTY, Role.HEAD)
OF_AWARD, OF_MILESTONE = "award__proposal_id", "milestone__award__proposal_id"
# By when an award is to be confirmed, resumed or ended.
_MOTION_BY = (Kind.CONFIRM, Kind.RESOLVE, Kind.OPEN_TERMINATION)


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Whatever waits for this person's decision, the most pressing first."""
    user = person_serving(request, *proposals.DECIDERS)
    answers = proposals.inbox(user)
    payments = funding.tranches_waiting(user, TrancheState.READY, *APPROVERS)
    findings = reviews.findings_waiting(user)
    today = timezone.localdate(clock.now())
    changed, signatures = changes.waiting(user), proceedings.to_sign(user)
    context = {
        "plans": most_pressing(plans.waiting(user), Kind.DECIDE_PLAN, matter=OF_AWARD, name="due_by"),
        "motions": most_pressing(funding.motions_waiting(user), Kind.SECOND_MOTION, matter=OF_AWARD),
        "answers": most_pressing(answers, Kind.DECIDE, Kind.SECOND_APPROVAL, matter="pk"),
        "payments": most_pressing(payments, Kind.APPROVE_TRANCHE, matter=OF_AWARD),
        "changes": most_pressing(changed, Kind.ANSWER_CHANGE, matter=OF_AWARD),
        "signatures": most_pressing(signatures, Kind.DECIDE_PROCEEDING, matter=OF_AWARD),
        "findings": most_pressing(findings, Kind.CONFIRM_FINDING, matter=OF_MILESTONE),
        "lost": most_pressing(milestones.to_answer(user, today=today), Kind.ACT_ON_FAILURE, matter=OF_AWARD),
        "awards": most_pressing(standing.to_act_on(user), *_MOTION_BY, matter="proposal_id"),
        "recoveries": most_pressing(settlement.to_determine(user), Kind.DETERMINE, matter=OF_AWARD),
        "unpaid": most_pressing(settlement.to_give_up(user), Kind.DUN, Kind.REFER, matter=OF_AWARD),
    }
    return render(request, "manager/inbox.html", context)
