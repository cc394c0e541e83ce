"""Who may propose and answer a change, and what it does. Facts are passed in."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from rdfast.changes.states import MACHINE, Side, State
from rdfast.funding.rules import cut_into_tranches
from rdfast.funding.states import LIVE
from rdfast.programmes.relations import Relation
from rdfast.programmes.terms import Terms

_OF_SIDE = {
    Side.APPLICANT: frozenset({Relation.PI, Relation.SIGNATORY}),
    Side.AGENCY: frozenset({Relation.MANAGER, Relation.HEAD}),
}
# Who binds a side: for the organisation its signatory (or the PI, where the policy lets them sign), for the agency the
# manager or the head.
_ANSWERS = {
    Side.APPLICANT: frozenset({Relation.MANAGER, Relation.HEAD}),
    Side.AGENCY: frozenset({Relation.SIGNATORY, Relation.PI}),
}
WHO: dict[str, frozenset[Relation]] = {
    "agree": _ANSWERS[Side.APPLICANT] | _ANSWERS[Side.AGENCY],
    "refuse": _ANSWERS[Side.APPLICANT] | _ANSWERS[Side.AGENCY],
    "overtake": frozenset(),
}


def side_of(relations: frozenset[Relation]) -> Side | None:
    """The side for which a person of these relations proposes changes, if any."""
    return next((side for side, theirs in _OF_SIDE.items() if theirs & relations), None)


def may_propose(*, award_state: str, relations: frozenset[Relation]) -> bool:
    """Whether the person may propose a change of an award in this state."""
    return award_state in LIVE and side_of(relations) is not None


def may(move: str, *, state: str, side: str, relations: frozenset[Relation], terms: Terms) -> bool:
    """Whether the person may answer a change that this side proposed: only the other side."""
    answers = _ANSWERS[Side(side)]
    if not terms.signed_by_pi_allowed:
        answers -= {Relation.PI}
    return (
        state == State.PROPOSED
        and state in MACHINE.sources_of(move)
        and bool(WHO[move] & answers & relations)
    )


@dataclass(frozen=True)
class Ahead:
    """A milestone still to be reached: one under way, or one that the change wants."""

    number: int
    title: str
    due_on: date
    share_percent: int


@dataclass(frozen=True)
class Facts:
    """What a change starts from. Amounts in minor units; `paid` stays whatever is agreed."""

    amount: int
    paid: int
    unspent: int
    first_is_paid: bool
    under_way: list[Ahead]
    planned: list[Ahead]
    last_number: int
    payments: list[tuple[str, int]]


def settled_amount(wanted: int, paid: int) -> int:
    """What the award will stand at: never below what was paid."""
    return max(wanted, paid)


def to_pay_back(wanted: int, facts: Facts) -> int:
    """What a total below what was paid asks back: of kind unspent, so at most what is not accounted for."""
    return min(max(facts.paid - wanted, 0), facts.unspent)


def effect(wanted: int, promises: list[Ahead], facts: Facts, *, today: date) -> dict[str, Any]:
    """What the change does to money, payments and deadlines, before and after; ready to be stored and shown."""
    after = [*facts.under_way, *promises]
    # As `flow/reshaping.py` cuts it: the first payment follows what was passed last, each later one the milestone
    # before it; what was paid ahead of the first one already is not paid again.
    steps = list(zip(after, [today, *(max(today, each.due_on) for each in after[:-1])], strict=False))
    if len(steps) > 1 and facts.first_is_paid:
        steps = steps[1:]
    rest = settled_amount(wanted, facts.paid) - facts.paid
    parts = cut_into_tranches(rest, [each.share_percent for each, _day in steps]) if steps and rest else []
    return {
        "amount": [facts.amount, settled_amount(wanted, facts.paid)],
        "paid": facts.paid,
        "to_pay_back": to_pay_back(wanted, facts),
        "milestones": {
            "before": [_row(each) for each in [*facts.under_way, *facts.planned]],
            "after": [_row(each) for each in after],
        },
        "payments": {
            "before": [[day, amount] for day, amount in facts.payments],
            "after": [
                [day.isoformat(), part] for (_step, day), part in zip(steps, parts, strict=False) if part
            ],
        },
    }


def _row(each: Ahead) -> list[Any]:
    return [each.title, each.due_on.isoformat(), each.share_percent]


def moves_one_date(planned: list[Ahead], promises: list[Ahead]) -> bool:
    """Whether the change does nothing but give one milestone another day."""
    if len(planned) != len(promises):
        return False
    differing = [
        (old, new)
        for old, new in zip(planned, promises, strict=True)
        if (old.title, old.share_percent, old.due_on) != (new.title, new.share_percent, new.due_on)
    ]
    return len(differing) == 1 and all(
        (old.title, old.share_percent) == (new.title, new.share_percent) for old, new in differing
    )
