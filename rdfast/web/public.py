"""The face that everyone sees: what rdfast is, the calls, signing in and out, one's notices."""

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from rdfast.outbox.queries import messages_of
from rdfast.people.models import User
from rdfast.programmes.models import Call
from rdfast.programmes.queries import open_calls
from rdfast.reports.speed import FEWEST, published
from rdfast.timers import clock
from rdfast.web.context import is_researcher, start_page
from rdfast.web.signed_in import person

PAGE = 20


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What rdfast is, for visitors; whoever is signed in goes to where their work is."""
    if isinstance(request.user, User):
        return redirect(start_page(request.user))
    return render(request, "public/home.html", {"calls": open_calls(clock.now())[:5]})


@require_safe
def calls(request: HttpRequest) -> HttpResponse:
    """Open and coming calls, and the closed ones page by page."""
    now = clock.now()
    current = _calls().filter(closes_at__gt=now).order_by("closes_at", "pk")
    closed = _calls().filter(closes_at__lte=now).order_by("-pk")
    after = request.GET.get("after", "")
    if after.isdecimal():
        closed = closed.filter(pk__lt=int(after))
    shown = list(closed[: PAGE + 1])
    return render(
        request,
        "public/calls.html",
        {
            "current": [] if after else current,
            "closed": shown[:PAGE],
            "next_key": shown[PAGE - 1].pk if len(shown) > PAGE else None,
        },
    )


@require_safe
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """One call, with the criteria by which its awards are continued."""
    found = get_object_or_404(_calls(), pk=pk)
    is_open = found.is_open(clock.now())
    may_propose = not isinstance(request.user, User) or is_researcher(request.user)
    return render(
        request, "public/call.html", {"call": found, "is_open": is_open, "may_propose": may_propose}
    )


@require_safe
def speed(request: HttpRequest) -> HttpResponse:
    """How fast each programme decides and pays, by month, with nothing subtracted."""
    return render(request, "public/speed.html", {"programmes": published(at=clock.now()), "fewest": FEWEST})


def _calls() -> QuerySet[Call]:
    return Call.objects.select_related("programme")


class SignInForm(AuthenticationForm):
    """E-mail address and password; says the same whether the address or the password is wrong."""

    username = forms.EmailField(
        label=_("E-mail address"),
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    error_messages = {
        "invalid_login": _(
            "This e-mail address and password do not match an account. Check both and try again."
        ),
        "inactive": _("This account has been closed. Ask the administrator of your organisation."),
    }


class SignIn(LoginView):
    """Signing in; too many failures lock the address out for a while (django-axes)."""

    template_name = "public/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


@require_safe
def administration_sign_in(request: HttpRequest) -> HttpResponse:
    """Administration has no door of its own: visitors sign in as everywhere, for others it does not exist."""
    if request.user.is_authenticated:
        raise Http404
    return redirect_to_login(request.GET.get("next") or reverse("admin:index"))


@require_safe
@login_required
def messages(request: HttpRequest) -> HttpResponse:
    """What the person was told, newest first."""
    notices = messages_of(person(request))
    after = request.GET.get("after", "")
    shown = list(notices.filter(_before(after))[: PAGE + 1])
    context: dict[str, Any] = {
        "notices": shown[:PAGE],
        "next_key": shown[PAGE - 1].pk if len(shown) > PAGE else None,
    }
    return render(request, "public/messages.html", context)


def _before(key: str) -> Q:
    return Q(pk__lt=int(key)) if key.isdecimal() else Q()
