"""Who may appeal, and who may decide. Facts are passed in."""

from rdfast.appeals.states import MACHINE, Against, State
from rdfast.programmes.relations import Relation

WHO: dict[str, frozenset[Relation]] = {
    "uphold": frozenset({Relation.COMMITTEE}),
    "reject": frozenset({Relation.COMMITTEE}),
}
# The events that can be appealed against, and as what.
DECISIONS: dict[str, Against] = {
    "proposal.decline": Against.DECLINE,
    "proposal.route": Against.ROUTING,
    "finding.confirmed": Against.FINDING,
    "award.suspend": Against.SUSPENSION,
    "award.terminate": Against.TERMINATION,
    "recovery.determine": Against.RECOVERY,
}


def may_file(relations: frozenset[Relation]) -> bool:
    """Whether the person may appeal for the applicant side."""
    return bool({Relation.PI, Relation.SIGNATORY} & relations)


def may(move: str, *, state: str, relations: frozenset[Relation], took_part: bool) -> bool:
    """Whether the person may decide the appeal: a committee member who took no part (Innovation Act art. 14)."""
    return (
        state == State.FILED
        and state in MACHINE.sources_of(move)
        and bool(WHO[move] & relations)
        and not took_part
    )
