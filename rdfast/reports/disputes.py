"""What is disputed in one proposal's story: proceedings, appeals, and what may still be appealed against."""

from dataclasses import dataclass
from datetime import datetime

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appeal_by, appealable
from rdfast.appeals.rules import DECISIONS
from rdfast.audit.models import Event
from rdfast.flow.granting import policy_of
from rdfast.proceedings.models import Proceeding
from rdfast.proposals.models import Proposal


@dataclass(frozen=True)
class Possible:
    """A decision that may still be appealed against, until when, and as what."""

    event: Event
    against: str
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
            Possible(event, str(DECISIONS[event.kind].label), appeal_by(event, policy_of(proposal)))
            for event in appealable(proposal, at=at)
        ],
    )
