"""Downloads of evidence and receipts: to those who may read what they belong to, and never shown in the page."""

from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q
from django.http import FileResponse, HttpRequest
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from rdfast.appeals.queries import findings_judged
from rdfast.core.uploads import StoredFile
from rdfast.funding import queries as funding
from rdfast.milestones import queries as milestones
from rdfast.milestones.models import Evidence, FinalEvidence
from rdfast.proceedings.queries import for_committee
from rdfast.reviews.queries import evidence_for
from rdfast.settlement import queries as settlement
from rdfast.settlement.models import Receipt
from rdfast.web.signed_in import person


@require_safe
@login_required
def evidence(request: HttpRequest, pk: int) -> FileResponse:
    """A file of a milestone report: for both sides of its award, its reviewers, and who judges a dispute about it."""
    user = person(request)
    judged = findings_judged(user).filter(
        milestone=OuterRef("report__milestone"), round__gte=OuterRef("report__round")
    )
    voted_on = for_committee(user).filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("report__at")),
        award=OuterRef("report__milestone__award"),
    )
    readable = (
        Q(report__milestone__in=milestones.on_applicant_side(user).values("pk"))
        | Q(report__milestone__in=milestones.readable_by_agency(user).values("pk"))
        | Q(pk__in=evidence_for(user).values("pk"))
        | Q(Exists(judged))
        | Q(Exists(voted_on))
    )
    return _download(get_object_or_404(Evidence, readable, pk=pk))


@require_safe
@login_required
def final_evidence(request: HttpRequest, pk: int) -> FileResponse:
    """A file of a final report: for both sides of its award."""
    user = person(request)
    readable = Q(report__award__in=funding.on_applicant_side(user).values("pk")) | Q(
        report__award__in=funding.readable_by_agency(user).values("pk")
    )
    return _download(get_object_or_404(FinalEvidence, readable, pk=pk))


@require_safe
@login_required
def receipt(request: HttpRequest, pk: int) -> FileResponse:
    """A receipt of a claim: for both sides of its award, never for reviewers."""
    user = person(request)
    readable = Q(claim__in=settlement.on_applicant_side(user).values("pk")) | Q(
        claim__in=settlement.readable_by_agency(user).values("pk")
    )
    return _download(get_object_or_404(Receipt, readable, pk=pk))


def _download(file: StoredFile) -> FileResponse:
    """The file, streamed, to be saved: whatever it holds, the browser runs none of it."""
    response = FileResponse(
        default_storage.open(file.path),
        as_attachment=True,
        filename=file.name,
        content_type=file.content_type,
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
