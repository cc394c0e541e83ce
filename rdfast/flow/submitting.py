"""A proposal is handed in: it is complete, it is screened, its decision clock starts."""

from datetime import datetime

from django.utils import timezone

from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.locks import lock
from rdfast.core.refusals import ManyRulesBroken
from rdfast.flow import answering
from rdfast.flow.telling import managers, pi, tell
from rdfast.funding import queries as funding
from rdfast.people.models import User
from rdfast.people.queries import bans_on, signatories_of
from rdfast.programmes.queries import policy_in_force
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import budget_years, facts, read_team
from rdfast.proposals.rules import gaps
from rdfast.screening import operations as screening
from rdfast.screening.rules import Facts, screen
from rdfast.settlement import queries as settlement
from rdfast.timers import operations as timers


def screening_facts(proposal: Proposal, *, call_is_open: bool, at: datetime) -> Facts:
    """What the screening rules look at, counted at `at` in this installation and as declared outside it."""
    return Facts(
        call_is_open=call_is_open,
        asked_amount=proposal.asked_amount,
        asked_provisional=proposal.asked_provisional,
        years=budget_years(proposal),
        provisional_awards_of_pi=funding.provisional_awards_of(proposal.pi),
        projects_as_pi=funding.projects_led_by(proposal.pi) + proposal.other_projects_as_pi,
        projects_in_all=funding.running_projects_of(proposal.pi) + proposal.other_projects_in_all,
        unpaid_recoveries=settlement.unpaid_against(proposal.pi, proposal.organisation_id),
        bans=bans_on(proposal.pi, proposal.organisation_id, timezone.localdate(at)).count(),
        # Without an organisation there is nobody to look for: that gap is named by itself.
        has_signatory=not proposal.organisation_id or signatories_of(proposal.organisation_id).exists(),
    )


@boundaries.commit
def submit(proposal_id: int, *, by: User, at: datetime) -> Proposal:
    """Hand the proposal in. The decision is due 48 hours later (as the policy says), also after a return.

    Raises ManyRulesBroken with every gap and every screening rule that refuses it, each beside its field.
    """
    proposal = lock(Proposal, proposal_id, "call__programme", "pi")
    read_team(proposal)
    policy = policy_in_force(proposal.call.programme_id, at)
    # A returned proposal comes back within its own clock, whatever became of the call meanwhile.
    call_is_open = proposal.call.is_open(at) or proposal.times_returned > 0
    found = gaps(facts(proposal), terms=policy.terms, today=timezone.localdate(at))
    findings = screen(screening_facts(proposal, call_is_open=call_is_open, at=at), policy.terms)
    try:
        screening.ensure_eligible(findings)
    except ManyRulesBroken as refused:
        found += refused.refusals
    if found:
        raise ManyRulesBroken(found)

    proposals.submit(proposal, policy=policy, by=by, at=at)
    screening.attach(proposal, findings, policy=policy, at=at)
    timers.cancel(of=proposal, at=at)
    decide_by, event = policy.terms.decide_by(at), last_of(proposal)
    tell(pi(proposal), "proposal_received", event=event, at=at, proposal=proposal, decide_by=decide_by)
    answering.ask(proposal, "proposal_arrived", due_at=decide_by, at=at)
    return proposal


@boundaries.commit
def withdraw(proposal_id: int, *, by: User, at: datetime) -> Proposal:
    """The applicant takes the proposal back; all its clocks end."""
    was_draft = lock(Proposal, proposal_id).submitted_at is None
    proposal = proposals.withdraw(proposal_id, by=by, at=at)
    timers.cancel(of=proposal, at=at)
    if not was_draft:
        event = last_of(proposal)
        tell(managers(proposal), "proposal_withdrawn", event=event, at=at, proposal=proposal)
    return proposal
