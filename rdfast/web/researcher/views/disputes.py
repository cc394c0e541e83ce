"""The applicant side in dispute: replying to a proceeding, appealing against a decision."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.appeals import queries as appeals
from rdfast.appeals.rules import DECISIONS
from rdfast.appeals.states import EFFECTS
from rdfast.core.refusals import RuleBroken
from rdfast.flow import appealing
from rdfast.flow import proceeding as flow
from rdfast.proceedings import queries
from rdfast.proceedings.rules import may
from rdfast.proposals.queries import on_applicant_side
from rdfast.reports.disputes import about
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.researcher.forms.dispute import AppealForm, ReplyForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def proceeding(request: HttpRequest, pk: int) -> HttpResponse:
    """One proceeding against an award: its notice, and the reply."""
    user, at = person(request), clock.now()
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    may_reply = may("hear", state=found.state, relations=queries.relations(found, user))
    form = ReplyForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_reply:
        messages.warning(request, _("Nothing was changed: a reply is not (or no longer) asked for."))
        return redirect("researcher:proceeding", pk)
    if form.is_valid():
        try:
            flow.reply(pk, text=form.cleaned_data["reply"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your reply is in. Uninvolved members of the committee vote next."))
            return redirect("researcher:proceeding", pk)
    context = {"proceeding": found, "award": found.award, "form": form if may_reply else None}
    return render(request, "researcher/proceeding.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def file_appeal(request: HttpRequest, pk: int, event: int) -> HttpResponse:
    """Appeal against one decision, once and in time."""
    user, at = person(request), clock.now()
    found = get_object_or_404(on_applicant_side(user).select_related("policy"), pk=pk)
    decision = get_object_or_404(appeals.decisions_about(found), pk=event)
    filed = appeals.on_applicant_side(user).filter(proposal=found, decision=decision).first()
    if filed is not None:
        messages.info(request, _("An appeal was filed already; this is how it stands."))
        return redirect("researcher:appeal", filed.pk)
    if request.method != "POST" and decision not in appeals.appealable(found, at=at):
        messages.warning(request, _("The days for an appeal are over, or the decision no longer stands."))
        return redirect("researcher:proposal", pk)
    # What is sent too late is refused beside the form, which keeps the text.
    form = AppealForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if form.is_valid():
        try:
            appeal = appealing.file(pk, event, text=form.cleaned_data["text"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your appeal is filed. People who took no part decide on it."))
            return redirect("researcher:appeal", appeal.pk)
    context = {
        "proposal": found,
        "decision": decision,
        "against": DECISIONS[decision.kind].label,
        "effect": EFFECTS[DECISIONS[decision.kind]],
        "form": form,
        "about": about(decision),
        "days": found.policy.terms.decide_appeal_days if found.policy else 0,
    }
    return render(request, "researcher/file_appeal.html", context)


@require_safe
@login_required
def appeal(request: HttpRequest, pk: int) -> HttpResponse:
    """One appeal and its decision."""
    user = person(request)
    readable = with_due_at(appeals.on_applicant_side(user), Kind.DECIDE_APPEAL, matter="proposal_id")
    found = get_object_or_404(readable, pk=pk)
    context = {"appeal": found, "about": about(found.decision), "proposal": found.proposal}
    return render(request, "researcher/appeal.html", context)
