"""Deciding on one claim."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.amounts import written
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import accounting
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.queries import boxes_of_award
from rdfast.programmes.models import Appointment
from rdfast.settlement.models import Claim
from rdfast.settlement.queries import readable_by_agency, relations
from rdfast.settlement.rules import may
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.finance.forms import ClaimForm
from rdfast.web.forms import show_refusal
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """The claim line by line, each accepted in full unless less is written with a reason."""
    user, at = person(request), clock.now()
    readable = readable_by_agency(user, Appointment.Role.FINANCE)
    found = get_object_or_404(with_due_at(readable, Kind.DECIDE_CLAIM, matter="award__proposal_id"), pk=pk)
    may_decide = may("accept", state=found.state, relations=relations(found, user))
    lines = list(found.lines.select_related("category"))
    form = ClaimForm(request.POST if request.method == "POST" else None, lines=lines)
    if request.method == "POST":
        if not may_decide:
            return _too_late(request, found)
        if form.is_valid():
            try:
                decided = accounting.decide(pk, form.verdicts(), by=user, at=at)
            except NotPossibleNow:
                found.refresh_from_db()
                return _too_late(request, found)
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _told(decided))
                return redirect("finance:claim", pk=pk)
    advances = boxes_of_award(found.award_id)[BoxKind.ADVANCES]
    claimed = sum(line.amount for line in lines)
    context = {
        "claim": found,
        "award": found.award,
        "form": form if may_decide else None,
        "lines": lines,
        "claimed": claimed,
        "accepted": sum(line.accepted_amount or 0 for line in lines),
        "advances": advances,
        "advances_after": advances - claimed,
        "receipts": list(found.receipts.all()),
    }
    return render(request, "finance/claim.html", context)


def _told(decided: Claim) -> str:
    accepted = sum(line.accepted_amount or 0 for line in decided.lines.all())
    message = _(
        "Decided: %(accepted)s accepted. The applicant has been told; what is not accepted stays open."
    )
    return message % {"accepted": written(accepted)}


def _too_late(request: HttpRequest, found: Claim) -> HttpResponse:
    message = _("Nothing was changed: this claim's state is now “%(state)s”.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("finance:claim", pk=found.pk)
