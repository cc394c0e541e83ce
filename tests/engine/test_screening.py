"""What the screening counts."""

import pytest

from rdfast.programmes.models import BudgetCategory
from rdfast.screening.rules import Finding
from tests import make

pytestmark = pytest.mark.django_db


def _size(w: make.World, budget: dict[tuple[str, int], int]) -> Finding:
    """What a proposal of 360 million won with this budget is told about its size."""
    numbers = dict(BudgetCategory.objects.values_list("code", "pk"))
    lines = {(numbers[code], year): amount for (code, year), amount in budget.items()}
    proposal = make.submitted(w, budget=lines)
    found = {finding.rule: finding for finding in proposal.screenings.get().results()}
    return found["not_too_small"]


def test_a_task_is_small_by_what_it_asks_for_a_year_however_many_categories_that_is_spent_in():
    w = make.world(small_task_below=360_000_000)

    one_year = _size(
        w, {("personnel", 1): 200_000_000, ("materials", 1): 100_000_000, ("activities", 1): 100_000_000}
    )

    assert one_year.outcome == "ok"


def test_a_task_of_two_years_is_told_that_half_of_it_a_year_is_small():
    w = make.world(small_task_below=180_000_001)

    two_years = _size(
        w, {("personnel", 1): 200_000_000, ("materials", 1): 100_000_000, ("personnel", 2): 100_000_000}
    )

    assert (two_years.outcome, two_years.values) == ("warning", {"yearly": 180_000_000, "least": 180_000_001})
