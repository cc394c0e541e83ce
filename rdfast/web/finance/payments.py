"""Releasing one payment, and noting that the bank confirmed it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.core.working_days import end_of
from rdfast.flow import paying
from rdfast.funding.models import Bounce, Tranche
from rdfast.funding.queries import payments_of, relations, tranches_readable
from rdfast.funding.rules import may_with_tranche
from rdfast.people.models import User
from rdfast.programmes.models import Appointment
from rdfast.reports import room
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import with_due_at
from rdfast.web.finance.forms import BounceForm
from rdfast.web.forms import ConfirmForm, show_refusal
from rdfast.web.signed_in import person

FINANCE = Appointment.Role.FINANCE


@require_safe
@login_required
def tranche(request: HttpRequest, pk: int) -> HttpResponse:
    """One payment: where it goes, what it puts at risk, and what can be done with it now."""
    user, at = person(request), clock.now()
    return _shown(request, _tranche(pk, user), user, _empty_form(), at=at)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """Pay it."""
    told = _("Payment released. The applicant has been told until when it must be accounted for.")
    return _done(request, pk, "release", paying.release, told)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """The bank confirmed it."""
    told = _("Noted: the bank has confirmed the payment. Claims can now account for it.")
    return _done(request, pk, "settle", paying.settle, told)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def bounce(request: HttpRequest, pk: int) -> HttpResponse:
    """The bank sent it back."""
    told = _("Noted: the bank sent the payment back. The organisation was asked for another account.")
    return _done(request, pk, "bounce", paying.bounce, told, form_class=BounceForm)


def _done(
    request: HttpRequest,
    pk: int,
    move: str,
    act: Callable[..., Tranche],
    told: str,
    form_class: type[ConfirmForm] = ConfirmForm,
) -> HttpResponse:
    user, at = person(request), clock.now()
    found = _tranche(pk, user)
    form = form_class(request.POST, auto_id="confirm-%s")
    if request.method != "POST":
        return redirect("finance:tranche", pk=pk)
    if not _may(move, found, user):
        return _too_late(request, found)
    if form.is_valid():
        try:
            typed = {name: value for name, value in form.cleaned_data.items() if name != "understood"}
            act(pk, **typed, by=user, at=at)
        except NotPossibleNow:
            found.refresh_from_db()
            return _too_late(request, found)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, told)
            return redirect("finance:tranche", pk=pk)
    return _shown(request, found, user, form, at=at)


def _tranche(pk: int, user: User) -> Tranche:
    readable = tranches_readable(user, FINANCE)
    kinds = (Kind.RELEASE_TRANCHE, Kind.SETTLE_TRANCHE, Kind.ACCOUNT)
    return get_object_or_404(with_due_at(readable, *kinds, matter="award__proposal_id"), pk=pk)


def _empty_form() -> ConfirmForm:
    return ConfirmForm(auto_id="confirm-%s")


def _may(move: str, found: Tranche, user: User) -> bool:
    is_approver = found.approved_by_id == user.pk
    return may_with_tranche(
        move, state=found.state, relations=relations(found.award, user), is_approver=is_approver
    )


def _too_late(request: HttpRequest, found: Tranche) -> HttpResponse:
    message = _("Nothing was changed: this payment's state is now “%(state)s”.")
    messages.warning(request, message % {"state": found.get_state_display()})
    return redirect("finance:tranche", pk=found.pk)


def _shown(
    request: HttpRequest, found: Tranche, user: User, form: ConfirmForm, *, at: datetime
) -> HttpResponse:
    may_release = _may("release", found, user)
    account_day = timezone.localdate(at) + timedelta(days=found.award.policy.terms.account_days)
    context: dict[str, Any] = {
        "tranche": found,
        "award": found.award,
        "form": form,
        "may_release": may_release,
        "may_settle": _may("settle", found, user),
        "bounce_form": form if isinstance(form, BounceForm) else BounceForm(auto_id="bounce-%s"),
        "bounces": Bounce.objects.filter(payment__tranche=found).select_related("payment", "by"),
        "approved_it_myself": found.state == "approved" and found.approved_by_id == user.pk,
        "account_by": found.account_by or end_of(account_day),
        "room": room.for_release(found, at=at) if may_release else None,
        "payments": [each for each in payments_of(found.award) if each.tranche_id == found.pk],
    }
    return render(request, "finance/tranche.html", context)
