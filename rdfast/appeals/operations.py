"""Writes of appeals. Award and proposal are locked first; what an upheld appeal undoes is told in `flow/appealing.py`."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from rdfast.appeals import queries, rules
from rdfast.appeals.models import Appeal
from rdfast.appeals.states import State
from rdfast.audit import operations as audit
from rdfast.core.locks import lock
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken, ensure
from rdfast.core.transactions import one_transaction
from rdfast.funding.models import Award
from rdfast.funding.operations import lock_award
from rdfast.people.models import User
from rdfast.proposals import queries as proposals
from rdfast.proposals.models import Proposal


class TooLateToAppeal(RuleBroken):
    """The days for an appeal are over, or the decision was appealed against before."""


class ReasonMissing(RuleBroken):
    """An appeal says what is wrong, and its decision why."""


@one_transaction
def file(proposal_id: int, event_id: int, *, text: str, by: User, at: datetime) -> Appeal:
    """The applicant side appeals against the decision that this event tells of, once and in time."""
    award_id = Award.objects.filter(proposal=proposal_id).values_list("pk", flat=True).first()
    # The clock holds the award while it puts into effect what nobody appealed against.
    award = lock_award(award_id) if award_id else None
    proposal = lock(Proposal, proposal_id)
    ensure(
        rules.may_file(proposals.relations(proposal, by)),
        _("Only the principal investigator and who signs for the organisation appeal."),
    )
    if not text.strip():
        raise ReasonMissing(_("Say what is wrong with the decision."), field="text")
    decision = next((each for each in queries.appealable(proposal, at=at) if each.pk == event_id), None)
    if decision is None:
        raise TooLateToAppeal(
            _(
                "The days for an appeal are over, the decision was appealed against already, or it no longer stands. "
                "Nothing was filed."
            )
        )
    appeal = Appeal.objects.create(
        proposal=proposal,
        award=award,
        against=rules.DECISIONS[decision.kind],
        decision=decision,
        text=text,
        filed_by=by,
        filed_at=at,
    )
    audit.began(appeal, by=by, at=at, reason=text)
    return appeal


def lock_appeal(appeal_id: int) -> Appeal:
    """Hold the proposal, then the appeal."""
    proposal_id = Appeal.objects.filter(pk=appeal_id).values_list("proposal", flat=True).first() or 0
    proposal = lock(Proposal, proposal_id)
    appeal = lock(Appeal, appeal_id)
    appeal.proposal = proposal
    return appeal


@one_transaction
def decide(appeal_id: int, move: str, *, reason: str, by: User, at: datetime) -> Appeal:
    """Uphold or reject (`move`), by a committee member who took no part, with a reason."""
    appeal = lock_appeal(appeal_id)
    if appeal.state != State.FILED:
        raise NotPossibleNow(appeal)
    ensure(queries.may(move, appeal, by), _("Only committee members who took no part in the matter decide."))
    if not reason.strip():
        raise ReasonMissing(_("Give a reason that both sides can read."), field="reason")
    getattr(appeal, move)(by=by, at=at, reason=reason)
    appeal.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    audit.moved(appeal, by=by, at=at, reason=reason)
    return appeal
