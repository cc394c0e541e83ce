"""What waits for the finance officer, and the account of one award."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from rdfast.funding import queries as funding
from rdfast.funding.states import TrancheState
from rdfast.ledger.queries import arrows_of_award, boxes_of_award
from rdfast.programmes.models import Appointment
from rdfast.reports.statement import statement_of
from rdfast.settlement import queries as settlement
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.signed_in import person, person_serving

FINANCE = Appointment.Role.FINANCE
# The most pressing of each sort; what is beyond comes up as these are done.
SHOWN = 50


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Payments to release, payments the bank has yet to confirm, and claims, the most pressing first."""
    user = person_serving(request, FINANCE)
    approved = funding.tranches_waiting(user, TrancheState.APPROVED, FINANCE)
    released = funding.tranches_waiting(user, TrancheState.RELEASED, FINANCE)
    context = {
        "to_release": _top(with_due_at(approved, Kind.RELEASE_TRANCHE, matter="award__proposal_id")),
        "to_settle": _top(with_due_at(released, Kind.ACCOUNT, matter="award__proposal_id")),
        "claims": _top(with_due_at(settlement.waiting(user), Kind.DECIDE_CLAIM, matter="award__proposal_id")),
    }
    return render(request, "finance/inbox.html", context)


def _top(waiting: QuerySet[Any]) -> dict[str, Any]:
    return {"rows": waiting[:SHOWN], "count": waiting.order_by().count(), "shown": SHOWN}


@require_safe
@login_required
def award(request: HttpRequest, pk: int) -> HttpResponse:
    """The award as an account statement: its boxes, and every arrow with the balances after it."""
    user = person(request)
    found = get_object_or_404(funding.readable_by_agency(user, FINANCE), pk=pk)
    context = {
        "award": found,
        "boxes": boxes_of_award(found.pk),
        "statement": statement_of(arrows_of_award(found.pk)),
        "tranches": list(found.tranches.all()),
        "claims": found.claims.exclude(state="draft"),
    }
    return render(request, "finance/award.html", context)
