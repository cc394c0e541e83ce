"""Whatever breaks a rule, in a sentence each."""

from typing import Any

from django.db import connection


def offenders(sentence: str, sql: str, parameters: list[Any] | None = None) -> list[str]:
    """One sentence for each row that the question finds, in an order of their own: two checks of the same rows agree."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return sorted(sentence.format(*row) for row in cursor.fetchall())
