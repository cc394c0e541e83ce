"""A suspension ends, and what stood still meanwhile goes on."""

from datetime import datetime

from rdfast.audit.queries import last_of
from rdfast.flow import completing, confirming, holding, paying, planning, proceeding
from rdfast.flow.reshaping import reshape
from rdfast.flow.telling import finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.states import Cause
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind

_OF_LOSSES = {Cause.MILESTONES_MISSED, Cause.CRITICAL_FAILED}


def resume(award: Award, *, reason: str, by: User, at: datetime) -> Award:
    """Resumed, therefore: payments pass their gates anew, and no day that went by meanwhile is held against it.

    The caller holds the award.
    """
    causes = holding.causes_of(award)
    resumed = standing.resume(award.pk, reason=reason, by=by, at=at)
    event = last_of(resumed)
    timers.cancel(Kind.RESOLVE, Kind.OPEN_TERMINATION, of=resumed, at=at)
    if _OF_LOSSES & set(causes):
        # To go on in spite of them is the answer to them: the money is for what lies ahead.
        reshape(resumed, None, by=by, at=at)
    planning.expect_again(resumed, at=at)
    confirming.expect_again(resumed, at=at)
    paying.expect_accounts_again(resumed, at=at)
    proceeding.drop_for_resumed(resumed, at=at)
    paying.consider(resumed, at=at)
    proposal = resumed.proposal
    people = together(
        pi(proposal), signatories(resumed), managers(proposal), heads(proposal), finance_officers(proposal)
    )
    tell(people, "award_resumed", event=event, at=at, award=resumed, reason=reason)
    # With the final report given meanwhile it is completed at once: that is told after its resumption.
    completing.consider(resumed, by=by, at=at)
    return resumed
