"""A recovery as those read it who are to pay: why, how much, until when, and what they can say against it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import recovering
from rdfast.funding.queries import relations
from rdfast.proposals.queries import applicant_side_of
from rdfast.reports import story
from rdfast.settlement import queries, rules
from rdfast.timers import clock
from rdfast.timers.queries import with_due_at
from rdfast.web.forms import show_refusal
from rdfast.web.recoveries import CLOCKS, shown
from rdfast.web.researcher.forms.award import ContestForm
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recovery(request: HttpRequest, pk: int) -> HttpResponse:
    """The notice, what is to be paid and where, and the objection."""
    user = person(request)
    mine = queries.recoveries_for_applicant(user)
    found = get_object_or_404(with_due_at(mine, *CLOCKS, matter="award__proposal_id"), pk=pk)
    may_contest = rules.may_recover(
        "contest", state=found.state, relations=relations(found.award, user), is_proposer=False
    )
    form = ContestForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_contest:
        messages.info(request, _("This can no longer be contested. This is how it stands now."))
        return redirect("researcher:recovery", pk)
    if form.is_valid():
        objection = form.cleaned_data["objection"]
        try:
            recovering.contest(pk, objection=objection, by=user, at=clock.now())
        except NotPossibleNow as refusal:
            messages.warning(request, str(refusal))
            return redirect("researcher:recovery", pk)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your objection has arrived. A manager decides on it."))
            return redirect("researcher:recovery", pk)
    context = {
        **shown(found),
        "story": story.of_one_for_applicant(found, applicant_side_of(found.award.proposal)),
        "may_contest": may_contest,
        "form": form,
    }
    return render(request, "researcher/recovery.html", context)
