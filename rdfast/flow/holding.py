"""An award is suspended: payments stop the same day, everybody is told why, and how to put it right."""

from datetime import datetime, timedelta

from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.flow.reshaping import overtake
from rdfast.flow.telling import finance_officers, heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.states import LIVE, SUSPENDED, Cause
from rdfast.people.models import User
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind

# The head, told that a suspension is not resolved, has so long before a proceeding opens by itself.
HEAD_ACTS = timedelta(days=14)


def suspend(award: Award, cause: Cause, *, reason: str, by: User | None, at: datetime) -> None:
    """Suspend a live award, once: a second cause while it is suspended changes nothing but the history.

    The caller holds the award.
    """
    if award.state in SUSPENDED:
        audit.record("award.further_cause", of=award, by=by, at=at, reason=reason, data={"suspension": cause})
        return
    if award.state not in LIVE:
        return
    suspended = standing.suspend(award.pk, cause=cause, reason=reason, by=by, at=at)
    award.refresh_from_db()
    overtake(award, at=at)
    for tranche in award.tranches.filter(state="held"):
        tranche.award = award
        timers.cancel(of=tranche, at=at)
    terms = award.policy.terms
    resolve_by = at + timedelta(days=terms.suspension_days)
    timers.set(Kind.RESOLVE, of=award, due_at=resolve_by, at=at, remind_at=[resolve_by - timedelta(days=14)])
    proposal = award.proposal
    people = together(
        pi(proposal), signatories(award), managers(proposal), heads(proposal), finance_officers(proposal)
    )
    tell(
        people,
        "award_suspended",
        event=last_of(suspended),
        at=at,
        award=award,
        proposal=proposal,
        cause=cause.label,
        reason=reason,
        reply_by=at + timedelta(days=terms.reply_days),
        resolve_by=resolve_by,
    )


def unresolved(award: Award, *, at: datetime) -> None:
    """The clock: nobody resolved the suspension; the head is told, and a proceeding opens if nothing happens."""
    event = audit.record("award.unresolved", of=award, by=None, at=at)
    timers.set(Kind.OPEN_TERMINATION, of=award, due_at=at + HEAD_ACTS, at=at)
    proposal = award.proposal
    people = together(heads(proposal), managers(proposal))
    tell(people, "suspension_unresolved", event=event, at=at, award=award, due_at=at + HEAD_ACTS)
