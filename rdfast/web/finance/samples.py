"""The yearly audit samples: drawing them, and the claims that are still to be checked in full."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from rdfast.core.refusals import RuleBroken
from rdfast.flow import recovering
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import programmes_served
from rdfast.settlement.models import AuditSample
from rdfast.settlement.queries import to_check
from rdfast.timers import clock
from rdfast.web.finance.forms import DrawForm
from rdfast.web.forms import show_refusal
from rdfast.web.signed_in import person_serving

Role = Appointment.Role
DRAWERS = (Role.FINANCE, Role.HEAD)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def samples(request: HttpRequest) -> HttpResponse:
    """What was drawn with seed and numbers, what is still to be checked, and the draw."""
    user, at = person_serving(request, *DRAWERS), clock.now()
    programmes = programmes_served(user, *DRAWERS)
    last_year = timezone.localdate(at).year - 1
    form = DrawForm(
        request.POST if request.method == "POST" else None,
        programmes=programmes,
        initial={
            "year": request.GET.get("year", last_year),
            "programme": request.GET.get("programme", programmes.first()),
        },
        auto_id="confirm-%s",
    )
    if form.is_valid():
        typed = form.cleaned_data
        try:
            sample = recovering.draw_sample(typed["programme"].pk, typed["year"], by=user, at=at)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            told = _("Drawn: %(drawn)s of %(frame)s claims.")
            messages.success(request, told % {"drawn": len(sample.drawn), "frame": len(sample.frame)})
            return redirect("finance:samples")
    context = {
        "form": form,
        "to_check": to_check(user, *DRAWERS),
        "may_open": Role.FINANCE in user.appointments.values_list("role", flat=True),
        "samples": AuditSample.objects.filter(programme__in=programmes)
        .select_related("programme", "drawn_by")
        .order_by("-year", "programme"),
    }
    return render(request, "finance/samples.html", context)
