"""The portfolio, and one award."""

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from rdfast.changes.rules import may_propose
from rdfast.funding.models import Award
from rdfast.funding.queries import readable_by_agency, relations
from rdfast.funding.rules import may_with_tranche
from rdfast.funding.states import MotionKind
from rdfast.ledger.queries import boxes_of_award
from rdfast.proceedings.rules import may_open
from rdfast.proceedings.states import Kind
from rdfast.proposals.queries import DECIDERS
from rdfast.reports import disputes, room, standing, story
from rdfast.settlement.queries import recoveries_of
from rdfast.settlement.rules import may_propose_recovery
from rdfast.timers import clock
from rdfast.timers.queries import with_next_due_at
from rdfast.web.manager.forms import AwardFilters
from rdfast.web.pages import page_of
from rdfast.web.signed_in import person, person_serving


@require_safe
@login_required
def awards(request: HttpRequest) -> HttpResponse:
    """Every award of the person's programmes, newest first."""
    user = person_serving(request, *DECIDERS)
    filters = AwardFilters(request.GET)
    found = _filtered(readable_by_agency(user, *DECIDERS), filters)
    page = page_of(with_next_due_at(found, matter="proposal_id"), request)
    return render(request, "manager/awards.html", {"filters": filters, "page": page})


def _filtered(found: QuerySet[Award], filters: AwardFilters) -> QuerySet[Award]:
    if not filters.is_valid():
        return found
    state, text = filters.cleaned_data["state"], filters.cleaned_data["organisation"]
    if state:
        found = found.filter(state=state)
    if text:
        found = found.filter(
            Q(organisation__name_ko__icontains=text) | Q(organisation__name_en__icontains=text)
        )
    return found


@require_safe
@login_required
def award(request: HttpRequest, pk: int) -> HttpResponse:
    """One award: its payments, milestones and money, what is due, and what happened."""
    user, at = person(request), clock.now()
    awards_ = readable_by_agency(user, *DECIDERS).select_related("agreement__signed_by")
    found = get_object_or_404(awards_, pk=pk)
    theirs = relations(found, user)
    tranches = list(found.tranches.all())
    context = {
        "award": found,
        "tranches": tranches,
        "to_approve": [t for t in tranches if may_with_tranche("approve", state=t.state, relations=theirs)],
        "milestones": list(found.milestones.all()),
        "claims": list(found.claims.exclude(state="draft")),
        "recoveries": recoveries_of(found),
        "may_recover": may_propose_recovery(award_state=found.state, relations=theirs),
        "boxes": boxes_of_award(found.pk),
        "exposure": room.exposure_of(found, at=at),
        "room": room.of_award(found, at=at),
        "changes": list(found.changes.order_by("-number")),
        "may_change": may_propose(award_state=found.state, relations=theirs),
        "disputes": disputes.of_proposal(found.proposal, at=at),
        "may_open": any(may_open(kind, award_state=found.state, relations=theirs) for kind in Kind),
        "standing": standing.of_award(found, at=at),
        "possible": [kind for kind in MotionKind if standing.may_be_proposed(kind, found, theirs, at=at)],
        "may_extend": standing.may_be_extended(found, theirs),
        "story": story.for_agency(found.proposal_id),
        "deadlines": story.deadlines_for_agency(found.proposal_id),
    }
    return render(request, "manager/award.html", context)
