"""Reviewers who are no longer waited for."""

from datetime import datetime

from rdfast.milestones.models import Milestone
from rdfast.reviews import operations as reviews
from rdfast.reviews.models import Review
from rdfast.reviews.states import PENDING
from rdfast.timers import operations as timers


def stand_down(milestone: Milestone, *, at: datetime) -> None:
    """The milestone will not be reviewed: its reviewers are no longer waited for."""
    for review in Review.objects.filter(milestone=milestone, state__in=PENDING):
        expired = reviews.expire(review.pk, at=at)
        timers.cancel(of=expired, at=at)
