"""What waits for the finance officer, and the account of one award."""

from django.contrib.auth.decorators import login_required
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
from rdfast.web.pages import most_pressing
from rdfast.web.signed_in import person, person_serving

FINANCE = Appointment.Role.FINANCE
_MATTER = "award__proposal_id"


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Payments to release, payments the bank has yet to confirm, and claims, the most pressing first."""
    user = person_serving(request, FINANCE)
    approved = funding.tranches_waiting(user, TrancheState.APPROVED, FINANCE)
    released = funding.tranches_waiting(user, TrancheState.RELEASED, FINANCE)
    context = {
        "to_release": most_pressing(approved, Kind.RELEASE_TRANCHE, matter=_MATTER),
        "to_settle": most_pressing(released, Kind.ACCOUNT, matter=_MATTER),
        "claims": most_pressing(settlement.waiting(user), Kind.DECIDE_CLAIM, matter=_MATTER),
    }
    return render(request, "finance/inbox.html", context)


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
