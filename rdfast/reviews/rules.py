"""Who may do what to a review, and what a panel's grades add up to. Facts are passed in."""

from django.utils.translation import gettext_lazy as _

from rdfast.milestones.states import EXPECTS_REVIEWERS
from rdfast.programmes.relations import Relation
from rdfast.reviews.states import MACHINE, Grade

# The rubric: each criterion is scored from 1 (not at all) to 5 (fully).
RUBRIC = {
    "reached": _("The criterion of the milestone was reached"),
    "evidence": _("The evidence supports what the report says"),
    "worth": _("The result is worth continuing the work"),
    "money": _("The money was used for the work"),
}
SCORES = range(1, 6)


def may(move: str, *, state: str, is_reviewer: bool, is_reported: bool = True) -> bool:
    """Whether the person may take the move: their own review, and delivery only of a reported milestone."""
    if move == "submit" and not is_reported:
        return False
    return is_reviewer and move in WHO_IS_REVIEWER and state in MACHINE.sources_of(move)


WHO_IS_REVIEWER = {"accept", "decline", "recuse", "submit"}


def may_invite(*, milestone_state: str, has_finding: bool, relations: frozenset[Relation]) -> bool:
    """Whether the person may invite reviewers for a milestone: until its panel has spoken."""
    return expects_reviewers(milestone_state=milestone_state, has_finding=has_finding) and bool(
        {Relation.MANAGER, Relation.HEAD} & relations
    )


def expects_reviewers(*, milestone_state: str, has_finding: bool) -> bool:
    """Whether another review would still count in the milestone's round."""
    return milestone_state in EXPECTS_REVIEWERS and not has_finding


def finding_of(grades: list[str]) -> Grade:
    """The panel's result: the grade that more than half gave; conditional when there is none."""
    for grade in (Grade.PASSED, Grade.FAILED):
        if grades.count(grade) * 2 > len(grades):
            return grade
    return Grade.CONDITIONAL


def finding_is_due(*, submitted: int, accepted: int, quorum: int) -> bool:
    """Whether the panel has spoken: enough reviews are in and nobody who accepted is still writing."""
    return submitted >= quorum and accepted == 0
