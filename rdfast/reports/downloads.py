"""A statement as a file: a table for Excel, a workbook, or books that another program can check.

Words are looked up before the first line is written: a download is written while it is sent, when the reader's
language is no longer known. Nothing is held in memory that grows with the number of movements.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any

from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook

from rdfast.core.amounts import CURRENCY
from rdfast.ledger.kinds import BoxKind, What
from rdfast.programmes.models import Envelope
from rdfast.reports.statements import (
    BoxBalance,
    Movement,
    Statement,
    balances_of,
    envelopes_named,
    movements_of,
)

# Excel holds no more rows on a sheet.
ROWS_ON_A_SHEET = 1_000_000
# What a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def neutral(cell: Any) -> Any:
    """The cell, with an apostrophe before what a spreadsheet would calculate; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


class _Words:
    """Labels in the reader's language, looked up once."""

    def __init__(self, statement: Statement) -> None:
        self.what = {what.value: str(what.label) for what in What}
        self.box = {kind.value: str(kind.label) for kind in BoxKind}
        self.box |= {line.kind.value: str(line.words) for line in statement.lines}
        envelopes = statement.scope.envelopes
        wanted = set(envelopes) if envelopes is not None else {b.envelope for b in balances_of(statement)}
        self.envelopes: dict[int, Envelope] = envelopes_named(wanted)
        self.head = [
            _("Row"), _("When"), _("Event"), _("What happened"), _("Programme"), _("Fiscal year"), _("Award"),
            _("From"), _("To"), _("Amount"),
        ]  # fmt: skip
        self.opening, self.movement, self.closing = _("Opening"), _("Movement"), _("Closing")

    def row(self, each: Movement) -> list[Any]:
        """A movement as cells."""
        envelope = self.envelopes[each.envelope]
        return [
            self.movement,
            _local(each.at),
            each.event,
            self.what[each.what],
            envelope.programme.code,
            envelope.year,
            f"A-{each.award:06d}" if each.award else "",
            self.box[each.source],
            self.box[each.target],
            each.amount,
        ]


def _local(at: datetime) -> datetime:
    """Local time without its zone, which spreadsheets do not know; whole seconds."""
    return timezone.localtime(at).replace(tzinfo=None, microsecond=0)


def csv_of(statement: Statement) -> Iterator[bytes]:
    """Opening balances, movements, closing balances, as CSV in UTF-8 with the mark by which Excel knows it."""
    return _csv_lines(_all_rows(statement, _Words(statement)))


class _Echo:
    """What `csv` writes to: it hands back the line."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"
    for row in rows:
        yield str(writer.writerow([neutral(cell) for cell in row])).encode()


def _all_rows(statement: Statement, words: _Words) -> Iterator[list[Any]]:
    yield words.head
    opens_at = _local(statement.opens_at) if statement.opens_at else ""
    for line in statement.lines:
        yield [words.opening, opens_at, *[""] * 6, words.box[line.kind], line.opening]
    for each in movements_of(statement):
        yield words.row(each)
    for line in statement.lines:
        row = [words.closing, _local(statement.closes_at), *[""] * 6, words.box[line.kind]]
        yield [*row, line.closing]


def xlsx_of(statement: Statement) -> IO[bytes]:
    """The statement as a workbook: the balances, the ages, and the movements."""
    words, book = _Words(statement), Workbook(write_only=True)
    front = book.create_sheet(_("Statement"))
    front.append([neutral(statement.scope.title)])
    opens_at = _local(statement.opens_at) if statement.opens_at else _("the beginning")
    front.append([_("From"), opens_at, _("Until"), _local(statement.closes_at)])
    front.append([])
    front.append([_("Box"), words.opening, words.closing])
    for line in statement.lines:
        front.append([words.box[line.kind], line.opening, line.closing])
    front.append([_("All boxes together"), statement.opening_total, statement.closing_total])
    front.append([])
    front.append([_("Money out, by age"), _("Amount")])
    for age in statement.ages:
        front.append([str(age.words), age.amount])
    sheet, rows = None, 0
    for each in movements_of(statement):
        if sheet is None or rows == ROWS_ON_A_SHEET:
            sheet, rows = book.create_sheet(_("Movements")), 0
            sheet.append(words.head[1:])
        sheet.append([neutral(cell) for cell in words.row(each)[1:]])
        rows += 1
    file = TemporaryFile()  # noqa: SIM115 - it is closed with the response
    book.save(file)
    file.seek(0)
    return file


_ROOTS = {
    BoxKind.TREASURY: "Equity",
    BoxKind.OUTSIDE: "Equity",
    BoxKind.AVAILABLE: "Equity",
    BoxKind.RETURNED: "Equity",
    BoxKind.EXPENSE: "Expenses",
    BoxKind.WRITTEN_OFF: "Expenses",
}


def beancount_of(statement: Statement) -> Iterator[bytes]:
    """The books in the language of Beancount, with what every box must hold the day after the end."""
    return _beancount_lines(statement, balances_of(statement), _Words(statement))


def _beancount_lines(statement: Statement, boxes: list[BoxBalance], words: _Words) -> Iterator[bytes]:
    ends_on = timezone.localdate(statement.closes_at)
    first = statement.arrows.order_by("at").values_list("at", flat=True).first()
    begins_on = timezone.localdate(statement.opens_at or first or statement.closes_at)
    named = [(each, _account(words, each.envelope, each.award, each.kind)) for each in boxes]
    yield f'option "title" "{_quoted(statement.scope.title)}"\n'.encode()
    yield f'option "operating_currency" "{CURRENCY}"\n\n'.encode()
    for _each, name in named:
        yield f"{begins_on} open {name} {CURRENCY}\n".encode()
    opening = [(each.opening, name) for each, name in named if each.opening]
    if opening:
        yield f'\n{begins_on} * "{_quoted(words.opening)}"\n'.encode()
        for amount, name in opening:
            yield f"  {name}  {amount} {CURRENCY}\n".encode()
    for each in movements_of(statement):
        source = _account(words, each.envelope, each.source_award, each.source)
        target = _account(words, each.envelope, each.target_award, each.target)
        yield (
            f'\n{timezone.localdate(each.at)} * "{_quoted(words.what[each.what])}"\n  event: "{each.event}"\n'
            f"  {target}  {each.amount} {CURRENCY}\n  {source}  {-each.amount} {CURRENCY}\n"
        ).encode()
    yield b"\n"
    for box, name in named:
        yield f"{ends_on + timedelta(days=1)} balance {name}  {box.closing} {CURRENCY}\n".encode()


def _account(words: _Words, envelope_id: int, award_id: int | None, kind: str) -> str:
    envelope = words.envelopes[envelope_id]
    code = envelope.programme.code.upper().replace("_", "-")
    place = f"E{envelope_id}-{code}-{envelope.year}"
    whose = f":A{award_id:06d}" if award_id else ""
    name = kind.replace("_", " ").title().replace(" ", "-")
    return f"{_ROOTS.get(BoxKind(kind), 'Assets')}:{place}{whose}:{name}"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
