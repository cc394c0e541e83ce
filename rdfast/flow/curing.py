"""When a suspension may end: every cause of it is cured, or a special review of it was dismissed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from rdfast.audit.models import Event
from rdfast.flow import confirming, holding
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.milestones.queries import misses_in_a_row
from rdfast.milestones.states import State as MilestoneState
from rdfast.plans.queries import is_in
from rdfast.proceedings.queries import ended_without_effect, passed_review_at, running
from rdfast.proceedings.states import Kind as ProceedingKind
from rdfast.programmes.terms import Terms
from rdfast.settlement.queries import behind_with_accounts


@dataclass(frozen=True)
class Facts:
    """What the causes of a suspension depend on. The amount in minor units."""

    plan_is_in: bool
    confirmation_is_up_to_agency: bool
    day_lies_ahead: bool
    behind_with_accounts: int
    misses_in_a_row: int
    critical_failed: bool
    replanned: bool
    review_ended: bool
    # When the award passed its last special review; None while another runs.
    passed_at: datetime | None


def facts(award: Award, *, at: datetime) -> Facts:
    """Read from the award's rows and boxes, and from what happened since it was suspended."""
    since = award.suspended_at or at
    is_reviewed = running(award, ProceedingKind.SPECIAL_REVIEW).exists()
    due_on = award.confirmation_due_on
    return Facts(
        plan_is_in=is_in(award),
        confirmation_is_up_to_agency=confirming.waits_for_agency(award),
        day_lies_ahead=due_on is not None and due_on > timezone.localdate(at),
        behind_with_accounts=behind_with_accounts(award, at=at),
        misses_in_a_row=misses_in_a_row(award),
        critical_failed=award.milestones.filter(is_critical=True, state=MilestoneState.FAILED).exists(),
        replanned=Event.objects.filter(
            kind="milestone.begin", matter_id=award.matter_id, at__gte=since
        ).exists(),
        review_ended=not is_reviewed and ended_without_effect(award).exists(),
        passed_at=None if is_reviewed else passed_review_at(award),
    )


def is_cured(cause: Cause, since: datetime, facts: Facts, terms: Terms) -> bool:
    """Whether this cause no longer holds. What was there when a special review was passed is settled, whatever it was."""
    return (facts.passed_at is not None and since <= facts.passed_at) or {
        Cause.PLAN_OVERDUE: facts.plan_is_in,
        Cause.NOT_CONFIRMED: facts.confirmation_is_up_to_agency or facts.day_lies_ahead,
        Cause.ACCOUNT_OVERDUE: not facts.behind_with_accounts,
        Cause.MILESTONES_MISSED: facts.misses_in_a_row < terms.misses_to_suspension,
        Cause.CRITICAL_FAILED: not facts.critical_failed or facts.replanned,
        Cause.SPECIAL_REVIEW: facts.review_ended,
    }[cause]


def uncured(award: Award, *, at: datetime) -> list[Cause]:
    """The causes for which the award must stay suspended."""
    causes = holding.causes_of(award)
    known = facts(award, at=at) if causes else None
    terms = award.policy.terms
    return [cause for cause, since in causes.items() if known and not is_cured(cause, since, known, terms)]
