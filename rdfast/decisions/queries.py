"""Reads of decisions."""

from django.db.models import QuerySet

from rdfast.decisions.models import Decision
from rdfast.proposals.models import Proposal


def decisions_on(proposal: Proposal) -> QuerySet[Decision]:
    """Every answer the proposal was given, newest first."""
    return Decision.objects.filter(proposal=proposal).select_related("by", "first_by").order_by("-pk")
