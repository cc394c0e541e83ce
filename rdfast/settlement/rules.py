"""Who may do what to a claim, and what it may claim. Facts are passed in."""

from rdfast.funding.states import ENDED, RUNNING
from rdfast.programmes.relations import Relation
from rdfast.settlement.states import MACHINE, State

WHO: dict[str, frozenset[Relation]] = {
    "submit": frozenset({Relation.PI}),
    "accept": frozenset({Relation.FINANCE}),
    "accept_part": frozenset({Relation.FINANCE}),
    "disallow": frozenset({Relation.FINANCE}),
}


def may(move: str, *, state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may take the move in this state."""
    return state in MACHINE.sources_of(move) and bool(WHO[move] & relations)


def may_start(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may begin a claim under the award."""
    return award_state in RUNNING | ENDED and Relation.PI in relations


def may_edit(*, state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may change the claim's lines."""
    return state == State.DRAFT and Relation.PI in relations


def room_for_claims(*, settled: int, accepted: int, waiting: int) -> int:
    """What can still be claimed: what the bank confirmed, less what was accepted or waits for a decision."""
    return settled - accepted - waiting


def move_for(*, claimed: int, accepted: int) -> str:
    """The move that a decision amounts to."""
    if accepted == claimed:
        return "accept"
    return "accept_part" if accepted else "disallow"
