"""A bug that is planted in a copy of the code or of the database."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plant:
    """One bug: an edit of one place in one file, or SQL that takes a defence out of the database.

    `size` and `seed` are those of a run that is long enough to meet it.
    """

    bug: str
    proof: str
    size: int
    file: str = ""
    old: str = ""
    new: str = ""
    sql: str = ""
    seed: int = 1

    def into(self, code: Path) -> None:
        """Edit a copy of the code. Raises ValueError unless the place is there exactly once."""
        if not self.file:
            return
        path = code / self.file
        text = path.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.bug}: the place in {self.file} is there {text.count(self.old)} times")
        path.write_text(text.replace(self.old, self.new))


def without(table: str, trigger: str) -> str:
    """SQL that drops the triggers of this name, whatever hash follows it."""
    return f"""
        DO $$ DECLARE found text; BEGIN
            FOR found IN SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass
                AND tgname LIKE 'pgtrigger_{trigger}_%'
            LOOP EXECUTE format('DROP TRIGGER %I ON {table}', found); END LOOP;
        END $$
    """
