"""What is disputed in one proposal's story: proceedings, appeals, and what may still be appealed against."""

from dataclasses import dataclass
from datetime import datetime

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appeal_by, appealable
from rdfast.appeals.rules import DECISIONS
from rdfast.appeals.states import Against
from rdfast.audit.models import Event
from rdfast.core.amounts import written
from rdfast.flow.granting import policy_of
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.models import Proposal
from rdfast.reviews.models import Finding
from rdfast.settlement.models import Recovery


@dataclass(frozen=True)
class Possible:
    """A decision that may still be appealed against, until when, and as what."""

    event: Event
    against: str
    about: str
    until: datetime


@dataclass(frozen=True)
class Disputes:
    """Everything disputed about a proposal and its award, newest first."""

    proceedings: list[Proceeding]
    appeals: list[Appeal]
    possible: list[Possible]

    def __bool__(self) -> bool:
        return bool(self.proceedings or self.appeals or self.possible)


def of_proposal(proposal: Proposal, *, at: datetime) -> Disputes:
    """The disputes about the proposal and its award at `at`."""
    return Disputes(
        proceedings=list(Proceeding.objects.filter(award__proposal=proposal.pk).order_by("-pk")),
        appeals=list(Appeal.objects.filter(proposal=proposal.pk).order_by("-pk")),
        possible=[
            Possible(
                event,
                str(DECISIONS[event.kind].label),
                about(event),
                appeal_by(event, policy_of(proposal)),
            )
            for event in appealable(proposal, at=at)
        ],
    )


def finding_of(decision: Event) -> Finding | None:
    """The evaluation that was decided, if it was one."""
    if DECISIONS[decision.kind] != Against.FINDING:
        return None
    return Finding.objects.select_related("milestone").get(pk=decision.subject_id)


def recovery_of(decision: Event) -> Recovery | None:
    """The recovery that was determined, if it was one."""
    if DECISIONS[decision.kind] != Against.RECOVERY:
        return None
    return Recovery.objects.get(pk=decision.subject_id)


def about(decision: Event) -> str:
    """Which of several decisions of its kind it is, in words; empty where there is but one."""
    if finding := finding_of(decision):
        return f"{finding.milestone}: {finding.get_result_display()}"
    if recovery := recovery_of(decision):
        return f"{recovery.get_kind_display()}: {written(recovery.amount)}"
    return ""
