"""An agreement takes a new shape: milestones in place of those not begun, their clocks, and payments cut anew."""

from datetime import datetime
from itertools import count

from django.utils import timezone

from rdfast.flow import holding, paying, performing
from rdfast.flow.standing_down import stand_down
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.operations import PlannedTranche
from rdfast.funding.queries import is_paid_after
from rdfast.funding.states import UNCONFIRMED
from rdfast.milestones import operations as milestones
from rdfast.milestones.models import Milestone
from rdfast.milestones.operations import Promise
from rdfast.milestones.states import BEHIND, State
from rdfast.people.models import User
from rdfast.plans import operations as plans
from rdfast.timers import operations as timers


def reshape(
    award: Award, promises: list[Promise] | None, *, after: int | None = None, by: User | None, at: datetime
) -> None:
    """Give the award these milestones (None: it keeps its own) and cut its unpaid money anew over what lies ahead.

    They take the place of those not begun, and of unreported ones numbered higher than `after`. The caller has stated
    the award's new amount and holds it. Nothing of the old shape keeps a clock.
    """
    if promises is not None:
        gone, made = milestones.replan(award, promises, after=after, by=by, at=at)
        for milestone in gone:
            timers.cancel(of=milestone, at=at)
            stand_down(milestone, at=at)
        for milestone in made:
            milestone.award = award
            performing.expect(milestone, at=at)
        if award.state in UNCONFIRMED:
            plans.follow(award, gone, made)
    for tranche in standing.recut(award, payments_ahead(award, at=at), by=by, at=at):
        timers.cancel(of=tranche, at=at)
    holding.failures_answered(award, at=at)
    paying.consider(award, at=at)


def payments_ahead(
    award: Award, promises: list[Promise] | None = None, *, at: datetime
) -> list[PlannedTranche]:
    """One payment ahead of every milestone still to be reached: the first follows the last one passed.

    What was paid ahead of the first one already is not paid again: then the next payment follows that one, unless it
    is the last. With `promises` as it will be once they have taken the place of those not begun.
    """
    of_award = list(award.milestones.exclude(state=State.SUPERSEDED).order_by("number"))
    passed = [milestone for milestone in of_award if milestone.state == State.PASSED]
    ahead = [milestone for milestone in of_award if milestone.state not in BEHIND]
    if promises is not None:
        ahead = [milestone for milestone in ahead if milestone.state != State.PLANNED]
        numbers = count(award.milestones.count() + 1)
        ahead += [
            Milestone(number=number, due_on=promise.due_on, share_percent=promise.share_percent)
            for number, promise in zip(numbers, promises, strict=False)
        ]
    before: list[Milestone | None] = [passed[-1] if passed else None, *ahead[:-1]]
    steps = list(zip(ahead, before, strict=False))
    if len(steps) > 1 and is_paid_after(award, passed[-1].number if passed else None):
        steps = steps[1:]
    today = timezone.localdate(at)
    return [
        PlannedTranche(
            share_percent=milestone.share_percent,
            after_milestone=earlier.number if earlier else None,
            expected_on=max(today, earlier.due_on) if earlier and earlier.state != State.PASSED else today,
        )
        for milestone, earlier in steps
    ]
