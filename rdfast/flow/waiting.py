"""Reopened proposals that wait for money: first in line, with their clocks stopped, until the envelope has some."""

from datetime import datetime
from itertools import accumulate

from rdfast.core import boundaries
from rdfast.core.locks import lock_if_free
from rdfast.flow.granting import start_decision_clock
from rdfast.ledger import queries as ledger
from rdfast.ledger.kinds import BoxKind
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import envelopes_waited_for, line_for_money


@boundaries.commit
def serve(envelope_id: int, *, at: datetime) -> None:
    """Start the clocks of those that the envelope's money suffices for, the first in line first.

    Every sweep does: money comes free in many ways, and so does a place in the line.
    """
    for waiting in _within_reach(envelope_id):
        proposal = lock_if_free(Proposal, waiting.pk)
        if proposal is None or proposal.waits_since is None:
            continue  # somebody is at it; the next sweep finds it
        proposals.serve(proposal, at=at)
        start_decision_clock(proposal, at=at)


def can_serve() -> bool:
    """Whether there is money that somebody waits for, and no sweep has been there yet."""
    return any(_within_reach(envelope_id) for envelope_id in envelopes_waited_for())


def _within_reach(envelope_id: int) -> list[Proposal]:
    """The first in line, as far as the envelope's money goes beyond what is kept for those served before.

    Whoever is served or answered between the two questions is counted once too often, and never once too little: the
    line is asked first, in one question.
    """
    line = list(line_for_money(envelope_id))
    left = ledger.balance(BoxKind.AVAILABLE, envelope_id=envelope_id)
    needed = accumulate(each.asked_provisional for each in line)
    return [each for each, so_far in zip(line, needed, strict=True) if each.waits_since and so_far <= left]
