"""What waits for the person's decision."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rdfast.changes import queries as changes
from rdfast.funding import queries as funding
from rdfast.funding.states import TrancheState
from rdfast.plans import queries as plans
from rdfast.proceedings import queries as proceedings
from rdfast.programmes.models import Appointment
from rdfast.proposals import queries as proposals
from rdfast.reviews import queries as reviews
from rdfast.settlement import queries as settlement
from rdfast.timers.kinds import Kind
from rdfast.web.pages import most_pressing
from rdfast.web.signed_in import person_serving

Role = Appointment.Role
APPROVERS = (Role.MANAGER, Role.DEPUTY, Role.HEAD)


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Proposals, plans, motions, payments and findings that wait for this person, the most pressing first."""
    user = person_serving(request, *proposals.DECIDERS)
    answers = proposals.inbox(user)
    payments = funding.tranches_waiting(user, TrancheState.READY, *APPROVERS)
    findings = reviews.findings_waiting(user)
    changed, signatures = changes.waiting(user), proceedings.to_sign(user)
    of_award, of_milestone = "award__proposal_id", "milestone__award__proposal_id"
    context = {
        "plans": most_pressing(plans.waiting(user), Kind.DECIDE_PLAN, matter=of_award, name="due_by"),
        "motions": most_pressing(funding.motions_waiting(user), Kind.SECOND_MOTION, matter=of_award),
        "answers": most_pressing(answers, Kind.DECIDE, Kind.SECOND_APPROVAL, matter="pk"),
        "payments": most_pressing(payments, Kind.APPROVE_TRANCHE, matter=of_award),
        "changes": most_pressing(changed, Kind.ANSWER_CHANGE, matter=of_award),
        "signatures": most_pressing(signatures, Kind.DECIDE_PROCEEDING, matter=of_award),
        "findings": most_pressing(findings, Kind.CONFIRM_FINDING, matter=of_milestone),
        "recoveries": most_pressing(settlement.to_determine(user), Kind.DETERMINE, matter=of_award),
        "unpaid": most_pressing(settlement.to_give_up(user), Kind.DUN, Kind.REFER, matter=of_award),
    }
    return render(request, "manager/inbox.html", context)
