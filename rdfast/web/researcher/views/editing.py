"""The proposal form: saving a draft and submitting it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.decisions.queries import decisions_on
from rdfast.flow import submitting
from rdfast.programmes.queries import policy_in_force
from rdfast.proposals import operations, queries, rules
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import State
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import with_added_row
from rdfast.web.researcher.forms.sheet import Sheet
from rdfast.web.signed_in import person
from rdfast.web.templatetags.rdfast import when


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a proposal: add a row, save it as a draft, or save and submit it."""
    proposal = get_object_or_404(queries.led_by(person(request)).prefetch_related("team"), pk=pk)
    if not _may_edit(request, proposal):
        messages.info(request, _("This proposal can no longer be edited. This is how it stands now."))
        return redirect("researcher:proposal", pk)
    if request.method != "POST":
        return _page(request, proposal, _sheet(proposal))
    if "add_row" in request.POST:
        return _page(request, proposal, _sheet(proposal, with_added_row(request.POST)))

    sheet = _sheet(proposal, request.POST)
    answer = _save(request, proposal, sheet) if sheet.is_valid() else None
    return answer or _page(request, proposal, sheet)


def _may_edit(request: HttpRequest, proposal: Proposal) -> bool:
    return rules.may_edit(state=proposal.state, relations=queries.relations(proposal, person(request)))


def _sheet(proposal: Proposal, data: QueryDict | None = None) -> Sheet:
    now = clock.now()
    terms = policy_in_force(proposal.call.programme_id, now).terms
    return Sheet(proposal, data, terms=terms, today=timezone.localdate(now))


def _save(request: HttpRequest, proposal: Proposal, sheet: Sheet) -> HttpResponse | None:
    """Save and, if asked for, submit; nothing when the page is to be shown again with what was refused."""
    user, now = person(request), clock.now()
    try:
        saved = operations.save(proposal.pk, sheet.content(), revision=sheet.revision, by=user, at=now)
    except RuleBroken as refusal:
        return _refused(request, proposal, sheet, refusal)
    sheet.saved_as(saved.revision)
    if request.POST.get("action") != "submit":
        messages.success(request, _("The draft is saved. Nothing is sent before you submit it."))
        return redirect("researcher:edit", proposal.pk)
    try:
        submitted = submitting.submit(proposal.pk, by=user, at=now)
    except RuleBroken as refusal:
        return _refused(request, proposal, sheet, refusal, is_saved=True)
    decide_by = due_at_of(Kind.DECIDE, Proposal._meta.label_lower, submitted.pk)
    messages.success(
        request,
        _("Proposal %(number)s has arrived. You have an answer by %(when)s.")
        % {"number": submitted.number, "when": when(decide_by)},
    )
    return redirect("researcher:proposal", proposal.pk)


def _refused(
    request: HttpRequest, proposal: Proposal, sheet: Sheet, refusal: RuleBroken, *, is_saved: bool = False
) -> HttpResponse | None:
    proposal.refresh_from_db(fields=["state"])
    if not _may_edit(request, proposal):
        messages.warning(request, str(refusal))
        return redirect("researcher:proposal", proposal.pk)
    if is_saved:
        messages.info(request, _("What you wrote is saved as a draft. It is not submitted yet."))
    sheet.show(refusal)
    return None


def _page(request: HttpRequest, proposal: Proposal, sheet: Sheet) -> HttpResponse:
    is_returned = proposal.state == State.RETURNED
    context = {
        "proposal": proposal,
        "sheet": sheet,
        "call_is_open": proposal.call.is_open(clock.now()),
        "returned": decisions_on(proposal).first() if is_returned else None,
        "resubmit_by": due_at_of(Kind.RESUBMIT, Proposal._meta.label_lower, proposal.pk)
        if is_returned
        else None,
    }
    return render(request, "researcher/edit.html", context)
