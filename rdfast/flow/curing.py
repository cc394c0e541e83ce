"""When a suspension may end: every cause of it is cured, or a special review of it was dismissed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.flow import confirming, holding
from rdfast.funding.models import Award
from rdfast.funding.states import PAID, Cause
from rdfast.ledger.kinds import BoxKind
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.queries import misses_in_a_row
from rdfast.milestones.states import State as MilestoneState
from rdfast.plans.queries import is_in
from rdfast.proceedings.models import Proceeding
from rdfast.proceedings.states import Kind as ProceedingKind
from rdfast.proceedings.states import State as ProceedingState
from rdfast.programmes.terms import Terms


@dataclass(frozen=True)
class Facts:
    """What the causes of a suspension depend on. Amounts in minor units."""

    plan_is_in: bool
    ready_to_confirm: bool
    day_lies_ahead: bool
    advances: int
    advances_not_due_yet: int
    misses_in_a_row: int
    critical_failed: bool
    replanned: bool
    review_dismissed: bool


def facts(award: Award, *, at: datetime) -> Facts:
    """Read from the award's rows and boxes, and from what happened since it was suspended."""
    since = award.suspended_at or at
    not_due = award.tranches.filter(state__in=PAID, account_by__gt=at)
    dismissed = Proceeding.objects.filter(
        award=award,
        kind=ProceedingKind.SPECIAL_REVIEW,
        state=ProceedingState.DISMISSED,
        ended_at__gte=since,
    )
    due_on = award.confirmation_due_on
    return Facts(
        plan_is_in=is_in(award),
        ready_to_confirm=confirming.is_ready(award),
        day_lies_ahead=due_on is not None and due_on > timezone.localdate(at),
        advances=boxes_of_award(award.pk)[BoxKind.ADVANCES],
        advances_not_due_yet=sum(not_due.values_list("amount", flat=True)),
        misses_in_a_row=misses_in_a_row(award),
        critical_failed=award.milestones.filter(is_critical=True, state=MilestoneState.FAILED).exists(),
        replanned=Event.objects.filter(
            kind="milestone.begin", matter_id=award.matter_id, at__gte=since
        ).exists(),
        review_dismissed=dismissed.exists(),
    )


def is_cured(cause: Cause, facts: Facts, terms: Terms) -> bool:
    """Whether this cause no longer holds. What a special review dismissed is settled, whatever it was."""
    return (
        facts.review_dismissed
        or {
            Cause.PLAN_OVERDUE: facts.plan_is_in,
            Cause.NOT_CONFIRMED: facts.ready_to_confirm or facts.day_lies_ahead,
            Cause.ACCOUNT_OVERDUE: facts.advances <= facts.advances_not_due_yet,
            Cause.MILESTONES_MISSED: facts.misses_in_a_row < terms.misses_to_suspension,
            Cause.CRITICAL_FAILED: not facts.critical_failed or facts.replanned,
            Cause.SPECIAL_REVIEW: False,
        }[cause]
    )


def uncured(award: Award, *, at: datetime) -> list[Cause]:
    """The causes for which the award must stay suspended."""
    causes = holding.causes_of(award)
    known = facts(award, at=at) if causes else None
    return [cause for cause in causes if known and not is_cured(cause, known, award.policy.terms)]
