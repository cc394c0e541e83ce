"""Asking money of an award back, and what a finance officer does with a recovery."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.amounts import written
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import recovering
from rdfast.funding.queries import readable_by_agency, relations
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.reports import story
from rdfast.settlement import queries, rules
from rdfast.settlement.models import Recovery
from rdfast.settlement.repayments import told_of
from rdfast.settlement.states import OWED
from rdfast.timers import clock
from rdfast.timers.queries import with_due_at
from rdfast.web.finance.forms import Instalments, ReceiveForm, RemitForm
from rdfast.web.forms import ConfirmForm, RecoverForm, show_refusal, with_added_row
from rdfast.web.recoveries import CLOCKS, shown
from rdfast.web.signed_in import person

FINANCE = Appointment.Role.FINANCE


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recover(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask money of the award back."""
    user, at = person(request), clock.now()
    award = get_object_or_404(readable_by_agency(user, FINANCE), pk=pk)
    if not rules.may_propose_recovery(award_state=award.state, relations=relations(award, user)):
        messages.info(request, _("Nothing was paid under this award that could be asked back."))
        return redirect("finance:award", pk)
    most = {origin: queries.most_to_recover(award, origin) or 0 for origin in ("advances", "expense")}
    form = RecoverForm(request.POST if request.method == "POST" else None, most=most, auto_id="confirm-%s")
    if form.is_valid():
        try:
            proposed = recovering.propose(pk, **form.proposal(), by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Proposed. Those who are to pay learn of it with the notice."))
            return redirect("finance:recovery", proposed.pk)
    return render(request, "finance/recover.html", {"award": award, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recovery(request: HttpRequest, pk: int) -> HttpResponse:
    """One recovery: what is owed, what came in, what happened, and what can be done now."""
    user, at = person(request), clock.now()
    found = _recovery(pk, user)
    possible = _possible(found, user)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in possible:
            return _too_late(request, found)
        form = possible[action] = type(possible[action])(request.POST, auto_id=f"{action}-%s")
        if form.is_valid():
            try:
                told = _ACTS[action](found, form, user, at)
            except NotPossibleNow:
                return _too_late(request, _recovery(pk, user))
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, told)
                return redirect("finance:recovery", pk)
    context = {
        **shown(found),
        "story": story.of_one(found),
        "forms": possible,
        "bound": [form for form in possible.values() if form.is_bound],
        "may_agree": found.state in OWED and "receive" in possible,
        "to_remit": sum(queries.to_remit_of(found.award_id).values()),
    }
    return render(request, "finance/recovery.html", context)


def _possible(found: Recovery, user: User) -> dict[str, forms.Form]:
    """The forms of what this person can do with it now, by action."""
    theirs = relations(found.award, user)
    by_proposer = found.proposed_by_id == user.pk
    possible: dict[str, forms.Form] = {}
    if rules.may_recover("notice", state=found.state, relations=theirs, is_proposer=by_proposer):
        possible["notice"] = ConfirmForm(auto_id="notice-%s")
    if rules.may_take_money(relations=theirs) and found.demanded_at:
        possible["receive"] = ReceiveForm(auto_id="receive-%s")
        if queries.to_remit_of(found.award_id):
            possible["remit"] = RemitForm(auto_id="remit-%s")
    return possible


def _notice(found: Recovery, form: forms.Form, user: User, at: datetime) -> str:
    recovering.notice(found.pk, by=user, at=at)
    return _("Notice given. They have been told why, and until when they may contest it.")


def _receive(found: Recovery, form: forms.Form, user: User, at: datetime) -> str:
    typed = form.cleaned_data
    repayment = recovering.receive(
        found.pk,
        reference=typed["reference"],
        received_on=typed["received_on"],
        amount=typed["amount"],
        by=user,
        at=at,
    )
    return told_of(repayment)


def _remit(found: Recovery, form: forms.Form, user: User, at: datetime) -> str:
    amount = form.cleaned_data["transferred"]
    recovering.remit(found.pk, amount=amount, by=user, at=at)
    return _("%(amount)s was remitted to the treasury.") % {"amount": written(amount)}


_ACTS: dict[str, Callable[[Recovery, Any, User, datetime], str]] = {
    "notice": _notice,
    "receive": _receive,
    "remit": _remit,
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def instalments(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree the parts in which it is paid."""
    user, at = person(request), clock.now()
    found = _recovery(pk, user)
    owed = queries.owed(found)
    if not owed or not rules.may_take_money(relations=relations(found.award, user)):
        return _too_late(request, found)
    adding = "add_row" in request.POST
    data = with_added_row(request.POST) if adding else request.POST
    rows = Instalments(data if "instalments-TOTAL_FORMS" in request.POST else None, prefix="instalments")
    if request.method == "POST" and not adding and rows.is_bound and rows.is_valid():
        agreed = [(row.cleaned_data["amount"], row.cleaned_data["due_on"]) for row in rows.filled]
        try:
            recovering.agree_instalments(pk, agreed, by=user, at=at)
        except NotPossibleNow:
            return _too_late(request, found)
        except RuleBroken as refusal:
            if not rows.show(refusal):
                messages.error(request, str(refusal))
        else:
            messages.success(request, _("Agreed. They have been told the days."))
            return redirect("finance:recovery", pk)
    context = {"recovery": found, "award": found.award, "owed": owed, "rows": rows}
    return render(request, "finance/instalments.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def give_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Give back what was received beyond the demand."""
    user = person(request)
    found = get_object_or_404(queries.repayments_readable(user, FINANCE), pk=pk)
    form = ConfirmForm(request.POST)
    if request.method == "POST":
        if not form.is_valid():
            messages.error(request, _("Tick the box to show that you understand what this does."))
        else:
            try:
                recovering.give_back(pk, by=user, at=clock.now())
            except RuleBroken as refusal:
                messages.warning(request, str(refusal))
            else:
                told = _("%(amount)s was given back to the payer.")
                messages.success(request, told % {"amount": written(found.unmatched)})
    return redirect("finance:recovery", found.recovery_id)


def _recovery(pk: int, user: User) -> Recovery:
    readable = queries.recoveries_readable(user, FINANCE)
    return get_object_or_404(with_due_at(readable, *CLOCKS, matter="award__proposal_id"), pk=pk)


def _too_late(request: HttpRequest, found: Recovery) -> HttpResponse:
    found.refresh_from_db(fields=["state"])
    message = _("Nothing was changed: this recovery's state is now “%(state)s”.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("finance:recovery", found.pk)
