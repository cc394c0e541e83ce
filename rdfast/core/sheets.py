"""Tables that people send, as CSV or XLSX: read as plain text cells, and refused when they hold anything else.

A workbook is a zip of XML: what it unpacks to is measured before a byte of it is unpacked. Formulas are refused
instead of computed, for what they show on the sender's screen is not what is in the file.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import openpyxl
from django.utils.translation import gettext_lazy as _

from rdfast.core.refusals import RuleBroken

MOST_BYTES = 1024 * 1024
MOST_UNPACKED = 20 * 1024 * 1024
MOST_PARTS = 200
MOST_ROWS, MOST_COLUMNS = 1000, 20


class SheetRefused(RuleBroken):
    """The file cannot be read as a table."""


def rows_of(name: str, content: bytes) -> list[tuple[int, list[str]]]:
    """(number as the sender's program shows it, cells) of every row that holds something. Raises SheetRefused."""
    if len(content) > MOST_BYTES:
        raise SheetRefused(_("The file is too large: at most 1 MB is accepted."))
    is_workbook = name.lower().endswith(".xlsx")
    rows = _of_workbook(content) if is_workbook else _of_csv(content)
    found = []
    for number, cells in rows:
        if number > MOST_ROWS:
            raise SheetRefused(_("The file has too many rows: at most 1,000 are read."))
        if len(cells) > MOST_COLUMNS and any(cells[MOST_COLUMNS:]):
            raise SheetRefused(_("Row %(row)s has too many columns.") % {"row": number})
        for cell in cells:
            if cell.startswith("="):
                message = _("Row %(row)s holds a formula. Paste its value instead.")
                raise SheetRefused(message % {"row": number})
        if any(cells):
            found.append((number, cells))
    return found


def _of_csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decoded(content)
    if "\0" in text:
        raise SheetRefused(_("This is not a table as CSV. Save it as CSV or XLSX."))
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=separator), start=1):
            yield number, [cell.strip() for cell in row]
    except csv.Error as error:
        raise SheetRefused(_("This is not a table as CSV. Save it as CSV or XLSX.")) from error


def _decoded(content: bytes) -> str:
    """Excel in Korea writes CSV in CP949 unless told otherwise."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise SheetRefused(_("The text of this file cannot be read. Save it as CSV in UTF-8, or as XLSX."))


def _of_workbook(content: bytes) -> Iterator[tuple[int, list[str]]]:
    _measure(content)
    try:
        # Whatever openpyxl raises on a broken file means the same: it is no workbook.
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, row in enumerate(sheet.iter_rows(max_row=MOST_ROWS + 1, values_only=True), start=1):
            yield number, [_cell(value) for value in row]
    except SheetRefused:
        raise
    except Exception as error:
        raise SheetRefused(_("This workbook cannot be read. Save it again as XLSX.")) from error


def _measure(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise SheetRefused(_("This workbook cannot be read. Save it again as XLSX.")) from error
    # Reading stops at the size that a part declares, so that none unpacks to more.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise SheetRefused(_("This workbook unpacks to too much. Copy the rows into a new one."))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
