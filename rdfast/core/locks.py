"""Row locks. The order everywhere: the subject (proposal or award; several by primary key), its rows,
its timers, then PI, organisation, envelope: the most contended last, so that its lock is short."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

from rdfast.core.refusals import RuleBroken

M = TypeVar("M", bound=models.Model)


class NotFound(RuleBroken):
    """The object does not exist."""


def lock(model: type[M], pk: int, *related: str) -> M:
    """The row, locked until the transaction ends and read afresh; `related` rows are read with it, not locked.

    Raises NotFound when there is none. Foreign keys to it may still be inserted meanwhile.
    """
    rows = model._default_manager.select_for_update(no_key=True, of=("self",)).filter(pk=pk)
    row = _with(related, rows).first()
    if row is None:
        raise NotFound(_("This does not exist."))
    _forget_overtaken(row, related)
    return row


def lock_if_free(model: type[M], pk: int, *related: str) -> M | None:
    """The row as `lock` gives it, or None while somebody else holds it. Raises NotFound when there is none."""
    rows = model._default_manager.filter(pk=pk)
    row = _with(related, rows.select_for_update(no_key=True, of=("self",), skip_locked=True)).first()
    if row is None and not rows.exists():
        raise NotFound(_("This does not exist."))
    return row


def _with(related: tuple[str, ...], rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """In no order but the key's: a model's own ordering would join what nobody reads."""
    return (rows.select_related(*related) if related else rows).order_by("pk")


def _forget_overtaken(row: models.Model, related: tuple[str, ...]) -> None:
    """Whoever waited for the lock read the related rows before: one that is another by now is asked for anew."""
    for name in related:
        field = row._meta.get_field(name.partition("__")[0])
        if isinstance(field, models.ForeignKey):
            read = field.get_cached_value(row)
            if getattr(read, "pk", None) != getattr(row, field.attname):
                field.delete_cached_value(row)


@contextmanager
def alone(work: str) -> Iterator[bool]:
    """Whether nobody else on any machine is at this work, which is ours until the block or this process ends.

    Nothing waits and no transaction stays open for it: the lock is the database session's.
    """
    number = zlib.crc32(work.encode())
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
