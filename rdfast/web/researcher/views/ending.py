"""The end of the work: asking to end it early, and its final report."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.core.texts import TextField
from rdfast.core.uploads import FilesField, storing
from rdfast.flow import completing, stopping
from rdfast.funding.queries import on_applicant_side, relations
from rdfast.funding.rules import may_ask_to_stop
from rdfast.milestones.models import FinalReport
from rdfast.milestones.rules import may_report_finally
from rdfast.timers import clock
from rdfast.web.forms import ConfirmForm, show_refusal
from rdfast.web.signed_in import person


class StopForm(ConfirmForm):
    """Why the work should end."""

    field_order = ("reason",)
    reason = TextField(
        label=gettext_lazy("Reason"), lines=5, help_text=gettext_lazy("The programme reads it.")
    )


class FinalReportForm(forms.Form):
    """What came of the work."""

    text = TextField(label=gettext_lazy("Report"), lines=12)
    lesson = TextField(
        label=gettext_lazy("Lesson for others"), lines=4, help_text=gettext_lazy("It is published.")
    )
    evidence = FilesField(label=gettext_lazy("Evidence"), required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the programme to end the work by mutual consent."""
    user, at = person(request), clock.now()
    found = get_object_or_404(on_applicant_side(user), pk=pk)
    if not may_ask_to_stop(award_state=found.state, relations=relations(found, user)):
        messages.warning(request, _("The end of this work cannot be asked for now."))
        return redirect("researcher:award", pk)
    form = StopForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if form.is_valid():
        try:
            stopping.ask_to_stop(pk, reason=form.cleaned_data["reason"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(
                request, _("The programme has been told. Until it is signed, the award goes on.")
            )
            return redirect("researcher:award", pk)
    return render(request, "researcher/stop.html", {"award": found, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def final_report(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the final report, or read the one that was given."""
    user, at = person(request), clock.now()
    found = get_object_or_404(on_applicant_side(user), pk=pk)
    given = FinalReport.objects.filter(award=found).prefetch_related("evidence").first()
    may_give = (
        given is None
        and may_report_finally(award_state=found.state, relations=relations(found, user))
        and completing.is_time(found, at=at)
    )
    is_sent = request.method == "POST"
    form = FinalReportForm(request.POST, request.FILES) if is_sent else FinalReportForm()
    if is_sent and not may_give:
        messages.warning(request, _("Nothing was changed: a final report is not (or no longer) asked for."))
        return redirect("researcher:final_report", pk)
    if form.is_valid():
        typed = form.cleaned_data
        try:
            with storing(typed["evidence"]) as files:
                completing.report_finally(
                    pk, text=typed["text"], lesson=typed["lesson"], files=files, by=user, at=at
                )
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The final report is in. Thank you."))
            return redirect("researcher:award", pk)
    context = {"award": found, "report": given, "form": form if may_give else None}
    return render(request, "researcher/final_report.html", context)
