"""Changes of an agreement, one page for both sides: proposing with a look at the effect first, answering, reading."""

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.changes import queries, rules
from rdfast.changes.models import Change
from rdfast.changes.rules import Ahead
from rdfast.core.refusals import RuleBroken
from rdfast.flow import changing
from rdfast.funding import queries as funding
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.proposals.queries import DECIDERS
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.changes.forms import AnswerChangeForm, ChangeForm, PromiseRows, promises_form
from rdfast.web.forms import show_refusal, with_added_row
from rdfast.web.signed_in import person


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Draw up a change: see its effect first, then propose it."""
    user, at = person(request), clock.now()
    found = _award_of(user, pk)
    if not rules.may_propose(award_state=found.state, relations=funding.relations(found, user)):
        messages.warning(request, _("This award cannot be changed by you now."))
        return redirect(_award_page(found, user), pk=pk)
    data = _sent(request)
    form, rows = ChangeForm(data, award=found), promises_form(data, found)
    context: dict[str, Any] = {"award": found, "form": form, "rows": rows}
    if data is not None and "add_row" not in data and form.is_valid() and rows.is_valid():
        if data.get("action") != "propose":
            context["effect"] = _effect(form, rows, found, at=at)
        elif proposed := _propose(form, rows, found, by=user, at=at):
            messages.success(request, _told(proposed))
            return redirect("change", pk=proposed.pk)
    return render(request, "changes/propose.html", context)


def _sent(request: HttpRequest) -> QueryDict | None:
    if request.method != "POST":
        return None
    return with_added_row(request.POST) if "add_row" in request.POST else request.POST


def _award_of(user: User, pk: int) -> Award:
    """The award, for whoever may read it on either side."""
    for readable in (funding.on_applicant_side(user), funding.readable_by_agency(user, *DECIDERS)):
        found = readable.filter(pk=pk).first()
        if found is not None:
            return found
    raise Http404


def _award_page(award: Award, user: User) -> str:
    is_applicant = funding.on_applicant_side(user).filter(pk=award.pk).exists()
    return "researcher:award" if is_applicant else "manager:award"


def _effect(form: ChangeForm, rows: PromiseRows, award: Award, *, at: datetime) -> dict[str, Any]:
    promises = [
        Ahead(number, each.title, each.due_on, each.share_percent)
        for number, each in enumerate(rows.promises(), start=1)
    ]
    return _readable(
        rules.effect(
            form.cleaned_data["amount"], promises, queries.facts(award), today=timezone.localdate(at)
        )
    )


def _readable(effect: dict[str, Any]) -> dict[str, Any]:
    """The effect with days as days, so that templates can write them."""
    milestones = {
        when: [(title, date.fromisoformat(day), share) for title, day, share in rows]
        for when, rows in effect["milestones"].items()
    }
    payments = {
        when: [(date.fromisoformat(day), amount) for day, amount in rows]
        for when, rows in effect["payments"].items()
    }
    return {**effect, "milestones": milestones, "payments": payments}


def _propose(form: ChangeForm, rows: PromiseRows, award: Award, *, by: User, at: datetime) -> Change | None:
    try:
        return changing.propose(
            award.pk,
            amount=form.cleaned_data["amount"],
            promises=rows.promises(),
            reason=form.cleaned_data["reason"],
            base_version=form.cleaned_data["version"],
            once=form.cleaned_data["once"],
            by=by,
            at=at,
        )
    except RuleBroken as refusal:
        if not rows.show(refusal):
            show_refusal(form, refusal)
        return None


def _told(change: Change) -> str:
    if change.is_free_move:
        return _("The date is moved. Moving one date is free once; the next change needs an agreement.")
    return _("Proposed. The other side has been told and answers next.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change with its effect before and after; the other side answers it here."""
    user, at = person(request), clock.now()
    found = _change_of(user, pk)
    may_answer = queries.may("agree", found, user)
    form = AnswerChangeForm(request.POST if request.method == "POST" else None, auto_id="confirm-%s")
    if request.method == "POST" and not may_answer:
        messages.warning(request, _("Nothing was changed: this change does not wait for your answer."))
        return redirect("change", pk=pk)
    if form.is_valid():
        try:
            _answer(form, pk, by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("Your answer is recorded. The other side has been told."))
            return redirect("change", pk=pk)
    effect = found.effect or changing.effect_of(found, at=at)
    context = {
        "change": found,
        "award": found.award,
        "award_page": _award_page(found.award, user),
        "effect": _readable(effect) if found.state in {"proposed", "agreed"} else None,
        "form": form if may_answer else None,
    }
    return render(request, "changes/change.html", context)


def _change_of(user: User, pk: int) -> Change:
    for readable in (queries.on_applicant_side(user), queries.readable_by_agency(user, *DECIDERS)):
        rows = with_due_at(readable, Kind.ANSWER_CHANGE, matter="award__proposal_id")
        found = rows.filter(pk=pk).first()
        if found is not None:
            return found
    raise Http404


def _answer(form: AnswerChangeForm, pk: int, *, by: User, at: datetime) -> None:
    if form.cleaned_data["answer"] == "agree":
        changing.agree(pk, by=by, at=at)
    else:
        changing.refuse(pk, answer=form.cleaned_data["words"], by=by, at=at)
