"""Who may do what to a claim and a recovery, and how much of it. Facts are passed in."""

from datetime import date

from rdfast.funding.states import ENDED, RUNNING, AwardState
from rdfast.programmes.relations import Relation
from rdfast.settlement.states import MACHINE, RECOVERY, State

WHO: dict[str, frozenset[Relation]] = {
    "submit": frozenset({Relation.PI}),
    "accept": frozenset({Relation.FINANCE}),
    "accept_part": frozenset({Relation.FINANCE}),
    "disallow": frozenset({Relation.FINANCE}),
}


# Waiving and writing off give public money up: a second approver alone, and never who asked for it back.
RECOVERY_WHO: dict[str, frozenset[Relation]] = {
    "notice": frozenset({Relation.FINANCE}),
    "contest": frozenset({Relation.PI, Relation.SIGNATORY}),
    "determine": frozenset({Relation.MANAGER, Relation.HEAD}),
    "demand": frozenset(),
    "run_over": frozenset(),
    "dun": frozenset(),
    "refer": frozenset(),
    "reschedule": frozenset({Relation.FINANCE}),
    "pay": frozenset({Relation.FINANCE}),
    "dismiss": frozenset({Relation.MANAGER, Relation.HEAD}),
    "waive": frozenset({Relation.SECOND_APPROVER}),
    "write_off": frozenset({Relation.SECOND_APPROVER}),
}
_NOT_BY_PROPOSER = {"determine", "waive", "write_off"}


def may_recover(move: str, *, state: str, relations: frozenset[Relation], is_proposer: bool) -> bool:
    """Whether the person may take the move with a recovery. Who proposed it neither determines nor gives it up."""
    if move in _NOT_BY_PROPOSER and is_proposer:
        return False
    # What nobody contested is determined by the clock; what is determined, only an appeal or a waiver ends.
    if (move, state) in {("determine", "noticed"), ("dismiss", "determined")}:
        return False
    return state in RECOVERY.sources_of(move) and bool(RECOVERY_WHO[move] & relations)


def may_propose_recovery(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may ask money back, also after the end: an audit may find something in a closed award."""
    recoverable = RUNNING | ENDED | {AwardState.CLOSED}
    return award_state in recoverable and bool(
        {Relation.FINANCE, Relation.MANAGER, Relation.HEAD} & relations
    )


def may_take_money(*, relations: frozenset[Relation]) -> bool:
    """Whether the person may note what arrived, give back what was too much, agree instalments, and remit."""
    return Relation.FINANCE in relations


def may_audit(*, roles: frozenset[str]) -> bool:
    """Whether somebody of these roles in the programme may draw its yearly sample."""
    return bool({"finance", "head"} & roles)


def is_high_risk(*, total: int, limit: int, was_suspended: bool, was_disallowed: bool) -> bool:
    """Whether every receipt of a claim must be checked before it is decided. Amounts in minor units."""
    return total >= limit or was_suspended or was_disallowed


def due_in_plan(rows: list[tuple[int, date]], *, paid: int) -> date | None:
    """The day of the first instalment, of (amount, day) in order, that what was paid since does not cover."""
    for amount, due_on in rows:
        paid -= amount
        if paid < 0:
            return due_on
    return None


def may(move: str, *, state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may take the move in this state."""
    return state in MACHINE.sources_of(move) and bool(WHO[move] & relations)


def may_start(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may begin a claim under the award."""
    return award_state in RUNNING | ENDED and Relation.PI in relations


def may_edit(*, state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may change the claim's lines."""
    return state == State.DRAFT and Relation.PI in relations


def room_for_claims(*, settled: int, accounted: int, waiting: int, asked_back: int) -> int:
    """What can still be claimed, or asked back: what the bank confirmed, less what was accounted for or recovered,
    waits for a decision, or is about to be demanded."""
    return settled - accounted - waiting - asked_back


def move_for(*, claimed: int, accepted: int) -> str:
    """The move that a decision amounts to."""
    if accepted == claimed:
        return "accept"
    return "accept_part" if accepted else "disallow"
