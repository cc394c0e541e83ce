"""What waits for the person's decision."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rdfast.funding import queries as funding
from rdfast.funding.states import TrancheState
from rdfast.programmes.models import Appointment
from rdfast.proposals import queries as proposals
from rdfast.reviews import queries as reviews
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.signed_in import person_serving

Role = Appointment.Role
APPROVERS = (Role.MANAGER, Role.DEPUTY, Role.HEAD)
# The most pressing of each sort; what is beyond comes up as these are done.
SHOWN = 50


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Proposals, payments and findings that wait for this person, the most pressing first."""
    user = person_serving(request, *proposals.DECIDERS)
    answers = with_due_at(proposals.inbox(user), Kind.DECIDE, Kind.SECOND_APPROVAL, matter="pk")
    payments = with_due_at(
        funding.tranches_waiting(user, TrancheState.READY, *APPROVERS),
        Kind.APPROVE_TRANCHE,
        matter="award__proposal_id",
    )
    findings = with_due_at(
        reviews.findings_waiting(user), Kind.CONFIRM_FINDING, matter="milestone__award__proposal_id"
    )
    context = {"answers": _top(answers), "payments": _top(payments), "findings": _top(findings)}
    return render(request, "manager/inbox.html", context)


def _top(waiting: QuerySet[Any]) -> dict[str, Any]:
    return {"rows": waiting[:SHOWN], "count": waiting.order_by().count(), "shown": SHOWN}
