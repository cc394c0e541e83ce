"""The programmes a person serves, and the money of one envelope."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.core.refusals import RuleBroken
from rdfast.flow import allotting
from rdfast.people.models import User
from rdfast.programmes import queries, rules
from rdfast.programmes.models import Envelope, Policy
from rdfast.proposals.queries import readable_by_agency, waiting_for_money
from rdfast.reports.envelopes import account_of, limits_of
from rdfast.timers import clock
from rdfast.web.forms import show_refusal
from rdfast.web.programme.drawing import flow_of, rows_of
from rdfast.web.programme.forms import AmountForm, ReasonForm
from rdfast.web.signed_in import person

# How many proposals that wait for money are listed.
LINE = 20


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The programmes whose money and rules the person may read; for administrators also those without any rules."""
    user = person(request)
    mine = queries.readable(user)
    found = mine | queries.without_a_version() if user.is_staff else mine
    programmes = (
        found.distinct()
        .order_by("code")
        .prefetch_related(
            Prefetch("envelopes", queryset=Envelope.objects.order_by("-year")),
            Prefetch("policies", queryset=Policy.objects.order_by("-number").select_related("adopted_by")),
        )
    )
    if not programmes:
        raise Http404
    readable = set(mine.values_list("pk", flat=True))
    context = {
        "programmes": [(programme, programme.pk in readable) for programme in programmes],
        "may_read_statements": not queries.roles_of(user).isdisjoint(rules.STATEMENT_READERS),
    }
    return render(request, "programme/home.html", context)


def _readable(user: User) -> QuerySet[Envelope]:
    return Envelope.objects.filter(programme__in=queries.readable(user)).select_related("programme")


@require_safe
@login_required
def envelope(request: HttpRequest, pk: int) -> HttpResponse:
    """Where the money of a year came from and is now, what is at risk, and who waits for it."""
    user, at = person(request), clock.now()
    found = get_object_or_404(_readable(user), pk=pk)
    account = account_of(found)
    waiting = waiting_for_money(found.pk)
    context = {
        "envelope": found,
        "account": account,
        "flow": flow_of(account),
        "rows": rows_of(account),
        "moved": [(str(what.label), amount) for what, amount in account.moved.items()],
        "limits": limits_of(found, at=at),
        "waiting": list(waiting.filter(pk__in=readable_by_agency(user).order_by().values("pk"))[:LINE]),
        "waiting_count": waiting.count(),
        "moves": [move for move in rules.MONEY_WHO if _may(move, found, user, at)],
    }
    return render(request, "programme/envelope.html", context)


def _may(move: str, found: Envelope, user: User, at: datetime) -> bool:
    if move == "end_year" and not queries.year_is_over(found, at):
        return False
    return rules.may_with_money(move, queries.roles_in(user, found.programme_id))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def allot(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what the ministry gives."""
    return _change(request, pk, "allot", AmountForm)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def cut(request: HttpRequest, pk: int) -> HttpResponse:
    """Record what the ministry takes back."""
    return _change(request, pk, "cut", AmountForm)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def end_year(request: HttpRequest, pk: int) -> HttpResponse:
    """Have what is left of a past year taken back."""
    return _change(request, pk, "end_year", ReasonForm)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def carry_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Carry money over into the next year."""
    return _change(request, pk, "carry_over", AmountForm)


_MOVES: dict[str, Callable[..., Any]] = {
    "allot": allotting.allot,
    "cut": allotting.cut,
    "end_year": allotting.end_year,
    "carry_over": allotting.carry_over,
}


def _change(request: HttpRequest, pk: int, move: str, form_class: type[ReasonForm]) -> HttpResponse:
    """One movement of an envelope's money, with a reason and a tick."""
    user, at = person(request), clock.now()
    found = get_object_or_404(_readable(user), pk=pk)
    if not rules.may_with_money(move, queries.roles_in(user, found.programme_id)):
        raise Http404
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_valid():
        amount = {"amount": form.cleaned_data["amount"]} if "amount" in form.fields else {}
        key, reason = str(form.cleaned_data["once"]), form.cleaned_data["reason"]
        try:
            _MOVES[move](pk, **amount, reason=reason, key=key, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Recorded. This is how the envelope stands now."))
            return redirect("programme:envelope", pk)
    context = {"envelope": found, "form": form, "move": move, "available": queries.available_in(found)}
    return render(request, "programme/change.html", context)
