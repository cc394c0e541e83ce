"""Money is accounted for: claims come in and are decided."""

from datetime import datetime

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.working_days import after_days
from rdfast.flow import closing, paying
from rdfast.flow.telling import TOLD_AGAIN, finance_officers, heads, pi, tell
from rdfast.people.models import User
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Claim
from rdfast.settlement.operations import Verdict
from rdfast.settlement.states import State
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


@boundaries.commit
def submit(claim_id: int, *, by: User, at: datetime) -> Claim:
    """A claim is in; the finance officer has fourteen days."""
    claim = settlement.submit(claim_id, by=by, at=at)
    award = claim.award
    due_at = after_days(at, award.policy.terms.claim_days)
    timers.set(Kind.DECIDE_CLAIM, of=claim, due_at=due_at, at=at)
    officers = finance_officers(award.proposal)
    tell(officers, "claim_submitted", event=last_of(claim), at=at, claim=claim, award=award, due_at=due_at)
    return claim


@boundaries.commit
def decide(
    claim_id: int, verdicts: dict[int, Verdict], *, by: User, at: datetime, checked_in_full: bool = False
) -> Claim:
    """Decided, therefore: what is accounted for stops its clock and may open the next tranche's gate."""
    claim = settlement.decide(claim_id, verdicts, by=by, at=at, checked_in_full=checked_in_full)
    award = claim.award
    timers.cancel(of=claim, at=at)
    paying.close_accounted(award, at=at)
    closing.end_claims(award, at=at)
    tell(pi(award.proposal), "claim_decided", event=last_of(claim), at=at, claim=claim, award=award)
    if claim.state != State.ACCEPTED:
        paying.give_more_time(award, at=at, claim=claim)
    paying.consider(award, at=at)
    return claim


def decision_late(claim: Claim, *, at: datetime) -> None:
    """The clock: the claim waits too long; finance officers and the head are told, again every week."""
    event = audit.record("claim.late", of=claim, by=None, at=at)
    timers.again(Kind.DECIDE_CLAIM, of=claim, due_at=at + TOLD_AGAIN, at=at)
    award, proposal = claim.award, claim.award.proposal
    officers = finance_officers(proposal)
    tell(officers, "claim_late", event=event, at=at, award=award, page="finance:claim", pk=claim.pk)
    others = [user for user in heads(proposal) if user not in officers]
    tell(others, "claim_late", event=event, at=at, award=award, page="award", pk=award.pk)
