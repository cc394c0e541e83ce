"""Who may do what to a milestone, and when it is due. Facts are passed in."""

from datetime import date, timedelta

from rdfast.funding.states import AwardState
from rdfast.milestones.states import MACHINE, State
from rdfast.programmes.relations import Relation

CONFIRMED = {AwardState.CONFIRMED, AwardState.CONFIRMED_SUSPENDED}
WHO: dict[str, frozenset[Relation]] = {
    "open": frozenset(),
    "run_over": frozenset(),
    "miss": frozenset(),
    "report": frozenset({Relation.PI}),
    "start_review": frozenset({Relation.REVIEWER}),
    "pass_": frozenset({Relation.MANAGER, Relation.HEAD}),
    "set_condition": frozenset({Relation.MANAGER, Relation.HEAD}),
    "fail": frozenset({Relation.MANAGER, Relation.HEAD}),
    "hear_again": frozenset(),
    "supersede": frozenset(),
}


def may(move: str, *, state: str, relations: frozenset[Relation]) -> bool:
    """Whether a person of these relations may take the move in this state."""
    return state in MACHINE.sources_of(move) and bool(WHO[move] & relations)


def may_give_leave(*, state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may let a missed milestone be reported after all."""
    return state == State.MISSED and bool({Relation.MANAGER, Relation.HEAD} & relations)


def report_is_taken(state: str, *, leave_until: date | None, today: date) -> bool:
    """Whether a report is still taken: a missed milestone needs the manager's leave, until its day."""
    return state != State.MISSED or (leave_until is not None and today <= leave_until)


def may_report_finally(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may give the final report: a suspension stops payments, not reports."""
    return award_state in CONFIRMED and Relation.PI in relations


def final_report_is_taken(state: str, *, due_on: date, today: date) -> bool:
    """Whether the time of the final report has come, by the last milestone: it is passed, or due."""
    return state == State.PASSED or today >= due_on


def due_after_signing(planned: date, signed: date, opens_days: int) -> date:
    """The planned day, or later when a late signature would leave less time than a milestone is open."""
    return max(planned, signed + timedelta(days=opens_days))


def days_after_signing(planned: list[date], signed: date, opens_days: int, *, ends_on: date) -> list[date]:
    """The planned days, in order, all moved by as much as the first needs to open after the signature.

    So their distances stay. Only the last day of the work brings them closer together, to one day at least.
    """
    delay = due_after_signing(planned[0], signed, opens_days) - planned[0]
    last = len(planned) - 1
    latest = max(ends_on, planned[0] + delay + timedelta(days=last))
    return [
        max(day, min(day + delay, latest - timedelta(days=last - index))) for index, day in enumerate(planned)
    ]


def opens_on(due: date, opens_days: int) -> date:
    """The day the milestone opens for its report."""
    return due - timedelta(days=opens_days)
