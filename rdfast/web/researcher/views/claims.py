"""Accounting for money: beginning, filling in and submitting a claim, and reading its decision."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from rdfast.core.refusals import RuleBroken
from rdfast.core.uploads import storing
from rdfast.flow import accounting
from rdfast.funding.queries import on_applicant_side
from rdfast.settlement import operations, queries, rules
from rdfast.settlement.models import Claim
from rdfast.settlement.states import DECIDED
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import show_refusal, with_added_row
from rdfast.web.researcher.forms.claim import MOST_LINES, ClaimSheet
from rdfast.web.researcher.forms.claim_file import CostFileForm, template_file
from rdfast.web.signed_in import person


class BeginForm(forms.Form):
    """Posting the same page twice makes one draft."""

    once = forms.UUIDField()


@require_POST
@login_required
def claim_start(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin a claim under the award."""
    award = get_object_or_404(on_applicant_side(person(request)), pk=pk)
    form = BeginForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("This page was out of date. Press the button again."))
        return redirect("researcher:award", pk)
    try:
        begun = operations.start(award.pk, by=person(request), at=clock.now(), once=form.cleaned_data["once"])
    except RuleBroken as refusal:
        messages.error(request, str(refusal))
        return redirect("researcher:award", pk)
    return redirect("researcher:claim", begun.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """One claim: a form while it is a draft, afterwards what became of each line."""
    found = get_object_or_404(queries.on_applicant_side(person(request)), pk=pk)
    if not _may_edit(request, found):
        if request.method == "POST":
            messages.info(request, _("This claim can no longer be changed. This is how it stands now."))
            return redirect("researcher:claim", pk)
        return _page(request, found, None)
    if request.method != "POST":
        return _page(request, found, ClaimSheet(found))
    if "add_row" in request.POST:
        return _page(request, found, ClaimSheet(found, with_added_row(request.POST)))

    sheet = ClaimSheet(found, request.POST, request.FILES)
    if sheet.is_valid() and _save(request, found, sheet):
        return redirect("researcher:claim", pk)
    return _page(request, found, sheet)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the costs from a table file in place of those typed; nothing is saved when one row is wrong."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    if request.method != "POST" or not _may_edit(request, found):
        return redirect("researcher:claim", pk)
    form = CostFileForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            operations.save(
                pk, form.lines, files=[], revision=form.cleaned_data["revision"], by=user, at=clock.now()
            )
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            told = ngettext(
                "One cost was taken from the file. Look at it, add receipts, and submit.",
                "%(count)s costs were taken from the file. Look at them, add receipts, and submit.",
                len(form.lines),
            )
            messages.success(request, told % {"count": len(form.lines)})
            return redirect("researcher:claim", pk)
    return _page(request, found, ClaimSheet(found), form)


@require_safe
@login_required
def template(request: HttpRequest) -> HttpResponse:
    """An empty table to fill in, with the categories' codes."""
    kind = "csv" if request.GET.get("as") == "csv" else "xlsx"
    content, content_type = template_file(kind)
    disposition = f'attachment; filename="claim.{kind}"'
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": disposition})


def _may_edit(request: HttpRequest, claim: Claim) -> bool:
    return rules.may_edit(state=claim.state, relations=queries.relations(claim, person(request)))


def _save(request: HttpRequest, claim: Claim, sheet: ClaimSheet) -> bool:
    """Save and, if asked for, submit; False when the page is to be shown again with what was refused."""
    user, now = person(request), clock.now()
    try:
        with storing(sheet.form.cleaned_data["receipts"]) as stored:
            saved = operations.save(
                claim.pk, sheet.content(), files=stored, revision=sheet.revision, by=user, at=now
            )
        sheet.saved_as(saved.revision)
        if request.POST.get("action") == "submit":
            accounting.submit(claim.pk, by=user, at=now)
    except RuleBroken as refusal:
        claim.refresh_from_db(fields=["state"])
        sheet.show(refusal)
        if not _may_edit(request, claim):
            messages.warning(request, str(refusal))
            return True
        return False
    messages.success(request, _told(request))
    return True


def _told(request: HttpRequest) -> str:
    if request.POST.get("action") == "submit":
        return _("The claim has arrived. The finance officer decides on each line.")
    return _("The draft is saved. It counts once you submit it.")


def _page(
    request: HttpRequest, claim: Claim, sheet: ClaimSheet | None, uploading: CostFileForm | None = None
) -> HttpResponse:
    lines = list(claim.lines.select_related("category"))
    context = {
        "claim": claim,
        "award": claim.award,
        "sheet": sheet,
        "uploading": uploading or CostFileForm(initial={"revision": claim.revision}),
        "most_lines": MOST_LINES,
        "lines": lines,
        "total": sum(line.amount for line in lines),
        "accepted": sum(line.accepted_amount or 0 for line in lines),
        "is_decided": claim.state in DECIDED,
        "receipts": list(claim.receipts.order_by("pk")),
        "upload_limit": settings.UPLOAD_LIMIT_BYTES,
        "room": queries.room_for_claims(claim.award),
        "decide_by": due_at_of(Kind.DECIDE_CLAIM, Claim._meta.label_lower, claim.pk),
    }
    return render(request, "researcher/claim.html", context)
