"""Asking money of an award back, and answering for a recovery: determine, dismiss, waive, write off."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import recovering
from rdfast.funding.queries import readable_by_agency, relations
from rdfast.people.models import User
from rdfast.proposals.queries import DECIDERS
from rdfast.reports import story
from rdfast.settlement import queries, rules
from rdfast.settlement.models import Recovery
from rdfast.timers import clock
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import ReasonForm, RecoverForm, show_refusal
from rdfast.web.manager.forms import DetermineForm
from rdfast.web.recoveries import CLOCKS, shown
from rdfast.web.signed_in import person

_ACTS: dict[str, tuple[type[forms.Form], Callable[..., Recovery], Any]] = {
    "determine": (DetermineForm, recovering.determine, gettext_lazy("Determined. They have been told.")),
    "dismiss": (ReasonForm, recovering.dismiss, gettext_lazy("Dismissed. Nothing is asked back.")),
    "waive": (ReasonForm, recovering.waive, gettext_lazy("Waived. Nothing more is to be paid.")),
    "write_off": (ReasonForm, recovering.write_off, gettext_lazy("Written off. Nothing more is expected.")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recover(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask money of the award back."""
    user, at = person(request), clock.now()
    award = get_object_or_404(readable_by_agency(user, *DECIDERS), pk=pk)
    if not rules.may_propose_recovery(award_state=award.state, relations=relations(award, user)):
        messages.info(request, _("You cannot ask money of this award back."))
        return redirect("manager:award", pk)
    most = {origin: queries.most_to_recover(award, origin) or 0 for origin in ("advances", "expense")}
    form = RecoverForm(request.POST if request.method == "POST" else None, most=most, auto_id="confirm-%s")
    if form.is_valid():
        try:
            proposed = recovering.propose(pk, **form.proposal(), by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Proposed. The finance officer has been told and gives the notice."))
            return redirect("manager:recovery", proposed.pk)
    return render(request, "manager/recover.html", {"award": award, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recovery(request: HttpRequest, pk: int) -> HttpResponse:
    """One recovery, with its objection, and the answers this person can give now."""
    user, at = person(request), clock.now()
    found = _recovery(pk, user)
    possible = _possible(found, user)
    if request.method == "POST":
        action = request.POST.get("action", "")
        if action not in possible:
            return _too_late(request, found)
        form_class, act, told = _ACTS[action]
        form = possible[action] = form_class(request.POST, auto_id=f"{action}-%s")
        if form.is_valid():
            typed = {name: value for name, value in form.cleaned_data.items() if name != "understood"}
            try:
                act(pk, **typed, by=user, at=at)
            except NotPossibleNow:
                return _too_late(request, _recovery(pk, user))
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, str(told))
                return redirect("manager:recovery", pk)
    context = {
        **shown(found),
        "story": story.of_one(found),
        "forms": possible,
        "bound": [form for form in possible.values() if form.is_bound],
        "proposed_it_myself": found.proposed_by_id == user.pk,
    }
    return render(request, "manager/recovery.html", context)


def _possible(found: Recovery, user: User) -> dict[str, forms.Form]:
    """The forms of the answers this person can give now, by move."""
    theirs, by_proposer = relations(found.award, user), found.proposed_by_id == user.pk
    return {
        move: form_class(auto_id=f"{move}-%s")
        for move, (form_class, _act, _told) in _ACTS.items()
        if rules.may_recover(move, state=found.state, relations=theirs, is_proposer=by_proposer)
    }


def _recovery(pk: int, user: User) -> Recovery:
    readable = queries.recoveries_readable(user, *DECIDERS)
    return get_object_or_404(with_due_at(readable, *CLOCKS, matter="award__proposal_id"), pk=pk)


def _too_late(request: HttpRequest, found: Recovery) -> HttpResponse:
    message = _("Nothing was changed: this recovery's state is now “%(state)s”.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("manager:recovery", found.pk)
