"""The award moved on: what was drawn up for it as it stood before is overtaken."""

from datetime import datetime

from rdfast.audit.queries import last_of
from rdfast.changes import operations as changes
from rdfast.changes.queries import in_hand
from rdfast.flow.telling import tell
from rdfast.funding import motions
from rdfast.funding.models import Award
from rdfast.funding.queries import motion_in_hand
from rdfast.funding.states import MotionKind
from rdfast.milestones.models import Milestone
from rdfast.timers import operations as timers


def overtake(award: Award, *, at: datetime) -> None:
    """What waits for a second signature or for an answer is overtaken: its clock ends, and who proposed it is told.

    The caller holds the award.
    """
    _overtake_motion(award, at=at)
    _overtake_change(award, at=at)


def overtake_end(award: Award, *, at: datetime) -> None:
    """The applicant side wishes to go on: an end by consent that waits is overtaken. The caller holds the award."""
    motion = motion_in_hand(award)
    if motion is not None and motion.kind == MotionKind.TERMINATE:
        _overtake_motion(award, at=at)


def overtake_by_report(milestone: Milestone, *, at: datetime) -> None:
    """The milestone was reported: a change that waits to take its place comes too late. The caller holds the award."""
    change = in_hand(milestone.award)
    after = change.replaces_after if change else None
    if after is not None and milestone.number > after:
        _overtake_change(milestone.award, at=at)


def _overtake_motion(award: Award, *, at: datetime) -> None:
    motion = motions.overtake(award, at=at)
    if motion is not None:
        timers.cancel(of=motion, at=at)
        tell([motion.proposed_by], "motion_overtaken", event=last_of(motion), at=at, motion=motion)


def _overtake_change(award: Award, *, at: datetime) -> None:
    change = changes.overtake(award, at=at)
    if change is not None:
        timers.cancel(of=change, at=at)
        tell([change.proposed_by], "change_overtaken", event=last_of(change), at=at, change=change)
