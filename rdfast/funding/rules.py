"""Who may do what to awards and tranches, and when money may go out. Facts are passed in."""

from dataclasses import dataclass

from rdfast.funding.states import AWARD, LIVE, MOTION, RUNNING, TRANCHE, AwardState, MotionKind, TrancheState
from rdfast.programmes.relations import APPLICANT_SIDE, Relation
from rdfast.programmes.terms import Terms

AWARD_WHO: dict[str, frozenset[Relation]] = {
    "sign": frozenset({Relation.SIGNATORY}),
    "refuse": frozenset({Relation.SIGNATORY, Relation.PI}),
    "lapse": frozenset(),
    # These follow from a motion that two people signed, a proceeding, or the clock: nobody takes them alone.
    "confirm": frozenset(),
    "suspend": frozenset(),
    "resume": frozenset(),
    "terminate": frozenset(),
    "complete": frozenset(),
    "close": frozenset({Relation.FINANCE}),
}
MOTION_WHO: dict[str, frozenset[Relation]] = {
    "carry": frozenset({Relation.SECOND_APPROVER}),
    "refuse": frozenset({Relation.SECOND_APPROVER}),
    "overtake": frozenset(),
}
TRANCHE_WHO: dict[str, frozenset[Relation]] = {
    "make_ready": frozenset(),
    "approve": frozenset({Relation.MANAGER, Relation.HEAD}),
    "release": frozenset({Relation.FINANCE}),
    "settle": frozenset({Relation.FINANCE}),
    "bounce": frozenset({Relation.FINANCE}),
    "pay_again": frozenset({Relation.FINANCE}),
    "hold": frozenset(),
    "free": frozenset(),
    "cancel": frozenset(),
}


def may_with_award(move: str, *, state: str, relations: frozenset[Relation], terms: Terms) -> bool:
    """Whether a person of these relations may take the move with the award."""
    allowed = set(AWARD_WHO[move])
    if move == "sign" and terms.signed_by_pi_allowed:
        allowed.add(Relation.PI)
    return state in AWARD.sources_of(move) and bool(allowed & relations)


def may_give_account(*, award_state: str, relations: frozenset[Relation], terms: Terms) -> bool:
    """Whether the person may name another account of a signed award that runs: whoever might have signed it."""
    allowed = {Relation.SIGNATORY, Relation.PI} if terms.signed_by_pi_allowed else {Relation.SIGNATORY}
    return award_state in RUNNING and bool(allowed & relations)


def may_check_account(*, award_state: str, relations: frozenset[Relation], is_giver: bool) -> bool:
    """Whether the person may confirm a new account: a finance officer, never who gave it."""
    return award_state in RUNNING and Relation.FINANCE in relations and not is_giver


def may_with_tranche(
    move: str, *, state: str, relations: frozenset[Relation], is_approver: bool = False
) -> bool:
    """Whether a person of these relations may take the move with the tranche.

    Its approver never releases it (forbidden pair).
    """
    if move == "release" and is_approver:
        return False
    return state in TRANCHE.sources_of(move) and bool(TRANCHE_WHO[move] & relations)


def may_sign_motion(
    move: str, *, state: str, relations: frozenset[Relation], is_proposer: bool, escalated: bool
) -> bool:
    """Whether a person may give a motion its second signature, or refuse it: never who proposed it.

    The head steps in for a second approver who let the clock run out.
    """
    allowed = set(MOTION_WHO[move])
    if escalated and allowed:
        allowed.add(Relation.HEAD)
    return not is_proposer and state in MOTION.sources_of(move) and bool(allowed & relations)


# In which state of the award each kind of motion makes sense.
_MOVABLE = {
    MotionKind.RAISE: {AwardState.PROVISIONAL},
    MotionKind.CONFIRM: {AwardState.PROVISIONAL},
    MotionKind.RESUME: {AwardState.PROVISIONAL_SUSPENDED, AwardState.CONFIRMED_SUSPENDED},
    MotionKind.TERMINATE: {
        AwardState.PROVISIONAL,
        AwardState.CONFIRMED,
        AwardState.PROVISIONAL_SUSPENDED,
        AwardState.CONFIRMED_SUSPENDED,
    },
}


def may_propose_motion(kind: str, *, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may propose this about an award in this state."""
    return award_state in _MOVABLE[MotionKind(kind)] and bool({Relation.MANAGER, Relation.HEAD} & relations)


# Until when the day of the confirmation can still be moved.
EXTENDABLE = {AwardState.PROVISIONAL, AwardState.PROVISIONAL_SUSPENDED}


def may_extend(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may give the confirmation more days."""
    return award_state in EXTENDABLE and Relation.HEAD in relations


def may_ask_to_stop(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may ask to end the work (Innovation Act art. 15(2))."""
    return award_state in RUNNING and bool(APPLICANT_SIDE & relations)


def most_before_confirmation(asked: int, terms: Terms, *, planned: int | None) -> int:
    """What a provisional award may stand at, in minor units (US undefinitized contract actions: 50 %, 75 %).

    `planned` is the total of the plan that is in, over which it will be confirmed: never more than that.
    """
    if planned is None:
        return asked * terms.raise_percent // 100
    return min(asked * terms.raise_with_plan_percent // 100, planned)


def cover_needed(unconfirmed_rests: int, percent: int) -> int:
    """What must still be available so that what was begun can be confirmed, rounded up, in minor units."""
    return -(-unconfirmed_rests * percent // 100)


def cut_into_tranches(amount: int, shares: list[int]) -> list[int]:
    """The amount cut in proportion to the shares; what rounding leaves goes to the last."""
    whole = sum(shares)
    parts = [amount * share // whole for share in shares]
    parts[-1] += amount - sum(parts)
    return parts


def split_over(pots: list[tuple[int, int]], parts: list[int]) -> list[tuple[int, int, int]]:
    """(index of the part, pot, amount): the parts filled from the pots, each (pot, amount), in order.

    A part that no pot holds whole is taken from two. The pots hold together what the parts need.
    """
    taken, left = [], [list(pot) for pot in pots]
    for index, part in enumerate(parts):
        while part:
            pot = next(each for each in left if each[1])
            piece = min(part, pot[1])
            taken.append((index, pot[0], piece))
            pot[1] -= piece
            part -= piece
    return taken


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
    accounted: int


def gate_is_open(facts: GateFacts, terms: Terms) -> bool:
    """Whether the tranche may become ready: award live, its milestone passed, earlier money accounted for.

    Earlier payments count as accounted for from `liquidated_percent` of them (2 CFR 2900.7, softened): what was
    accepted, and what was paid back or given up; what is still owed is not.
    """
    opening = {"passed", "conditional"} if terms.conditional_opens_gate else {"passed"}
    return (
        facts.award_state in LIVE
        and facts.tranche_state == TrancheState.SCHEDULED
        and facts.amount <= facts.obligated
        and all(state in opening for state in facts.milestone_states)
        and facts.earlier_unpaid == 0
        and facts.accounted * 100 >= facts.earlier_paid * terms.liquidated_percent
    )


def exposure_cap(allotment: int, percent: int) -> int:
    """The most that may be exposed, in minor units."""
    return allotment * percent // 100
