"""The account statement of the applicant's own award."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from rdfast.funding.queries import on_applicant_side
from rdfast.reports.statements import Scope
from rdfast.timers import clock
from rdfast.web.signed_in import person
from rdfast.web.statements import PeriodForm, context_of, file_of


@require_safe
@login_required
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Balances and movements of the award's money, across its fiscal years."""
    found = get_object_or_404(on_applicant_side(person(request)), pk=pk)
    form = PeriodForm(request.GET, at=clock.now())
    context: dict[str, Any] = {"award": found, "form": form}
    if form.is_valid():
        context |= context_of(form.statement_of(Scope(found.number, awards=[found.pk])), request)
    return render(request, "researcher/statement.html", context)


@require_safe
@login_required
def statement_file(request: HttpRequest, pk: int, kind: str) -> HttpResponseBase:
    """The same as a file."""
    found = get_object_or_404(on_applicant_side(person(request)), pk=pk)
    form = PeriodForm(request.GET, at=clock.now())
    if not form.is_valid():
        return redirect("researcher:statement", pk)
    return file_of(form.statement_of(Scope(found.number, awards=[found.pk])), kind)
