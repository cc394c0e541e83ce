"""Approving one payment."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import paying
from rdfast.funding.queries import relations, tranches_readable
from rdfast.funding.rules import may_with_tranche
from rdfast.milestones.models import Milestone
from rdfast.proposals.queries import DECIDERS
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms import PaymentForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def tranche(request: HttpRequest, pk: int) -> HttpResponse:
    """What would be paid and why it may be; the manager's yes."""
    user, at = person(request), clock.now()
    readable = with_due_at(
        tranches_readable(user, *DECIDERS),
        Kind.APPROVE_TRANCHE,
        Kind.RELEASE_TRANCHE,
        Kind.SETTLE_TRANCHE,
        Kind.ACCOUNT,
        matter="award__proposal_id",
    )
    found = get_object_or_404(readable, pk=pk)
    may_approve = may_with_tranche("approve", state=found.state, relations=relations(found.award, user))
    form = PaymentForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST":
        if not may_approve:
            return _too_late(request, pk, found.get_state_display())
        if form.is_valid():
            try:
                paying.approve(pk, by=user, at=at)
            except NotPossibleNow:
                found.refresh_from_db()
                return _too_late(request, pk, found.get_state_display())
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(
                    request, _("Payment approved. The finance officer has been told and releases it.")
                )
                return redirect("manager:award", pk=found.award_id)
    context = {
        "tranche": found,
        "award": found.award,
        "gate": paying.gate_facts(found),
        "milestone": Milestone.objects.filter(award=found.award, number=found.after_milestone or 0).first(),
        "may_approve": may_approve,
        "form": form,
    }
    return render(request, "manager/tranche.html", context)


def _too_late(request: HttpRequest, pk: int, state: str) -> HttpResponse:
    message = _("Nothing was changed: this payment's state is now “%(state)s”.")
    messages.warning(request, message % {"state": state})
    return redirect("manager:tranche", pk=pk)
