"""What a database holds, in numbers that a restored one must show again."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import sql

from rdfast.core import releases

# Everything that is neither PostgreSQL's own nor part of an extension.
_OURS = """
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
"""


@dataclass(frozen=True)
class Contents:
    """The tables with their rows, the boxes of the ledger with their sums in won, the migrations applied."""

    rows: dict[str, int]
    boxes: dict[str, int]
    migrations: list[str]


def read() -> Contents:
    """Count everything; within one snapshot if the numbers are to belong together."""
    return Contents(rows=_rows(), boxes=_boxes(), migrations=releases.applied())


def is_empty() -> bool:
    """Whether nobody made anything in the database yet."""
    return not _ask(f"SELECT 1 {_OURS} LIMIT 1")


def differences(expected: Contents, found: Contents) -> list[str]:
    """Where the second differs from the first, one sentence each."""
    wrong = [
        f"{what} {name}: {was if was is not None else 'none'} before, {now if now is not None else 'none'} now"
        for what, before, after in (
            ("rows of", expected.rows, found.rows),
            ("won in boxes of kind", expected.boxes, found.boxes),
        )
        for name in sorted(before.keys() | after.keys())
        if (was := before.get(name)) != (now := after.get(name))
    ]
    if expected.migrations != found.migrations:
        wrong.append("the migrations are not those of the backup")
    return wrong


def _rows() -> dict[str, int]:
    tables = _ask(f"SELECT n.nspname, c.relname {_OURS} AND c.relkind = 'r' ORDER BY 1, 2")
    return {f"{schema}.{table}": _count(schema, table) for schema, table in tables}


def _count(schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, table))
    return int(_ask(query)[0][0])


def _boxes() -> dict[str, int]:
    return {kind: int(total) for kind, total in _ask("SELECT kind, sum(balance) FROM ledger_box GROUP BY 1")}


def _ask(query: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())
