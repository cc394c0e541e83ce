"""Who may do what to a milestone, and when it is due. Facts are passed in."""

from datetime import date, timedelta

from rdfast.milestones.states import MACHINE
from rdfast.programmes.relations import Relation

WHO: dict[str, frozenset[Relation]] = {
    "open": frozenset(),
    "run_over": frozenset(),
    "miss": frozenset(),
    "report": frozenset({Relation.PI}),
    "start_review": frozenset({Relation.REVIEWER}),
    "pass_": frozenset({Relation.MANAGER, Relation.HEAD}),
    "set_condition": frozenset({Relation.MANAGER, Relation.HEAD}),
    "fail": frozenset({Relation.MANAGER, Relation.HEAD}),
    "supersede": frozenset(),
}


def may(move: str, *, state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may take the move in this state."""
    return state in MACHINE.sources_of(move) and bool(WHO[move] & relations)


def due_after_signing(planned: date, signed: date, opens_days: int) -> date:
    """The planned day, or later when a late signature would leave less time than a milestone is open."""
    return max(planned, signed + timedelta(days=opens_days))


def opens_on(due: date, opens_days: int) -> date:
    """The day the milestone opens for its report."""
    return due - timedelta(days=opens_days)
