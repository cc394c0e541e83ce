"""A milestone: the promise, its reports, its findings, and reporting it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.core.uploads import storing
from rdfast.flow import performing
from rdfast.milestones import queries, rules
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.reviews.queries import findings_told, unnamed
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.researcher.forms.award import ReportForm
from rdfast.web.signed_in import person

_REPORTING = (Kind.REPORT_DUE, Kind.REPORT_MISSED, Kind.CURE)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """One milestone; whoever leads the award reports it here while it can be reported."""
    user = person(request)
    readable = with_due_at(queries.on_applicant_side(user), *_REPORTING, matter="award__proposal_id")
    found = get_object_or_404(readable, pk=pk)
    form = None
    if _may_report(found, user):
        form = ReportForm(request.POST, request.FILES) if request.method == "POST" else ReportForm()
        if form.is_valid() and _report(request, found, form):
            return redirect("researcher:milestone", pk)
    elif request.method == "POST":
        messages.info(request, _("This milestone cannot be reported now. This is how it stands."))
        return redirect("researcher:milestone", pk)
    return render(request, "researcher/milestone.html", {**_everything(found), "form": form})


def _may_report(milestone: Milestone, user: User) -> bool:
    may_report = rules.may("report", state=milestone.state, relations=queries.relations(milestone, user))
    return may_report and queries.report_is_taken(milestone, at=clock.now())


def _report(request: HttpRequest, milestone: Milestone, form: ReportForm) -> bool:
    """Report; False when it was refused and the page is to be shown again."""
    typed = form.cleaned_data
    try:
        with storing(typed["evidence"]) as stored:
            performing.report(
                milestone.pk, text=typed["text"], files=stored, by=person(request), at=clock.now()
            )
    except RuleBroken as refusal:
        milestone.refresh_from_db(fields=["state", "leave_until"])
        if not _may_report(milestone, person(request)):
            messages.warning(request, str(refusal))
            return True
        show_refusal(form, refusal)
        return False
    messages.success(
        request,
        _("The report has arrived. Independent reviewers now look at it; you are told what they find."),
    )
    return True


def _everything(milestone: Milestone) -> dict[str, Any]:
    return {
        "milestone": milestone,
        "award": milestone.award,
        "reports": milestone.reports.select_related("by").prefetch_related("evidence").order_by("-round"),
        "findings": [(finding, unnamed(finding)) for finding in findings_told(milestone)],
        "report_is_taken": queries.report_is_taken(milestone, at=clock.now()),
        "upload_limit": settings.UPLOAD_LIMIT_BYTES,
    }
