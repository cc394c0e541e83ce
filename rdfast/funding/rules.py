"""Who may do what to awards and tranches, and when money may go out. Facts are passed in."""

from dataclasses import dataclass

from rdfast.funding.states import AWARD, LIVE, TRANCHE, TrancheState
from rdfast.programmes.relations import Relation
from rdfast.programmes.terms import Terms

AWARD_WHO: dict[str, frozenset[Relation]] = {
    "sign": frozenset({Relation.SIGNATORY}),
    "refuse": frozenset({Relation.SIGNATORY, Relation.PI}),
    "lapse": frozenset(),
}
TRANCHE_WHO: dict[str, frozenset[Relation]] = {
    "make_ready": frozenset(),
    "approve": frozenset({Relation.MANAGER, Relation.HEAD}),
    "release": frozenset({Relation.FINANCE}),
    "settle": frozenset({Relation.FINANCE}),
    "cancel": frozenset(),
}


def may_with_award(move: str, *, state: str, relations: frozenset[Relation], terms: Terms) -> bool:
    """Whether a person of these relations may take the move with the award."""
    allowed = set(AWARD_WHO[move])
    if move == "sign" and terms.signed_by_pi_allowed:
        allowed.add(Relation.PI)
    return state in AWARD.sources_of(move) and bool(allowed & relations)


def may_with_tranche(
    move: str, *, state: str, relations: frozenset[Relation], is_approver: bool = False
) -> bool:
    """Whether a person of these relations may take the move with the tranche.

    Its approver never releases it (forbidden pair).
    """
    if move == "release" and is_approver:
        return False
    return state in TRANCHE.sources_of(move) and bool(TRANCHE_WHO[move] & relations)


def cut_into_tranches(amount: int, shares: list[int]) -> list[int]:
    """The amount cut by percent shares; what rounding leaves goes to the last."""
    parts = [amount * share // 100 for share in shares]
    parts[-1] += amount - sum(parts)
    return parts


@dataclass(frozen=True)
class GateFacts:
    """What the gate of one tranche depends on. Amounts in minor units."""

    award_state: str
    tranche_state: str
    amount: int
    obligated: int
    milestone_states: list[str]
    earlier_unpaid: int
    earlier_paid: int
    accepted: int


def gate_is_open(facts: GateFacts, terms: Terms) -> bool:
    """Whether the tranche may become ready: award live, its milestone passed, earlier money accounted for.

    Earlier payments count as accounted for from `liquidated_percent` of them (2 CFR 2900.7, softened).
    """
    opening = {"passed", "conditional"} if terms.conditional_opens_gate else {"passed"}
    return (
        facts.award_state in LIVE
        and facts.tranche_state == TrancheState.SCHEDULED
        and facts.amount <= facts.obligated
        and all(state in opening for state in facts.milestone_states)
        and facts.earlier_unpaid == 0
        and facts.accepted * 100 >= facts.earlier_paid * terms.liquidated_percent
    )


def exposure_cap(allotment: int, percent: int) -> int:
    """The most that may be exposed, in minor units."""
    return allotment * percent // 100
