"""Giving an answer: the proposal moves, and the decision with its reason is kept."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import written
from rdfast.core.locks import lock
from rdfast.core.refusals import RuleBroken
from rdfast.core.transactions import one_transaction
from rdfast.decisions.models import Decision
from rdfast.people.models import User
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal

Kind = Decision.Kind


class ReasonMissing(RuleBroken):
    """Every answer needs a reason that the applicant can read."""


class AmountTooHigh(RuleBroken):
    """More than was asked cannot be granted."""


@one_transaction
def recommend(proposal_id: int, *, amount: int, reason: str, by: User, at: datetime) -> Decision:
    """The manager's yes where a second one is needed."""
    _ensure_reason(reason)
    _ensure_amount(lock(Proposal, proposal_id), amount)
    proposal = proposals.recommend(proposal_id, amount=amount, by=by, at=at, reason=reason)
    return _add(proposal, Kind.RECOMMEND, by, at, reason, amount=amount)


@one_transaction
def approve(proposal: Proposal, *, amount: int, reason: str, by: User, at: datetime) -> Decision:
    """The only or the second yes to a provisional amount of `amount` minor units; the caller holds the proposal."""
    _ensure_reason(reason)
    first_by = _ensure_amount(proposal, amount).recommended_by
    proposal = proposals.approve(proposal, by=by, at=at, reason=reason, amount=amount)
    return _add(proposal, Kind.APPROVE, by, at, reason, amount=amount, first_by=first_by)


@one_transaction
def send_back(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """The second approver's no."""
    _ensure_reason(reason)
    first_by = lock(Proposal, proposal_id).recommended_by
    proposal = proposals.send_back(proposal_id, by=by, at=at, reason=reason)
    return _add(proposal, Kind.SEND_BACK, by, at, reason, first_by=first_by)


@one_transaction
def give_back(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """Return the proposal once, saying what is missing."""
    _ensure_reason(reason)
    proposal = proposals.give_back(proposal_id, by=by, at=at, reason=reason)
    return _add(proposal, Kind.RETURN, by, at, reason)


@one_transaction
def decline(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """The no."""
    _ensure_reason(reason)
    proposal = proposals.decline(proposal_id, by=by, at=at, reason=reason)
    return _add(proposal, Kind.DECLINE, by, at, reason)


@one_transaction
def route(proposal_id: int, *, reason: str, by: User, at: datetime) -> Decision:
    """Passed to the standard track."""
    _ensure_reason(reason)
    proposal = proposals.route(proposal_id, by=by, at=at, reason=reason)
    return _add(proposal, Kind.ROUTE, by, at, reason)


def _ensure_reason(reason: str) -> None:
    if not reason.strip():
        raise ReasonMissing(_("Give a reason that the applicant can read."), field="reason")


def _ensure_amount(proposal: Proposal, amount: int) -> Proposal:
    if amount <= 0:
        raise AmountTooHigh(_("Write an amount above zero."), field="amount")
    if amount > proposal.asked_provisional:
        message = _("At most the %(asked)s that was asked for can be granted.") % {
            "asked": written(proposal.asked_provisional)
        }
        raise AmountTooHigh(message, field="amount")
    return proposal


def _add(
    proposal: Proposal,
    kind: Kind,
    by: User,
    at: datetime,
    reason: str,
    *,
    amount: int | None = None,
    first_by: User | None = None,
) -> Decision:
    return Decision.objects.create(
        proposal=proposal, kind=kind, by=by, at=at, reason=reason, amount=amount, first_by=first_by
    )
