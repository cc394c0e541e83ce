"""Beginning, reading and withdrawing a proposal."""

from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.audit.queries import last_entry
from rdfast.core.refusals import RuleBroken
from rdfast.decisions.models import Decision
from rdfast.decisions.queries import decisions_on
from rdfast.flow import submitting
from rdfast.programmes.models import Call
from rdfast.programmes.queries import visible_calls
from rdfast.proposals import operations, queries, rules
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import UNANSWERED, State
from rdfast.reports import disputes, speed, story
from rdfast.screening.queries import latest_of
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import ConfirmForm, show_refusal
from rdfast.web.signed_in import person

# Answers that the applicant reads; the agency's inner steps are not among them.
_TOLD = {Decision.Kind.RETURN, Decision.Kind.APPROVE, Decision.Kind.ROUTE, Decision.Kind.DECLINE}


class BeginForm(forms.Form):
    """Posting the same page twice makes one draft."""

    once = forms.UUIDField(widget=forms.HiddenInput)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a draft in the call."""
    user, now = person(request), clock.now()
    call = get_object_or_404(visible_calls(now), pk=pk)
    form = BeginForm(request.POST if request.method == "POST" else None, initial={"once": uuid4()})
    if form.is_valid():
        try:
            proposal = _begin(call, request, form.cleaned_data["once"])
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your draft is here. Nothing is sent before you submit it."))
            return redirect("researcher:edit", proposal.pk)
    context = {"call": call, "form": form, "may_propose": rules.may_propose(user) and call.is_open(now)}
    return render(request, "researcher/propose.html", context)


def _begin(call: Call, request: HttpRequest, once: UUID) -> Proposal:
    return operations.start(call, by=person(request), at=clock.now(), once=once)


@require_safe
@login_required
def proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """One proposal: its state, its decision clock, the reason of the decision, and its story."""
    user = person(request)
    readable = with_due_at(
        queries.on_applicant_side(user), Kind.DECIDE, Kind.SECOND_APPROVAL, Kind.RESUBMIT, matter="pk"
    )
    found = get_object_or_404(queries.with_everything(readable), pk=pk)
    relations = queries.relations(found, user)
    context = {
        "proposal": found,
        # The second of two approvals is an inner step: for the applicant the decision is pending.
        "state": State.SUBMITTED if found.state == State.RECOMMENDED else found.state,
        "waits_for_decision": found.state in UNANSWERED and not found.waits_since,
        "decisions": [each for each in decisions_on(found) if each.kind in _TOLD],
        "entry": last_entry(found, "proposal.submit", "proposal.resubmit"),
        "screening": latest_of(found),
        "story": story.for_applicant(found.pk, queries.applicant_side_of(found)),
        "speed": speed.of_proposal(found),
        "deadlines": story.deadlines_for_applicant(found.pk),
        "may_edit": rules.may_edit(state=found.state, relations=relations),
        "may_withdraw": queries.may("withdraw", found, user),
        "award": getattr(found, "award", None),
        "disputes": disputes.of_proposal(found, at=clock.now()),
    }
    return render(request, "researcher/proposal.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the proposal back, after a tick."""
    user = person(request)
    found = get_object_or_404(queries.led_by(user), pk=pk)
    if not queries.may("withdraw", found, user):
        messages.info(request, _("This proposal can no longer be withdrawn. This is how it stands now."))
        return redirect("researcher:proposal", pk)
    form = ConfirmForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            submitting.withdraw(pk, by=user, at=clock.now())
        except RuleBroken as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("The proposal is withdrawn. You may write a new one while the call is open.")
            )
        return redirect("researcher:proposal", pk)
    return render(request, "researcher/withdraw.html", {"proposal": found, "form": form})
