"""Checking a payment account that was given after the signature."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.flow import paying
from rdfast.funding.queries import accounts_readable, relations
from rdfast.funding.rules import may_check_account
from rdfast.programmes.models import Appointment
from rdfast.timers import clock
from rdfast.web.forms import ConfirmForm, show_refusal
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """The new account beside the old one; the finance officer's yes."""
    user = person(request)
    found = get_object_or_404(accounts_readable(user, Appointment.Role.FINANCE), pk=pk)
    award = found.award
    is_giver = found.given_by_id == user.pk
    may_check = found.checked_at is None and may_check_account(
        award_state=award.state, relations=relations(award, user), is_giver=is_giver
    )
    form = ConfirmForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_check:
        messages.info(request, _("This account does not wait for your check."))
        return redirect("finance:account", pk)
    if form.is_valid():
        try:
            paying.check_account(pk, by=user, at=clock.now())
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Payments now go to this account. The organisation has been told."))
            return redirect("finance:award", award.pk)
    context = {"account": found, "award": award, "may_check": may_check, "form": form}
    return render(request, "finance/account.html", context)
