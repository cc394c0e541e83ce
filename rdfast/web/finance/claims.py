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
from rdfast.flow import accounting, recovering
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.queries import boxes_of_award
from rdfast.programmes.models import Appointment
from rdfast.settlement.models import Claim, ClaimLine
from rdfast.settlement.queries import readable_by_agency, relations
from rdfast.settlement.rules import may
from rdfast.settlement.states import DECIDED
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.finance.forms import ClaimForm, DisallowForm
from rdfast.web.forms import ConfirmForm, show_refusal
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
    form = ClaimForm(
        request.POST if request.method == "POST" else None, lines=lines, full_check=bool(found.full_check)
    )
    if request.method == "POST":
        if not may_decide:
            return _too_late(request, found)
        if form.is_valid():
            try:
                decided = accounting.decide(
                    pk,
                    form.verdicts(),
                    by=user,
                    at=at,
                    checked_in_full=bool(form.cleaned_data.get("checked_in_full")),
                )
            except NotPossibleNow:
                found.refresh_from_db()
                return _too_late(request, found)
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _told(decided))
                return redirect("finance:claim", pk=pk)
    return _shown(request, found, lines, form if may_decide else None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Every receipt of a drawn claim was looked at; what should not have been accepted is asked back."""
    user, at = person(request), clock.now()
    found = get_object_or_404(readable_by_agency(user, Appointment.Role.FINANCE), pk=pk)
    if request.method != "POST" or not _may_check(found):
        return redirect("finance:claim", pk)
    is_wrong = request.POST.get("found") == "wrong"
    form: ConfirmForm = (
        DisallowForm(request.POST, auto_id="wrong-%s")
        if is_wrong
        else ConfirmForm(request.POST, auto_id="right-%s")
    )
    if form.is_valid():
        try:
            if is_wrong:
                typed = form.cleaned_data
                recovering.disallow_late(pk, amount=typed["amount"], reason=typed["reason"], by=user, at=at)
            else:
                recovering.check(pk, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Noted: every receipt of this claim was checked."))
            return redirect("finance:claim", pk)
    return _shown(request, found, list(found.lines.select_related("category")), None, checking=form)


def _may_check(found: Claim) -> bool:
    """Whether the claim is one that is checked in full after its decision."""
    return found.state in DECIDED and bool(found.full_check)


def _shown(
    request: HttpRequest,
    found: Claim,
    lines: list[ClaimLine],
    form: ClaimForm | None,
    checking: ConfirmForm | None = None,
) -> HttpResponse:
    advances = boxes_of_award(found.award_id)[BoxKind.ADVANCES]
    claimed = sum(line.amount for line in lines)
    context = {
        "claim": found,
        "award": found.award,
        "form": form,
        "may_check": _may_check(found),
        "checking": checking,
        "wrong": checking if isinstance(checking, DisallowForm) else DisallowForm(auto_id="wrong-%s"),
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
