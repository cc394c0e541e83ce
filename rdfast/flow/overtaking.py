"""What waited for an award that moved on waits no more."""

from datetime import datetime

from rdfast.funding import motions
from rdfast.funding.models import Award
from rdfast.timers import operations as timers


def overtake_motion(award: Award, *, at: datetime) -> None:
    """The award moved on: a motion that waits for its second signature is overtaken, and its clock ends."""
    motion = motions.overtake(award, at=at)
    if motion is not None:
        timers.cancel(of=motion, at=at)
