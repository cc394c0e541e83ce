"""Reads of screening reports."""

from rdfast.proposals.models import Proposal
from rdfast.screening.models import Report


def latest_of(proposal: Proposal) -> Report | None:
    """The report of the last screening."""
    return Report.objects.filter(proposal=proposal).order_by("-pk").first()
