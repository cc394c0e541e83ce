"""A proposal waits for its answer: whoever may give it is asked, until somebody does."""

from datetime import datetime
from typing import Any

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.locks import lock
from rdfast.flow.telling import TOLD_AGAIN, administrators, answerers, heads, managers, tell, together
from rdfast.people import operations as people
from rdfast.people.models import User
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import UNANSWERED, State
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of


def ask(proposal: Proposal, template: str, *, due_at: datetime, at: datetime, **context: Any) -> None:
    """Set the clock of the answer and tell everybody who may give it; without them it is the head's from the start."""
    timers.set(_clock_of(proposal), of=proposal, due_at=due_at, at=at)
    event, asked = last_of(proposal), answerers(proposal)
    tell(asked, template, event=event, at=at, proposal=proposal, decide_by=due_at, **context)
    if not asked:
        _pass_to_head(proposal, due_at=due_at, at=at)


def late(proposal: Proposal, *, at: datetime) -> None:
    """The clock: no answer in time. The head may give it from now on; all are told, again every week until one does."""
    if proposal.escalated_at is None:
        proposal = proposals.escalate(proposal.pk, at=at)
    else:
        audit.record("proposal.late", of=proposal, by=None, at=at)
    timers.again(_clock_of(proposal), of=proposal, due_at=at + TOLD_AGAIN, at=at)
    asked = answerers(proposal)
    concerned = together(asked, heads(proposal), managers(proposal))
    tell(concerned, "decision_late", event=last_of(proposal), at=at, proposal=proposal)
    if not asked:
        _alarm(proposal, at=at)


@boundaries.commit
def declare_conflict(proposal_id: int, *, reason: str, by: User, at: datetime) -> None:
    """The person keeps away from the applicants and their organisation; if nobody else may answer, the head does."""
    proposal = lock(Proposal, proposal_id)
    people.declare_conflict(
        by, with_user=proposal.pi, with_organisation=proposal.organisation, reason=reason, at=at
    )
    waits = proposal.state in UNANSWERED and proposal.waits_since is None
    if waits and not answerers(proposal):
        due_at = due_at_of(_clock_of(proposal), Proposal._meta.label_lower, proposal.pk)
        _pass_to_head(proposal, due_at=due_at or at, at=at)


def _pass_to_head(proposal: Proposal, *, due_at: datetime, at: datetime) -> None:
    """Nobody else may answer: waiting for the clock to run out would help nobody."""
    if proposal.escalated_at is None:
        proposals.pass_to_head(proposal, at=at)
    asked = answerers(proposal)
    tell(asked, "passed_to_head", event=last_of(proposal), at=at, proposal=proposal, decide_by=due_at)
    if not asked:
        _alarm(proposal, at=at)


def _alarm(proposal: Proposal, *, at: datetime) -> None:
    """Nobody appointed may answer: only an administrator can help."""
    tell(administrators(), "nobody_may_answer", event=last_of(proposal), at=at, proposal=proposal)


def _clock_of(proposal: Proposal) -> Kind:
    return Kind.SECOND_APPROVAL if proposal.state == State.RECOMMENDED else Kind.DECIDE
