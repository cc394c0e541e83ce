"""The answer to a proposal, and what follows from it."""

from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects
from django.utils import timezone

from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.locks import lock
from rdfast.core.working_days import after_days, after_working_days
from rdfast.decisions import operations as decisions
from rdfast.decisions.models import Decision
from rdfast.flow import answering
from rdfast.flow.submitting import screening_facts
from rdfast.flow.telling import pi, signatories, tell, together
from rdfast.funding import operations as funding
from rdfast.funding.operations import PlannedTranche
from rdfast.milestones import operations as milestones
from rdfast.people.models import User
from rdfast.people.operations import lock_person
from rdfast.programmes.models import Policy
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.states import ANSWERABLE
from rdfast.screening import operations as screening
from rdfast.screening.rules import screen
from rdfast.timers import operations as timers
from rdfast.timers.kinds import Kind


def policy_of(proposal: Proposal) -> Policy:
    """The policy version the proposal was submitted under."""
    if proposal.policy is None:
        raise ValueError(f"{proposal} was never submitted")
    return proposal.policy


@boundaries.commit
def approve(proposal_id: int, *, amount: int, reason: str, by: User, at: datetime) -> Decision:
    """The manager's yes: a grant, or above the limit a recommendation to the second approver."""
    proposal = lock(Proposal, proposal_id, "policy", "call__envelope")
    if proposal.state in ANSWERABLE and amount > policy_of(proposal).terms.second_approval_above:
        return _recommend(proposal_id, amount=amount, reason=reason, by=by, at=at)
    return _grant(decisions.approve(proposal, amount=amount, reason=reason, by=by, at=at), by=by, at=at)


