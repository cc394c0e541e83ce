"""A programme's policy versions: what each holds, what differs from another, and what runs under it."""

from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Count
from django.utils.functional import Promise
from django.utils.translation import gettext

from rdfast.funding.models import Award
from rdfast.funding.states import RUNNING
from rdfast.programmes.terms import Terms


@dataclass(frozen=True)
class Parameter:
    """One parameter as people read it; `before` is empty where there is nothing to compare with."""

    label: str | Promise
    precedent: str | Promise
    value: str
    before: str

    @property
    def differs(self) -> bool:
        """Whether it is not what it was."""
        return bool(self.before) and self.value != self.before


def parameters_of(terms: Terms, *, before: Terms | None) -> list[Parameter]:
    """Every parameter, in the order of the form, beside what it was."""
    return [
        Parameter(
            label=each.metadata["label"],
            precedent=each.metadata["precedent"],
            value=_written(getattr(terms, each.name)),
            before=_written(getattr(before, each.name)) if before else "",
        )
        for each in fields(Terms)
    ]


def differences(terms: Terms, *, before: Terms | None) -> list[Parameter]:
    """The parameters that are not what they were."""
    return [each for each in parameters_of(terms, before=before) if each.differs]


def running_under(programme_id: int) -> dict[int, int]:
    """How many awards run under each version, by its number; they keep it whatever is adopted later."""
    running = Award.objects.filter(policy__programme=programme_id, state__in=RUNNING)
    return dict(running.values_list("policy__number").annotate(count=Count("pk")).order_by("policy__number"))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return f"{value:,}"
