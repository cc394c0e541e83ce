"""A suspension ends, and what stood still meanwhile goes on."""

from datetime import datetime

from rdfast.audit.queries import last_of
from rdfast.flow import completing, confirming, paying, planning, proceeding
from rdfast.flow.telling import finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


def resume(award: Award, *, reason: str, by: User, at: datetime) -> Award:
    """Resumed, therefore: payments pass their gates anew, and no day that went by meanwhile is held against it.

    The caller holds the award.
    """
    resumed = standing.resume(award.pk, reason=reason, by=by, at=at)
    event = last_of(resumed)
    timers.cancel(Kind.RESOLVE, Kind.OPEN_TERMINATION, of=resumed, at=at)
    planning.expect_again(resumed, at=at)
    confirming.expect_again(resumed, at=at)
    paying.expect_accounts_again(resumed, at=at)
    proceeding.drop_for_resumed(resumed, at=at)
    paying.consider(resumed, at=at)
    completing.consider(resumed, by=by, at=at)
    proposal = resumed.proposal
    people = together(
        pi(proposal), signatories(resumed), managers(proposal), heads(proposal), finance_officers(proposal)
    )
    tell(people, "award_resumed", event=event, at=at, award=resumed, reason=reason)
    return resumed
