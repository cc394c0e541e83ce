"""What a database says, without how it came to say it: two runs that did the same leave the same fingerprint.

Every row of every table of ours counts, how many there are of it too. A row's own key does not, for a lost race
leaves gaps in the numbers: a reference stands for what the row it leads to says.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.db.models import Model

Fingerprint = Counter[tuple[str, str]]

# When a row was written, by which request, on which page of the storage: it differs between any two runs.
VOLATILE = {
    "people.User": {"last_login", "password"},
    "audit.Event": {"recorded_at", "transaction", "cause"},
    "ledger.Arrow": {"recorded_at", "key"},
    # The key names the event by its number; what it keeps apart is compared: event, template and person.
    "outbox.Message": {"next_try_at", "key"},
    "milestones.Evidence": {"path"},
    "milestones.FinalEvidence": {"path"},
    "settlement.Receipt": {"path"},
    "monitoring.Check": {"took"},
}


def take(*, without: Mapping[str, set[str]] = MappingProxyType({})) -> Fingerprint:
    """The fingerprint of the database that the settings point to; `without` names more fields to leave out."""
    models = [model for model in apps.get_models() if model.__module__.startswith("rdfast.")]
    rows = {model._meta.label_lower: model._default_manager.in_bulk() for model in models}
    says = _Says(
        rows,
        {label: VOLATILE.get(label, set()) | without.get(label, set()) for label in {*VOLATILE, *without}},
    )
    return Counter((label, says.of(label, pk)) for label, found in rows.items() for pk in found)


class _Says:
    """Tells rows by what they say; a reference by what its row says, shortened."""

    def __init__(self, rows: dict[str, dict[Any, Model]], left_out: dict[str, set[str]]) -> None:
        self._rows, self._left_out = rows, left_out
        self._told: dict[tuple[str, Any], str] = {}

    def of(self, label: str, pk: Any) -> str:
        """The row in words."""
        if (label, pk) not in self._told:
            self._told[label, pk] = json.dumps(
                self._fields(self._rows[label][pk]), default=str, ensure_ascii=False
            )
        return self._told[label, pk]

    def _fields(self, row: Model) -> dict[str, Any]:
        left_out = self._left_out.get(row._meta.label, set()) | {"id"}
        told = {
            field.name: self._value(row, field)
            for field in row._meta.concrete_fields
            if field.name not in left_out
        }
        told |= {
            field.name: sorted(self._short(each) for each in getattr(row, field.name).all())
            for field in row._meta.many_to_many
            if field.related_model.__module__.startswith("rdfast.")
        }
        return told

    def _value(self, row: Any, field: Any) -> Any:
        value = getattr(row, field.attname)
        if value is None:
            return None
        if field.name == "subject_id":
            return self._mark(row.subject_kind, value)
        if field.name == "matter_id":
            return self._mark("proposals.proposal", value)
        if field.is_relation:
            return self._mark(field.related_model._meta.label_lower, value)
        return value

    def _short(self, row: Model) -> str:
        return self._mark(row._meta.label_lower, row.pk)

    def _mark(self, label: str, pk: Any) -> str:
        if pk not in self._rows.get(label, {}):
            return f"{label} {pk}"
        return f"{label} {hashlib.sha256(self.of(label, pk).encode()).hexdigest()[:12]}"


def differences(once: Fingerprint, again: Fingerprint) -> list[str]:
    """What is missing from the second and what it has more, in words."""
    return [
        f"{name} {count} × {label} {row[:400]}"
        for name, found in (("missing", once - again), ("more", again - once))
        for (label, row), count in found.items()
    ]
