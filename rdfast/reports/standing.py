"""How an award stands between signature and end: its plan, why it is suspended, and what may be proposed now."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from rdfast.flow import completing, confirming, curing, holding, moving
from rdfast.flow.reshaping import payments_ahead
from rdfast.funding.models import Award, Motion
from rdfast.funding.queries import motion_in_hand, motions_of, readable_by_agency
from rdfast.funding.rules import may_extend, may_propose_motion
from rdfast.funding.states import RUNNING, SUSPENDED, AwardState, Cause, MotionKind, MotionState
from rdfast.milestones.models import FinalReport, Milestone
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.plans.models import Plan
from rdfast.plans.queries import plan_of
from rdfast.plans.states import State as PlanState
from rdfast.programmes.models import Appointment
from rdfast.programmes.relations import Relation

Role = Appointment.Role


@dataclass(frozen=True)
class Standing:
    """What the pages of an award show of it beside money and milestones."""

    plan: Plan | None
    final_report: FinalReport | None
    causes: list[Cause]
    uncured: list[Cause]
    motion: Motion | None
    motions: list[Motion]
    takes_final_report: bool


def of_award(award: Award, *, at: datetime) -> Standing:
    """Read from the award's rows."""
    return Standing(
        plan=plan_of(award),
        final_report=FinalReport.objects.filter(award=award).prefetch_related("evidence").first(),
        causes=list(holding.causes_of(award)),
        uncured=curing.uncured(award, at=at),
        motion=motion_in_hand(award),
        motions=list(motions_of(award)),
        takes_final_report=completing.is_time(award, at=at),
    )


def may_be_proposed(kind: MotionKind, award: Award, relations: frozenset[Relation], *, at: datetime) -> bool:
    """Whether a person of these relations may propose this now: its time has come, and no other motion waits."""
    if not may_propose_motion(kind, award_state=award.state, relations=relations) or motion_in_hand(award):
        return False
    match kind:
        case MotionKind.RAISE:
            return (
                award.milestones.filter(state=MilestoneState.PASSED).exists()
                and moving.most_for(award) > award.amount
                and bool(payments_ahead(award, at=at))
            )
        case MotionKind.CONFIRM:
            return confirming.is_ready(award)
        case MotionKind.RESUME:
            return not curing.uncured(award, at=at)
        case MotionKind.TERMINATE:
            return award.stop_asked_at is not None


def to_act_on(user: User) -> QuerySet[Award]:
    """Awards that wait for a motion of this manager or head: to be confirmed, resumed or ended, the oldest first."""
    passed = Milestone.objects.filter(award=OuterRef("pk"), state=MilestoneState.PASSED)
    waiting = Motion.objects.filter(award=OuterRef("pk"), state=MotionState.PROPOSED)
    is_ready = Q(Exists(passed), state=AwardState.PROVISIONAL, plan__state=PlanState.ACCEPTED)
    running = readable_by_agency(user, Role.MANAGER, Role.DEPUTY, Role.HEAD).filter(state__in=RUNNING)
    asks = Q(stop_asked_at__isnull=False) | Q(state__in=SUSPENDED) | is_ready
    return running.filter(asks, ~Exists(waiting)).order_by("pk")


def may_be_extended(award: Award, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may give the confirmation more days, which is done once."""
    return award.extended_at is None and may_extend(award_state=award.state, relations=relations)


def most_for(award: Award) -> int:
    """What the award may be raised to now, in minor units."""
    return moving.most_for(award)
