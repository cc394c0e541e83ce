"""Naming another payment account after the signature."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.flow import paying
from rdfast.funding import queries, rules
from rdfast.timers import clock
from rdfast.web.forms import show_refusal
from rdfast.web.researcher.forms.award import AccountForm
from rdfast.web.signed_in import person


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """Name the account, and sign in again."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    relations = queries.relations(found, user)
    if not rules.may_give_account(award_state=found.state, relations=relations, terms=found.policy.terms):
        messages.info(request, _("Only those who sign for the organisation of a running award can do this."))
        return redirect("researcher:award", pk)
    form = AccountForm(
        request.POST if request.method == "POST" else None,
        request=request,
        initial={"account_holder": found.organisation.name_ko},
    )
    if form.is_valid():
        try:
            paying.give_account(pk, account=form.account, by=user, at=clock.now())
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request, _("A finance officer checks the account before anything is paid there.")
            )
            return redirect("researcher:award", pk)
    return render(request, "researcher/account.html", {"award": found, "form": form})
