"""Who may do what with a programme's money and rules: predicates over the roles a person holds in it."""

from collections.abc import Set

# Allotments and cuts come from the ministry and are recorded; what becomes of a year's rest is decided.
MONEY_WHO: dict[str, str] = {
    "allot": "finance",
    "cut": "finance",
    "end_year": "head",
    "carry_over": "head",
}
READERS = ("manager", "deputy", "head", "second_approver", "finance", "auditor")
STATEMENT_READERS = ("manager", "deputy", "head", "finance", "auditor")


def may_read(roles: Set[str]) -> bool:
    """Whether the programme's envelopes and policy versions are the person's to read."""
    return not roles.isdisjoint(READERS)


def may_with_money(move: str, roles: Set[str]) -> bool:
    """Whether the person may allot, cut, end the year or carry over."""
    return MONEY_WHO[move] in roles


def may_adopt(roles: Set[str], *, is_administrator: bool, has_version: bool) -> bool:
    """Whether the person may adopt a policy version: the head; the first one, so that work can begin, an administrator."""
    return "head" in roles or (is_administrator and not has_version)
