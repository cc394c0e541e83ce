"""Appeals: filed in time, decided by the uninvolved; an upheld one undoes what it was filed against."""

from datetime import datetime

from rdfast.appeals import operations as appeals
from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import still_stands
from rdfast.appeals.states import Against
from rdfast.audit import operations as audit
from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.working_days import after_days
from rdfast.flow import evaluating, granting, proceeding, recovering, resuming
from rdfast.flow.telling import TOLD_AGAIN, committee, heads, managers, pi, signatories, tell, together
from rdfast.funding import standing
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.milestones import operations as milestones
from rdfast.people.models import User
from rdfast.proposals import operations as proposals
from rdfast.proposals.queries import kept_for_others
from rdfast.reviews.models import Finding
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


@boundaries.commit
def file(proposal_id: int, event_id: int, *, text: str, by: User, at: datetime) -> Appeal:
    """Filed, therefore: the committee has thirty days."""
    appeal = appeals.file(proposal_id, event_id, text=text, by=by, at=at)
    proposal = appeal.proposal
    days = proposal.policy.terms.decide_appeal_days if proposal.policy else 30
    due_at = after_days(at, days)
    timers.set(Kind.DECIDE_APPEAL, of=appeal, due_at=due_at, at=at)
    event = last_of(appeal)
    tell(committee(proposal), "appeal_filed", event=event, at=at, appeal=appeal, due_at=due_at)
    return appeal


@boundaries.commit
def reject(appeal_id: int, *, reason: str, by: User, at: datetime) -> Appeal:
    """Rejected: the decision stands."""
    return _decided(appeals.decide(appeal_id, "reject", reason=reason, by=by, at=at), at=at)


@boundaries.commit
def uphold(appeal_id: int, *, reason: str, by: User, at: datetime) -> Appeal:
    """Upheld, therefore: what was decided is undone, as far as it can be."""
    award_id = Appeal.objects.filter(pk=appeal_id).values_list("award", flat=True).first()
    award = lock_award(award_id) if award_id else None
    appeal = appeals.decide(appeal_id, "uphold", reason=reason, by=by, at=at)
    # What was lifted or overtaken while the appeal waited leaves nothing to undo.
    is_undone = still_stands(appeal.decision, appeal.proposal)
    _decided(appeal, at=at, is_undone=is_undone)
    if not is_undone:
        return appeal
    if appeal.against in {Against.DECLINE, Against.ROUTING}:
        _reopen(appeal, by=by, at=at)
    elif award is not None:
        _undo(appeal, award, by=by, at=at)
    return appeal


def _reopen(appeal: Appeal, *, by: User, at: datetime) -> None:
    """Decided anew by another manager; without money it waits first in line."""
    proposal = proposals.reopen(appeal.proposal_id, by=by, at=at, reason=appeal.reason)
    envelope_id = proposal.call.envelope_id
    kept = kept_for_others(envelope_id, than=proposal.pk)
    if ledger.balance(BoxKind.AVAILABLE, envelope_id=envelope_id) < kept + proposal.asked_provisional:
        proposals.wait_for_money(proposal, at=at)
        tell(pi(proposal), "proposal_waits", event=last_of(proposal), at=at, proposal=proposal)
    else:
        granting.start_decision_clock(proposal, at=at)


def _undo(appeal: Appeal, award: Award, *, by: User, at: datetime) -> None:
    subject_id, reason = appeal.decision.subject_id, appeal.reason
    match appeal.against:
        case Against.FINDING:
            finding = Finding.objects.get(pk=subject_id)
            milestone = milestones.hear_again(finding.milestone_id, by=by, at=at, reason=reason)
            timers.cancel(of=milestone, at=at)
            proceeding.drop_for_undone(milestone, at=at)
            evaluating.expect_reviews(milestone, at=at)
        case Against.SUSPENSION:
            resuming.resume(award, reason=reason, by=by, at=at)
        case Against.TERMINATION:
            standing.regrade(award.pk, reason=reason, by=by, at=at)
        case Against.RECOVERY:
            recovering.dismiss_upheld(subject_id, conclusion=reason, by=by, at=at)


def _decided(appeal: Appeal, *, at: datetime, is_undone: bool = False) -> Appeal:
    timers.cancel(of=appeal, at=at)
    proposal = appeal.proposal
    people = together(pi(proposal), signatories(proposal), managers(proposal), heads(proposal))
    tell(people, "appeal_decided", event=last_of(appeal), at=at, appeal=appeal, is_undone=is_undone)
    return appeal


def decision_late(appeal: Appeal, *, at: datetime) -> None:
    """The clock: nobody decided the appeal; the head is told, again every week."""
    event = audit.record("appeal.late", of=appeal, by=None, at=at)
    timers.again(Kind.DECIDE_APPEAL, of=appeal, due_at=at + TOLD_AGAIN, at=at)
    people = together(heads(appeal.proposal), committee(appeal.proposal))
    tell(people, "appeal_late", event=event, at=at, appeal=appeal)
