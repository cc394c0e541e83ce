"""The plan of the whole work: writing it, handing it in, and reading it."""

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
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import with_added_row
from rdfast.web.researcher.forms.plan import PlanSheet
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """The plan of an award: a form while it can be changed by this person, otherwise as it was handed in."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), award=pk)
    if not queries.may_edit(found, user):
        if request.method == "POST":
            messages.info(request, _("This plan can no longer be edited. This is how it stands now."))
            return redirect("researcher:plan", pk)
        return _page(request, found, None)
    if request.method != "POST":
        return _page(request, found, PlanSheet(found))
    if "add_row" in request.POST:
        return _page(request, found, PlanSheet(found, with_added_row(request.POST)))

    sheet = PlanSheet(found, request.POST)
    if sheet.is_valid() and _save(request, found, sheet):
        return redirect("researcher:plan", pk)
    return _page(request, found, sheet)


def _save(request: HttpRequest, plan: Plan, sheet: PlanSheet) -> bool:
    """Save and, if asked for, hand in; False when the page is to be shown again with what was refused."""
    user, now = person(request), clock.now()
    is_saved = False
    try:
        saved = operations.save(plan.pk, sheet.content(), revision=sheet.revision, by=user, at=now)
        is_saved = True
        sheet.saved_as(saved.revision)
        if request.POST.get("action") == "submit":
            planning.submit(plan.pk, by=user, at=now)
    except RuleBroken as refusal:
        plan.refresh_from_db(fields=["state"])
        plan.award.refresh_from_db(fields=["state"])
        if not queries.may_edit(plan, user):
            messages.warning(request, str(refusal))
            return True
        if is_saved:
            messages.info(request, _("What you wrote is saved. The plan is not handed in yet."))
        sheet.show(refusal)
        return False
    messages.success(request, _told(request))
    return True


def _told(request: HttpRequest) -> str:
    if request.POST.get("action") == "submit":
        return _("The plan is handed in. The programme accepts or returns it.")
    return _("The draft is saved. It counts once you hand it in.")


def _page(request: HttpRequest, plan: Plan, sheet: PlanSheet | None) -> HttpResponse:
    context = {
        "plan": plan,
        "award": plan.award,
        "sheet": sheet,
        "decide_by": due_at_of(Kind.DECIDE_PLAN, Plan._meta.label_lower, plan.pk),
        "terms": [
            _("The budget adds up to government money and own share together."),
            _("The shares of the milestones add up to 100 %."),
            _("Milestones that have begun before the confirmation stay as they are."),
        ],
    }
    return render(request, "researcher/plan.html", context)
