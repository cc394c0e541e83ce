"""The numbered versions of a programme's rules, and the adoption of a new one."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.core.refusals import RuleBroken
from rdfast.people.models import User
from rdfast.programmes import operations, queries
from rdfast.programmes.models import Policy, Programme
from rdfast.programmes.terms import Terms, parse
from rdfast.reports.policies import differences, parameters_of, running_under
from rdfast.timers import clock
from rdfast.web.forms import ConfirmForm, show_refusal
from rdfast.web.programme.forms import PolicyForm
from rdfast.web.signed_in import person


def _readable(user: User) -> QuerySet[Programme]:
    mine = queries.readable(user)
    return mine | queries.without_a_version() if user.is_staff else mine


@require_safe
@login_required
def policies(request: HttpRequest, pk: int) -> HttpResponse:
    """Every version, the newest first, and how much runs under each."""
    user, at = person(request), clock.now()
    programme = get_object_or_404(_readable(user).distinct(), pk=pk)
    running = running_under(pk)
    versions = list(programme.policies.select_related("adopted_by").order_by("-number"))
    context = {
        "programme": programme,
        "versions": [(version, running.get(version.number, 0)) for version in versions],
        "in_force": _in_force(versions, at),
        "may_adopt": queries.may_adopt(user, pk),
    }
    return render(request, "programme/policies.html", context)


def _in_force(newest_first: list[Policy], at: datetime) -> Policy | None:
    return next((version for version in newest_first if version.starts_at <= at), None)


@require_safe
@login_required
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """One version: every parameter with its precedent, and what it was before."""
    user, at = person(request), clock.now()
    versions = Policy.objects.filter(programme__in=queries.readable(user))
    found = get_object_or_404(versions.select_related("programme", "adopted_by"), pk=pk)
    of_programme = list(Policy.objects.filter(programme=found.programme_id).order_by("-number"))
    before = next((each for each in of_programme if each.number < found.number), None)
    context = {
        "policy": found,
        "programme": found.programme,
        "before": before,
        "parameters": parameters_of(found.terms, before=before.terms if before else None),
        "running": running_under(found.programme_id).get(found.number, 0),
        "in_force": _in_force(of_programme, at),
    }
    return render(request, "programme/policy.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """A new version in two steps: fill it in, then see what differs and confirm it."""
    user, at = person(request), clock.now()
    programme = get_object_or_404(_readable(user).distinct(), pk=pk)
    if not queries.may_adopt(user, pk):
        raise Http404
    versions = list(programme.policies.order_by("-number"))
    shown = _in_force(versions, at) or (versions[0] if versions else None)
    terms = shown.terms if shown else Terms()
    data = request.POST if request.method == "POST" else None
    form = PolicyForm(data, initial=terms, after=versions[0].number if versions else 0, at=at)
    tick = ConfirmForm(data if data and data.get("action") == "adopt" else None, auto_id="confirm-%s")
    is_filled_in = form.is_valid() and form.data.get("action") != "edit"
    differing = differences(parse(form.values), before=terms) if is_filled_in else []
    # What is in force may be adopted again in place of a later version that waits for its day.
    if is_filled_in and shown and shown == versions[0] and not differing and not tick.is_bound:
        form.add_error(None, _("Nothing differs from version %(number)s.") % {"number": shown.number})
        is_filled_in = False
    if is_filled_in and tick.is_valid():
        try:
            adopted = operations.adopt(
                pk,
                values=form.values,
                reason=form.cleaned_data["reason"],
                starts_at=form.cleaned_data["starts_at"] or at,
                after=form.cleaned_data["after"],
                by=user,
                at=at,
            )
        except RuleBroken as refusal:
            show_refusal(form, refusal)
            is_filled_in = False
        else:
            told = _("Version %(number)s is adopted. Running awards keep theirs.")
            messages.success(request, told % {"number": adopted.number})
            is_reader = queries.readable(user).filter(pk=pk).exists()
            return redirect("programme:policy" if is_reader else "admin:programmes_policy_change", adopted.pk)
    context = {
        "programme": programme,
        "form": form,
        "shown": shown,
        "newest": versions[0] if versions else None,
        "running": running_under(pk),
    }
    if is_filled_in:
        context |= {"tick": tick, "differences": differing}
        return render(request, "programme/adopt_confirm.html", context)
    return render(request, "programme/adopt.html", context)
