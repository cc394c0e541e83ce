"""The applicant side wishes to end the work; a manager may take it up."""

from datetime import datetime

from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.flow import overtaking
from rdfast.flow.telling import heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.people.models import User


@boundaries.commit
def ask_to_stop(award_id: int, *, reason: str, by: User, at: datetime) -> Award:
    """Asked, therefore: the programme is told, and may propose the end for a second signature."""
    award = standing.ask_to_stop(award_id, reason=reason, by=by, at=at)
    people = together(managers(award.proposal), heads(award.proposal))
    tell(people, "stop_asked", event=last_of(award), at=at, award=award, reason=reason)
    return award


@boundaries.commit
def take_back(award_id: int, *, by: User, at: datetime) -> Award:
    """The work shall go on, therefore: an end that was proposed because it was asked for is overtaken."""
    award = standing.take_stop_back(award_id, by=by, at=at)
    overtaking.overtake_end(award, at=at)
    people = together(managers(award.proposal), heads(award.proposal))
    others = [user for user in together(pi(award.proposal), signatories(award)) if user != by]
    tell(together(people, others), "stop_taken_back", event=last_of(award), at=at, award=award)
    return award
