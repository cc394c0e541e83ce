"""The end of the work: its final report, and the wish to end it before its time."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from rdfast.core.refusals import RuleBroken
from rdfast.core.uploads import storing
from rdfast.flow import completing, stopping
from rdfast.funding import queries
from rdfast.funding.models import Award
from rdfast.funding.rules import may_ask_to_stop
from rdfast.milestones.rules import may_report_finally
from rdfast.reports import standing
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import show_refusal
from rdfast.web.researcher.forms.award import FinalReportForm, StopForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def final_report(request: HttpRequest, pk: int) -> HttpResponse:
    """The final report: a form once its time has come, afterwards what was reported."""
    user, now = person(request), clock.now()
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    stands = standing.of_award(found, at=now)
    may_report = (
        stands.final_report is None
        and stands.takes_final_report
        and may_report_finally(award_state=found.state, relations=queries.relations(found, user))
    )
    if request.method == "POST" and not may_report:
        messages.info(request, _("The final report cannot be given now. This is how it stands."))
        return redirect("researcher:final_report", pk)
    form = FinalReportForm(request.POST, request.FILES) if request.method == "POST" else FinalReportForm()
    if request.method == "POST" and form.is_valid() and _report(request, found, form):
        return redirect("researcher:award", pk)
    context = {
        "award": found,
        "report": stands.final_report,
        "form": form if may_report else None,
        "due_at": due_at_of(Kind.FINAL_REPORT, Award._meta.label_lower, pk),
        "upload_limit": settings.UPLOAD_LIMIT_BYTES,
    }
    return render(request, "researcher/final_report.html", context)


def _report(request: HttpRequest, award: Award, form: FinalReportForm) -> bool:
    typed = form.cleaned_data
    try:
        with storing(typed["evidence"]) as stored:
            completing.report_finally(
                award.pk,
                text=typed["text"],
                lesson=typed["lesson"],
                files=stored,
                by=person(request),
                at=clock.now(),
            )
    except RuleBroken as refusal:
        show_refusal(form, refusal)
        return False
    messages.success(request, _("The final report has arrived. Thank you."))
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the programme to end the work by mutual consent."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    may_ask = may_ask_to_stop(award_state=found.state, relations=queries.relations(found, user))
    if not may_ask or found.stop_asked_at:
        messages.info(request, _("This cannot be asked for now. This is how the award stands."))
        return redirect("researcher:award", pk)
    form = StopForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            stopping.ask_to_stop(pk, reason=form.cleaned_data["reason"], by=user, at=clock.now())
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The programme has been told. Until it agrees, everything goes on."))
            return redirect("researcher:award", pk)
    return render(request, "researcher/stop.html", {"award": found, "form": form})


@require_POST
@login_required
def take_stop_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on after all."""
    user = person(request)
    get_object_or_404(queries.on_applicant_side(user), pk=pk)
    try:
        stopping.take_back(pk, by=user, at=clock.now())
    except RuleBroken as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("The programme has been told that the work goes on."))
    return redirect("researcher:award", pk)
