"""Addresses that messages lead to: each shows whoever follows it the page of their own side."""

from django.contrib.auth.decorators import login_required
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from rdfast.funding import queries as funding
from rdfast.milestones import queries as milestones
from rdfast.programmes.models import Appointment
from rdfast.proposals.queries import DECIDERS
from rdfast.settlement import queries as settlement
from rdfast.web.signed_in import person

FINANCE = Appointment.Role.FINANCE


@require_safe
@login_required
def award(request: HttpRequest, pk: int) -> HttpResponse:
    """The award, as the applicant side, a manager or a finance officer sees it."""
    user = person(request)
    return _first(
        pk,
        ("researcher:award", funding.on_applicant_side(user)),
        ("manager:award", funding.readable_by_agency(user, *DECIDERS)),
        ("finance:award", funding.readable_by_agency(user, FINANCE)),
    )


@require_safe
@login_required
def milestone(request: HttpRequest, pk: int) -> HttpResponse:
    """The milestone, as the applicant side or a manager sees it."""
    user = person(request)
    return _first(
        pk,
        ("researcher:milestone", milestones.on_applicant_side(user)),
        ("manager:milestone", milestones.readable_by_agency(user, *DECIDERS)),
    )


@require_safe
@login_required
def recovery(request: HttpRequest, pk: int) -> HttpResponse:
    """The recovery, as the applicant side, a manager or a finance officer sees it."""
    user = person(request)
    return _first(
        pk,
        ("researcher:recovery", settlement.recoveries_for_applicant(user)),
        ("manager:recovery", settlement.recoveries_readable(user, *DECIDERS)),
        ("finance:recovery", settlement.recoveries_readable(user, FINANCE)),
    )


def _first(pk: int, *sides: tuple[str, QuerySet[Model]]) -> HttpResponse:
    """To the first page of which the person may read the object; 404 when there is none."""
    for page, readable in sides:
        if readable.filter(pk=pk).exists():
            return redirect(page, pk)
    raise Http404
