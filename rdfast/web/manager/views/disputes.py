"""Proceedings as the programme sees them: opening one, reading it, the second approver's signature."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.flow import proceeding as flow
from rdfast.funding.queries import readable_by_agency as readable_awards
from rdfast.funding.queries import relations
from rdfast.proceedings import queries
from rdfast.proceedings.rules import may, may_open
from rdfast.proceedings.states import Kind
from rdfast.proposals.queries import DECIDERS
from rdfast.timers import clock
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms import OpenProceedingForm, SignProceedingForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def open_proceeding(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a proceeding against an award; its notice goes out the same day."""
    user, at = person(request), clock.now()
    found = get_object_or_404(readable_awards(user, *DECIDERS), pk=pk)
    theirs = relations(found, user)
    kinds = [kind for kind in Kind if may_open(kind, award_state=found.state, relations=theirs)]
    if not kinds:
        messages.warning(request, _("No proceeding can be opened about this award by you now."))
        return redirect("manager:award", pk=pk)
    form = OpenProceedingForm(request.POST if request.method == "POST" else None, kinds=kinds)
    if form.is_valid():
        try:
            opened = flow.open_(
                pk,
                form.cleaned_data["kind"],
                reason=form.cleaned_data["reason"],
                possible_outcome=form.cleaned_data["possible_outcome"],
                amount=form.cleaned_data["amount"],
                by=user,
                at=at,
            )
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Opened. The applicant side has been given notice."))
            return redirect("manager:proceeding", pk=opened.pk)
    context = {"award": found, "form": form, "reply_days": found.policy.terms.reply_days}
    return render(request, "manager/open_proceeding.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def proceeding(request: HttpRequest, pk: int) -> HttpResponse:
    """One proceeding with its votes; whoever signs second does it here."""
    user, at = person(request), clock.now()
    found = get_object_or_404(queries.readable_by_agency(user, *DECIDERS), pk=pk)
    votes = list(found.votes.select_related("member"))
    may_sign = (
        may("effect", state=found.state, relations=queries.relations(found, user))
        and found.opened_by_id != user.pk
        and user.pk not in {vote.member_id for vote in votes}
    )
    form = SignProceedingForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_sign:
        messages.warning(request, _("Nothing was changed: your signature is not asked for here (any more)."))
        return redirect("manager:proceeding", pk=pk)
    if form.is_valid():
        act = flow.sign if form.cleaned_data["answer"] == "sign" else flow.refuse
        try:
            act(pk, conclusion=form.cleaned_data["conclusion"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Done. Both sides have been told."))
            return redirect("manager:proceeding", pk=pk)
    context: dict[str, Any] = {
        "proceeding": found,
        "award": found.award,
        "votes": votes,
        "needed": found.award.policy.terms.votes,
        "form": form if may_sign else None,
    }
    return render(request, "manager/proceeding.html", context)
