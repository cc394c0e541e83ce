"""The plan of a running award: writing it, handing it in, reading it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.flow import planning
from rdfast.plans import operations, queries
from rdfast.plans.models import Plan
from rdfast.timers import clock
from rdfast.web.forms import with_added_row
from rdfast.web.researcher.forms.plan import PlanSheet
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of this award: whoever may, writes it here; the applicant side reads it here."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), award=pk)
    if not queries.may_edit(found, user):
        if request.method == "POST":
            messages.warning(request, _("This plan can no longer be edited. This is how it stands now."))
            return redirect("researcher:plan", pk)
        return render(request, "researcher/plan.html", {"plan": found, "award": found.award})
    if request.method != "POST":
        return _page(request, found, PlanSheet(found))
    if "add_row" in request.POST:
        return _page(request, found, PlanSheet(found, with_added_row(request.POST)))
    sheet = PlanSheet(found, request.POST)
    answer = _save(request, found, sheet) if sheet.is_valid() else None
    return answer or _page(request, found, sheet)


def _save(request: HttpRequest, found: Plan, sheet: PlanSheet) -> HttpResponse | None:
    """Save and, if asked for, hand in; nothing when the page is to be shown again with what was refused."""
    user, at = person(request), clock.now()
    revision = sheet.form.cleaned_data["revision"]
    try:
        saved = operations.save(found.pk, sheet.content(), revision=revision, by=user, at=at)
        sheet.saved_as(saved.revision)
        if request.POST.get("action") == "submit":
            planning.submit(found.pk, by=user, at=at)
    except RuleBroken as refusal:
        sheet.show(refusal)
        return None
    if request.POST.get("action") == "submit":
        messages.success(request, _("The plan is handed in. The programme answers next."))
        return redirect("researcher:award", found.award_id)
    messages.success(request, _("The plan is saved. Nothing is sent before you hand it in."))
    return redirect("researcher:plan", found.award_id)


def _page(request: HttpRequest, found: Plan, sheet: PlanSheet) -> HttpResponse:
    context = {"plan": found, "award": found.award, "sheet": sheet}
    return render(request, "researcher/edit_plan.html", context)
