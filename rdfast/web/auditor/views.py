"""Reading everything, changing nothing."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from rdfast.audit.models import Event
from rdfast.audit.queries import all_events
from rdfast.core.working_days import start_of
from rdfast.decisions.queries import decisions_on
from rdfast.funding.models import Award
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.models import Arrow
from rdfast.ledger.queries import arrows_of_award, arrows_of_envelope, boxes_of_award, boxes_of_envelope
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Envelope
from rdfast.programmes.queries import allotment_of, programmes_served
from rdfast.proposals.queries import readable_by_agency, with_everything
from rdfast.reports import story
from rdfast.reports.statement import statement_of
from rdfast.screening.queries import latest_of
from rdfast.web.auditor.forms import EventFilters
from rdfast.web.pages import page_of
from rdfast.web.signed_in import person, person_serving

AUDITOR = Appointment.Role.AUDITOR


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The events are where an auditor begins."""
    person_serving(request, AUDITOR)
    return redirect("auditor:events")


@require_safe
@login_required
def events(request: HttpRequest) -> HttpResponse:
    """Who did what, to which object, when, why, and set in motion by what."""
    user = person_serving(request, AUDITOR)
    filters = EventFilters(request.GET)
    page = page_of(_filtered(_visible(user), filters), request, size=50)
    context = {"filters": filters, "page": page, "envelopes": _envelopes(user)}
    return render(request, "auditor/events.html", context)


def _visible(user: User) -> QuerySet[Event]:
    """Events of the proposals the auditor may read, and those that belong to no proposal."""
    # Looked up for each event on the page; with IN or EXISTS every readable proposal is read for every page.
    its_matter = readable_by_agency(user, AUDITOR).order_by().filter(pk=OuterRef("matter_id"))
    looked_up = all_events().alias(readable=Subquery(its_matter.values("pk")[:1]))
    return looked_up.filter(Q(readable__isnull=False) | Q(matter_id__isnull=True))


def _filtered(found: QuerySet[Event], filters: EventFilters) -> QuerySet[Event]:
    if not filters.is_valid():
        return found
    typed = filters.cleaned_data
    if typed["number"]:
        found = found.filter(matter_id=typed["number"])
    if typed["kind"]:
        found = found.filter(kind=typed["kind"])
    if typed["from_on"]:
        found = found.filter(at__gte=start_of(typed["from_on"]))
    if typed["until_on"]:
        found = found.filter(at__lt=start_of(typed["until_on"] + timedelta(days=1)))
    return found


def _envelopes(user: User) -> QuerySet[Envelope]:
    return Envelope.objects.filter(programme__in=programmes_served(user, AUDITOR)).select_related("programme")


@require_safe
@login_required
def matter(request: HttpRequest, pk: int) -> HttpResponse:
    """One proposal from its first line to its last won."""
    user = person(request)
    found = get_object_or_404(with_everything(readable_by_agency(user, AUDITOR)), pk=pk)
    award = (
        Award.objects.filter(proposal=found)
        .select_related("agreement__signed_by", "envelope__programme")
        .first()
    )
    context: dict[str, Any] = {
        "proposal": found,
        "award": award,
        "decisions": list(decisions_on(found)),
        "screening": latest_of(found),
        "story": story.for_agency(found.pk),
        "deadlines": story.deadlines_for_agency(found.pk),
    }
    if award:
        context["boxes"] = boxes_of_award(award.pk)
        context["statement"] = statement_of(arrows_of_award(award.pk))
        context["tranches"] = list(award.tranches.all())
        context["milestones"] = list(award.milestones.all())
    return render(request, "auditor/matter.html", context)


@require_safe
@login_required
def envelope(request: HttpRequest, pk: int) -> HttpResponse:
    """Where an envelope's money is, and every arrow that moved it; all boxes together are zero."""
    user = person(request)
    found = get_object_or_404(_envelopes(user), pk=pk)
    boxes = boxes_of_envelope(found.pk)
    page = page_of(arrows_of_envelope(found.pk), request, size=50)
    context = {
        "envelope": found,
        "boxes": {kind: amount for kind, amount in boxes.items() if kind != BoxKind.TREASURY},
        "treasury": boxes[BoxKind.TREASURY],
        "allotment": allotment_of(found),
        "total": sum(boxes.values()),
        "movements": _with_matters(page.rows, user),
        "page": page,
    }
    return render(request, "auditor/envelope.html", context)


def _with_matters(arrows: list[Arrow], user: User) -> list[tuple[Arrow, int | None, int | None]]:
    """Each arrow with its award, and with the proposal of that award if the auditor may read it."""
    of_award = [(arrow, arrow.source.award_id or arrow.target.award_id) for arrow in arrows]
    readable = readable_by_agency(user, AUDITOR).order_by().values("pk")
    awards = Award.objects.filter(pk__in={pk for _arrow, pk in of_award if pk}, proposal__in=readable)
    matters = dict(awards.values_list("pk", "proposal"))
    return [(arrow, pk, matters.get(pk or 0)) for arrow, pk in of_award]
