"""Who may do what in a proceeding, and what votes add up to. Facts are passed in."""

from collections.abc import Sequence
from dataclasses import dataclass

from rdfast.funding.states import ENDED, RUNNING, AwardState, Termination
from rdfast.proceedings.states import MACHINE, Kind, State
from rdfast.programmes.relations import Relation

_AGENCY = frozenset({Relation.MANAGER, Relation.HEAD})
WHO: dict[str, frozenset[Relation]] = {
    "notice": _AGENCY,
    "hear": frozenset({Relation.PI, Relation.SIGNATORY}),
    "decide": frozenset(),
    "dismiss": frozenset({Relation.SECOND_APPROVER}),
    "effect": frozenset({Relation.SECOND_APPROVER}),
}


def may(move: str, *, state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may take the move in this state.

    Only a measure that was voted for waits for a signature; before that nobody dismisses it alone.
    """
    if move == "dismiss" and state != State.DECIDED:
        return False
    return state in MACHINE.sources_of(move) and bool(WHO[move] & relations)


def may_open(kind: str, *, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may open a proceeding of this kind: money is asked back of ended and closed awards too."""
    possible = RUNNING | ENDED | {AwardState.CLOSED} if kind == Kind.RECOVERY else RUNNING
    return award_state in possible and bool(_AGENCY & relations)


def may_vote(*, state: str, relations: frozenset[Relation], is_uninvolved: bool, has_voted: bool) -> bool:
    """Whether the person may vote: a committee member who took no part in the matter, once (Innovation Act art. 33)."""
    return state == State.HEARD and Relation.COMMITTEE in relations and is_uninvolved and not has_voted


@dataclass(frozen=True)
class Ballot:
    """One vote: for the measure or not, and how the award should end if it does."""

    is_for: bool
    termination_kind: str


def carries(votes: Sequence[Ballot]) -> bool:
    """Whether more than half voted for the measure; a tie dismisses it."""
    return sum(vote.is_for for vote in votes) * 2 > len(votes)


def ends_as(votes: Sequence[Ballot]) -> Termination:
    """How the award ends: for cause only if more than half of those who voted for its end say so."""
    kinds = [vote.termination_kind for vote in votes if vote.is_for]
    is_for_cause = kinds.count(Termination.FOR_CAUSE) * 2 > len(kinds)
    return Termination.FOR_CAUSE if is_for_cause else Termination.TECHNICAL
