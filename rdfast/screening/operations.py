"""Storing what the rules found."""

from dataclasses import asdict
from datetime import datetime

from rdfast.core.refusals import ManyRulesBroken, RuleBroken
from rdfast.core.transactions import one_transaction
from rdfast.programmes.models import Policy
from rdfast.proposals.models import Proposal
from rdfast.screening.models import Report
from rdfast.screening.rules import Finding, blocking, message_of


class NotEligible(RuleBroken):
    """A screening rule refuses the proposal."""


def ensure_eligible(findings: list[Finding]) -> None:
    """Raise ManyRulesBroken with one NotEligible per blocking finding, each beside its form field."""
    refusals: list[RuleBroken] = [
        NotEligible(message_of(finding), field=finding.field or None) for finding in blocking(findings)
    ]
    if refusals:
        raise ManyRulesBroken(refusals)


@one_transaction
def attach(proposal: Proposal, findings: list[Finding], *, policy: Policy, at: datetime) -> Report:
    """Keep the report with the proposal."""
    return Report.objects.create(
        proposal=proposal, policy=policy, at=at, findings=[asdict(finding) for finding in findings]
    )
