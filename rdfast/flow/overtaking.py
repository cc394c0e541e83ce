"""The award moved on: what was drawn up for it as it stood before is overtaken."""

from datetime import datetime

from rdfast.changes import operations as changes
from rdfast.funding import motions
from rdfast.funding.models import Award
from rdfast.timers import operations as timers


def overtake(award: Award, *, at: datetime) -> None:
    """What waits for a second signature or for an answer is overtaken, and its clock ends. The caller holds the award."""
    for overtaken in (motions.overtake(award, at=at), changes.overtake(award, at=at)):
        if overtaken is not None:
            timers.cancel(of=overtaken, at=at)
