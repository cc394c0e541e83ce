"""Account statements for those who answer for a programme's money."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rdfast.programmes.rules import STATEMENT_READERS
from rdfast.timers import clock
from rdfast.web.programme.statement_form import StatementForm
from rdfast.web.signed_in import person_serving
from rdfast.web.statements import context_of, file_of


@require_safe
@login_required
def statement(request: HttpRequest) -> HttpResponse:
    """Opening and closing balances, movements, and money out by age, of what the filters choose."""
    user = person_serving(request, *STATEMENT_READERS)
    form = StatementForm(request.GET, user=user, at=clock.now())
    context: dict[str, Any] = {"form": form}
    if form.is_valid():
        context |= context_of(form.statement_of(form.scope), request)
    return render(request, "programme/statement.html", context)


@require_safe
@login_required
def statement_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same as a file."""
    user = person_serving(request, *STATEMENT_READERS)
    form = StatementForm(request.GET, user=user, at=clock.now())
    if not form.is_valid():
        return redirect(f"{reverse('programme:statement')}?{request.GET.urlencode()}")
    return file_of(form.statement_of(form.scope), kind)
