"""A demo installation's clock, role switch and mailbox. Elsewhere they do not exist."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rdfast.flow import time_travel
from rdfast.outbox import queries as outbox
from rdfast.people.models import User
from rdfast.web.templatetags.rdfast import when

View = Callable[[HttpRequest], HttpResponse]
STEPS: dict[str, Callable[[], datetime]] = {
    "1d": lambda: time_travel.forward_by(timedelta(days=1)),
    "1w": lambda: time_travel.forward_by(timedelta(days=7)),
    "next": time_travel.forward_to_next_deadline,
}
PAGE = 25


def demo_only(view: View) -> View:
    """Outside a demo installation there is nothing here."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if not settings.DEMO:
            raise Http404
        return view(request)

    return guarded


@demo_only
@require_POST
def forward(request: HttpRequest) -> HttpResponse:
    """Move the clock; every deadline on the way acts in order."""
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        raise Http404
    now = step()
    messages.success(
        request,
        _("The clock now shows %(now)s. Everything due until then has happened.") % {"now": when(now)},
    )
    return _back(request)


@demo_only
@require_POST
def become(request: HttpRequest) -> HttpResponse:
    """Act as another person of the demo."""
    person = get_object_or_404(User, email=request.POST.get("account", ""), is_active=True)
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    return redirect("home")


@demo_only
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The mails that would have been sent, newest first."""
    mails = outbox.mailbox()
    after = request.GET.get("after", "")
    if after.isdecimal() and len(after) < 19:
        mails = mails.filter(pk__lt=int(after))
    page = list(mails[: PAGE + 1])
    more = page[PAGE - 1].pk if len(page) > PAGE else None
    return render(request, "demo/mailbox.html", {"mails": page[:PAGE], "after": more})


def _back(request: HttpRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe else "home")
