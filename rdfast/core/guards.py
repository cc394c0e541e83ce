"""Triggers that nothing in the application can switch off.

django-pgtrigger lets any session ignore a trigger; a Guard has no such clause.
"""

from typing import Any

import pgtrigger
from pgtrigger import compiler


def refusal(constraint: str, message: str, *arguments: str) -> str:
    """PL/pgSQL that refuses a row so that Django raises IntegrityError."""
    using = f"USING ERRCODE = 'check_violation', CONSTRAINT = '{constraint}'"
    return f"RAISE EXCEPTION '{message}'{''.join(', ' + a for a in arguments)} {using};"


class UnskippableSql(compiler.UpsertTriggerSql):
    """The statements that install a Guard."""

    def get_template(self) -> str:
        return """
            CREATE OR REPLACE FUNCTION {pgid}() RETURNS TRIGGER AS $$
                {declare}
                BEGIN
                    {func}
                END;
            $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS {pgid} ON {table};
            CREATE {constraint} TRIGGER {pgid}
                {when} {operation} ON {table}
                {timing}
                {referencing}
                FOR EACH {level} {condition}
                EXECUTE PROCEDURE {execute};

            COMMENT ON TRIGGER {pgid} ON {table} IS '{hash}';
        """


class Guard(pgtrigger.Trigger):
    """A pgtrigger.Trigger without an ignore clause."""

    def compile(self, model: Any) -> Any:
        return compiler.Trigger(
            name=self.name,
            sql=UnskippableSql(
                pgid=self.get_pgid(model),
                declare=self.render_declare(model),
                func=self.render_func(model),
                table=model._meta.db_table,
                constraint="CONSTRAINT" if self.timing else "",
                when=self.when,
                operation=self.operation,
                timing=f"DEFERRABLE INITIALLY {self.timing}" if self.timing else "",
                level=self.level,
                condition=self.render_condition(model),
            ),
        )


def append_only(table_says: str) -> list[Guard]:
    """Guards that let rows be added and never changed, deleted or truncated."""
    return [
        Guard(
            name="never_changed",
            when=pgtrigger.Before,
            operation=pgtrigger.Update | pgtrigger.Delete,
            func=refusal("append_only", f"{table_says} are only added, never changed"),
        ),
        never_truncated(table_says),
    ]


def never_truncated(table_says: str) -> Guard:
    """A guard against TRUNCATE, which row triggers do not see."""
    return Guard(
        name="never_truncated",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func=refusal("append_only", f"{table_says} are never truncated"),
    )
