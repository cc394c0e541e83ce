"""Costs from a table file: read like typed ones, every problem with its row, and nothing dangerous is opened."""

import io
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import override

from rdfast.core.sheets import MOST_BYTES
from rdfast.web.researcher.forms.claim_file import CostFileForm, template_file

pytestmark = pytest.mark.django_db
HEADS = "category,date,description,amount\n"


def _form(content: bytes, name: str = "costs.csv") -> CostFileForm:
    files: MultiValueDict[str, Any] = MultiValueDict({"costs": [SimpleUploadedFile(name, content)]})
    form = CostFileForm({"revision": "0"}, files)
    form.is_valid()
    return form


def _refused(content: bytes, name: str = "costs.csv") -> str:
    form = _form(content, name)
    assert not hasattr(form, "lines")
    return " | ".join(map(str, form.errors["costs"]))


def _book(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue()


def test_a_csv_is_read_with_codes_and_names_in_either_language() -> None:
    text = '비목,사용일,내용,금액\nmaterials,2026-11-02,Electrolyte,"1,200,000"\n\n인건비,2026.11.03,급여,300만원\n'
    for encoded in (text.encode(), text.encode("utf-8-sig"), text.encode("cp949")):
        first, second = _form(encoded).lines
        assert (first.category.code, first.spent_on, first.amount) == (
            "materials",
            date(2026, 11, 2),
            1_200_000,
        )
        assert (second.category.code, second.description, second.amount) == ("personnel", "급여", 3_000_000)


def test_a_workbook_is_read_with_its_days_and_numbers() -> None:
    content = _book(
        ("category", "date", "description", "amount"),
        ("materials", datetime(2026, 11, 2), "Electrolyte", 1200000),  # noqa: DTZ001 - as Excel keeps it
        ("materials", "2026-11-03", "Foil", 5000.0),
    )
    lines = _form(content, "costs.xlsx").lines
    assert [(each.spent_on.day, each.amount) for each in lines] == [(2, 1_200_000), (3, 5_000)]


def test_every_problem_is_named_with_its_row_and_nothing_is_taken() -> None:
    rows = "materials,2026-11-02,Fine,1000\nrockets,2026-11-02,Fuel,1000\nmaterials,yesterday,,-5\n"
    said = _refused((HEADS + rows).encode())
    assert "Row 2" not in said
    assert "Row 3: There is no category “rockets”." in said
    assert said.count("Row 4") == 3


def test_what_is_no_table_of_costs_is_refused_in_words() -> None:
    assert "first row must name" in _refused(b"a,b\n1,2\n")
    assert "no cost" in _refused(HEADS.encode())
    assert "XLSX or CSV" in _refused(HEADS.encode(), "costs.ods")
    assert "cannot be read" in _refused(b"PK\x03\x04 nonsense", "costs.xlsx")
    assert "not a table" in _refused(b"\0\0\0\0")
    assert "1 MB" in _refused(b"x" * (MOST_BYTES + 1))
    many = HEADS + "materials,2026-11-02,Fine,1000\n" * 201
    assert "at most 200" in _refused(many.encode())
    assert "too many rows" in _refused((HEADS + "materials,2026-11-02,Fine,1000\n" * 1001).encode())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_missing_columns_are_named_in_the_readers_language_by_names_that_are_accepted(language: str) -> None:
    with override(language):
        names = _refused(b"category\nmaterials\n").split(": ")[-1].rstrip(".").split(", ")
    assert names == {"en": ["Spent on", "What for", "Amount"], "ko": ["사용일", "용도", "금액"]}[language]
    table = ",".join(["category", *names]) + "\nmaterials,2026-11-02,Foil,1000\n"
    assert [each.amount for each in _form(table.encode()).lines] == [1_000]


def test_formulas_are_refused_instead_of_computed() -> None:
    assert "Row 2 holds a formula" in _refused((HEADS + "materials,2026-11-02,x,=1+1\n").encode())
    book = _book(
        ("category", "date", "description", "amount"), ("materials", "2026-11-02", "x", "=SUM(A1:A2)")
    )
    assert "Row 2 holds a formula" in _refused(book, "costs.xlsx")


def test_a_zip_bomb_is_not_unpacked() -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (60 * 1024 * 1024))
    assert len(stored.getvalue()) < MOST_BYTES
    assert "unpacks to too much" in _refused(stored.getvalue(), "costs.xlsx")


def test_an_entity_bomb_is_not_expanded() -> None:
    source, stored = io.BytesIO(_book(("category",), ("x",))), io.BytesIO()
    bomb = '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "&a;" * 10}">' for n in range(9)
    )
    with zipfile.ZipFile(source) as original, zipfile.ZipFile(stored, "w") as archive:
        for part in original.namelist():
            content = original.read(part)
            if part == "xl/worksheets/sheet1.xml":
                content = f"{bomb}]><worksheet>&a8;</worksheet>".encode()
            archive.writestr(part, content)
    assert _refused(stored.getvalue(), "costs.xlsx")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_empty_table_is_read_back_as_one_without_costs(kind: str) -> None:
    content, _content_type = template_file(kind)
    assert "no cost below" in _refused(content, f"costs.{kind}")
