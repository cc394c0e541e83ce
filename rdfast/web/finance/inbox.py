"""What waits for the finance officer, and the account of one award."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.core.refusals import RuleBroken
from rdfast.flow import closing
from rdfast.funding import queries as funding
from rdfast.funding.rules import may_with_award
from rdfast.funding.states import TrancheState
from rdfast.ledger.queries import arrows_of_award, boxes_of_award
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import programmes_served
from rdfast.reports.statement import statement_of
from rdfast.settlement import queries as settlement
from rdfast.settlement.rules import may_propose_recovery
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.web.forms import ConfirmForm, show_refusal
from rdfast.web.pages import SHOWN, most_pressing
from rdfast.web.recoveries import CLOCKS
from rdfast.web.signed_in import person, person_serving

FINANCE = Appointment.Role.FINANCE
# For so many past years an audit sample that was not drawn is asked for.
_SAMPLED_YEARS = 3
_MATTER = "award__proposal_id"


@require_safe
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Payments to release, payments the bank has yet to confirm, and claims, the most pressing first."""
    user = person_serving(request, FINANCE)
    approved = funding.tranches_waiting(user, TrancheState.APPROVED, FINANCE)
    released = funding.tranches_waiting(user, TrancheState.RELEASED, FINANCE)
    this_year = timezone.localdate(clock.now()).year
    past = range(this_year - 1, this_year - _SAMPLED_YEARS - 1, -1)
    context = {
        "to_release": most_pressing(approved, Kind.RELEASE_TRANCHE, matter=_MATTER),
        "to_settle": most_pressing(released, Kind.SETTLE_TRANCHE, matter=_MATTER),
        "bounced": funding.tranches_waiting(user, TrancheState.BOUNCED, FINANCE)[:SHOWN],
        "accounts": funding.accounts_waiting(user)[:SHOWN],
        "claims": most_pressing(settlement.waiting(user), Kind.DECIDE_CLAIM, matter=_MATTER),
        "recoveries": most_pressing(settlement.open_recoveries(user), *CLOCKS, matter=_MATTER),
        "came_back": settlement.came_back(user)[:SHOWN],
        "to_close": most_pressing(funding.awards_to_close(user), Kind.CLOSE, matter="proposal_id"),
        "to_check": settlement.to_check(user, FINANCE).count(),
        "undrawn": settlement.undrawn(programmes_served(user, FINANCE), years=past),
    }
    return render(request, "finance/inbox.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def award(request: HttpRequest, pk: int) -> HttpResponse:
    """The award as an account statement: its boxes, and every arrow with the balances after it; and its closing."""
    user = person(request)
    found = get_object_or_404(funding.readable_by_agency(user, FINANCE), pk=pk)
    theirs = funding.relations(found, user)
    may_close = may_with_award("close", state=found.state, relations=theirs, terms=found.policy.terms)
    form = ConfirmForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_close:
        message = _("Nothing was changed: this award's state is now “%(state)s”.")
        messages.warning(request, message % {"state": found.get_state_display()})
        return redirect("finance:award", pk)
    if form.is_valid():
        try:
            closing.close(pk, by=user, at=clock.now())
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The award is closed. The organisation has been told."))
            return redirect("finance:award", pk)
    context = {
        "award": found,
        "boxes": boxes_of_award(found.pk),
        "statement": statement_of(arrows_of_award(found.pk)),
        "tranches": list(found.tranches.all()),
        "claims": found.claims.exclude(state="draft"),
        "recoveries": settlement.recoveries_of(found),
        "accounts": found.new_accounts.order_by("-pk"),
        "may_recover": may_propose_recovery(award_state=found.state, relations=theirs),
        "may_close": may_close,
        "open": closing.what_is_open(found) if may_close else [],
        "form": form,
    }
    return render(request, "finance/award.html", context)