@boundaries.commit
def approve_second(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """The second approver's yes to the recommended amount."""
    proposal = lock(Proposal, proposal_id, "policy", "call__envelope")
    amount = proposal.recommended_amount or 0
    return _grant(decisions.approve(proposal, amount=amount, reason=reason, by=by, at=at), by=by, at=at)


def _recommend(proposal_id: int, *, amount: int, reason: str, by: User, at: datetime) -> Decision:
    decision = decisions.recommend(proposal_id, amount=amount, reason=reason, by=by, at=at)
    proposal = decision.proposal
    due_at = policy_of(proposal).terms.second_approval_by(at)
    timers.cancel(Kind.DECIDE, of=proposal, at=at)
    answering.ask(proposal, "proposal_recommended", due_at=due_at, at=at, decision=decision)
    return decision


def _grant(decision: Decision, *, by: User, at: datetime) -> Decision:
    """Approved, therefore: check eligibility again, offer, plan, set the signing clock, tell, reserve."""
    proposal = decision.proposal
    policy = policy_of(proposal)
    timers.cancel(of=proposal, at=at)
    _ensure_still_eligible(proposal, policy, at)
    prefetch_related_objects([proposal], "planned_milestones")

    award = funding.offer(
        proposal,
        amount=decision.amount or 0,
        policy=policy,
        planned=planned_tranches(proposal, at),
        by=by,
        at=at,
    )
    milestones.plan(award, proposal, by=by, at=at)
    sign_by = after_days(at, policy.terms.sign_days)
    wished = after_days(at, policy.terms.sign_wished_days)
    timers.set(Kind.SIGN, of=award, due_at=sign_by, at=at, remind_at=[wished, sign_by - timedelta(days=5)])
    tell(
        together(pi(proposal), signatories(award)),
        "award_offered",
        event=last_of(award),
        at=at,
        proposal=proposal,
        award=award,
        decision=decision,
        wished=wished,
        sign_by=sign_by,
    )
    funding.reserve(award, by=by, at=at)
    return decision


def _ensure_still_eligible(proposal: Proposal, policy: Policy, at: datetime) -> None:
    """Hold the PI, so that two awards to one person are counted one after the other, and screen again."""
    proposal.pi = lock_person(proposal.pi_id)
    findings = screen(screening_facts(proposal, call_is_open=True, at=at), policy.terms)
    screening.ensure_eligible([replace(finding, field="") for finding in findings])
    screening.attach(proposal, findings, policy=policy, at=at)


def planned_tranches(proposal: Proposal, at: datetime) -> list[PlannedTranche]:
    """One tranche per milestone, paid ahead of it: the first at signing, each later one after the one before."""
    planned = list(proposal.planned_milestones.all())
    before = [None, *planned[:-1]]
    return [
        PlannedTranche(
            share_percent=milestone.share_percent or 0,
            after_milestone=earlier.number if earlier else None,
            expected_on=(earlier.due_on if earlier else None) or timezone.localdate(at),
        )
        for milestone, earlier in zip(planned, before, strict=True)
    ]


@boundaries.commit
def refuse_second(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """The second approver's no: the manager decides anew, with a fresh clock."""
    decision = decisions.send_back(proposal_id, reason=reason, by=by, at=at)
    proposal = decision.proposal
    timers.cancel(of=proposal, at=at)
    due_at = policy_of(proposal).terms.decide_by(at)
    answering.ask(proposal, "second_approval_refused", due_at=due_at, at=at, decision=decision)
    return decision


@boundaries.commit
def give_back(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """Returned once for completion: the decision clock stops, the applicant's clock starts.

    The reminder two working days before leaves its notice, also where those two days follow each other.
    """
    decision = decisions.give_back(proposal_id, reason=reason, by=by, at=at)
    proposal = decision.proposal
    timers.cancel(of=proposal, at=at)
    days = policy_of(proposal).terms.resubmit_working_days
    due_at = after_working_days(at, days)
    timers.set(Kind.RESUBMIT, of=proposal, due_at=due_at, at=at, remind_at=[after_working_days(at, days - 2)])
    tell(
        pi(proposal),
        "proposal_returned",
        event=last_of(proposal),
        at=at,
        proposal=proposal,
        decision=decision,
        due_at=due_at,
    )
    return decision


@boundaries.commit
def decline(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """The no, with its reason; the applicant may appeal."""
    return _turned_down(
        decisions.decline(proposal_id, reason=reason, by=by, at=at), "proposal_declined", at=at
    )


@boundaries.commit
def route(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """Passed to the standard track, with its reason; the applicant may appeal."""
    return _turned_down(decisions.route(proposal_id, reason=reason, by=by, at=at), "proposal_routed", at=at)


def _turned_down(decision: Decision, template: str, *, at: datetime) -> Decision:
    proposal = decision.proposal
    timers.cancel(of=proposal, at=at)
    appeal_by = after_days(at, policy_of(proposal).terms.appeal_days)
    tell(
        together(pi(proposal), signatories(proposal)),
        template,
        event=last_of(proposal),
        at=at,
        proposal=proposal,
        decision=decision,
        appeal_by=appeal_by,
    )
    return decision


@boundaries.commit
def reassign(proposal_id: int, to: User, *, reason: str, by: User, at: datetime) -> Proposal:
    """The head gives a late decision to a manager, who has a clock of their own."""
    proposal = proposals.reassign(proposal_id, to, reason=reason, by=by, at=at)
    decide_by = policy_of(proposal).terms.second_approval_by(at)
    timers.cancel(Kind.DECIDE, of=proposal, at=at)
    timers.set(Kind.DECIDE, of=proposal, due_at=decide_by, at=at)
    tell(
        [to],
        "decision_reassigned",
        event=last_of(proposal),
        at=at,
        proposal=proposal,
        reason=reason,
        decide_by=decide_by,
    )
    return proposal


def start_decision_clock(proposal: Proposal, *, at: datetime) -> None:
    """A reopened proposal is decided within the usual time, by somebody else than before."""
    due_at = policy_of(proposal).terms.decide_by(at)
    answering.ask(proposal, "proposal_reopened", due_at=due_at, at=at)


def lapse(proposal: Proposal, *, at: datetime) -> None:
    """The clock: the returned proposal did not come back."""
    lapsed = proposals.lapse(proposal.pk, at=at)
    tell(pi(lapsed), "proposal_lapsed", event=last_of(lapsed), at=at, proposal=lapsed)
