"""The plan of the whole work, and the answer to it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import planning
from rdfast.plans import queries
from rdfast.plans.models import Plan
from rdfast.proposals.queries import DECIDERS
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import show_refusal
from rdfast.web.manager.forms import PlanAnswerForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """A plan as it stands; whoever may, accepts or returns it here."""
    user = person(request)
    found = get_object_or_404(queries.readable_by_agency(user, *DECIDERS), pk=pk)
    may_answer = queries.may("accept", found, user)
    form = PlanAnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may_answer or request.POST.get("answer") not in form.answers:
            return _too_late(request, found)
        if form.is_valid():
            act = planning.accept if request.POST["answer"] == "accept" else planning.return_
            try:
                act(pk, reason=form.cleaned_data["reason"], by=user, at=clock.now())
            except NotPossibleNow:
                return _too_late(request, found)
            except RuleBroken as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _("Done. The applicant has been told."))
                return redirect("manager:award", pk=found.award_id)
    context = {
        "plan": found,
        "award": found.award,
        "form": form if may_answer else None,
        "decide_by": due_at_of(Kind.DECIDE_PLAN, Plan._meta.label_lower, found.pk),
    }
    return render(request, "manager/plan.html", context)


def _too_late(request: HttpRequest, found: Plan) -> HttpResponse:
    found.refresh_from_db(fields=["state"])
    message = _("Nothing was changed: this plan's state is now “%(state)s”.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("manager:plan", pk=found.pk)
