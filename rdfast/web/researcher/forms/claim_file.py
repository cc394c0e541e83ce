"""The costs of a claim from a table file: each row is read like a typed one, and every problem names its row."""

import csv
import io
from typing import Any

import openpyxl
from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.core.refusals import RuleBroken
from rdfast.core.sheets import MOST_BYTES, rows_of
from rdfast.programmes.models import BudgetCategory
from rdfast.settlement.operations import Line
from rdfast.web.researcher.forms.claim import MOST_LINES, LineForm

COLUMNS = ("category", "date", "description", "amount")
_FIELDS = dict(zip(COLUMNS, ("category", "spent_on", "description", "amount"), strict=True))
# How the columns may be headed, in either language.
_HEADS = {
    "category": "category", "code": "category", "비목": "category",
    "date": "date", "spent on": "date", "사용일": "date", "집행일": "date", "날짜": "date",
    "description": "description", "what for": "description", "내용": "description", "적요": "description", "용도": "description",
    "amount": "amount", "금액": "amount",
}  # fmt: skip
_SHOWN = 30


class CostFileForm(forms.Form):
    """A CSV or XLSX file of costs. Once valid, `lines` are its costs."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    costs = forms.FileField(
        label=_("Table of costs (XLSX or CSV)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty.")},
    )
    lines: list[Line]

    def clean_costs(self) -> Any:
        file = self.cleaned_data["costs"]
        if not file.name.lower().endswith((".csv", ".xlsx")):
            raise forms.ValidationError(_("Send the costs as XLSX or CSV."))
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is too large: at most 1 MB is accepted."))
        try:
            rows = rows_of(file.name, file.read())
        except RuleBroken as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        self.lines = _lines(rows)
        return file


def _lines(rows: list[tuple[int, list[str]]]) -> list[Line]:
    if not rows:
        raise forms.ValidationError(_("The file holds no row."))
    places = _places(rows[0][1])
    if len(rows) - 1 > MOST_LINES:
        message = _("The file has %(count)s costs; at most %(most)s fit into one claim.")
        raise forms.ValidationError(message % {"count": len(rows) - 1, "most": MOST_LINES})
    if len(rows) == 1:
        raise forms.ValidationError(_("The file holds no cost below its headings."))
    categories = {each.pk: each for each in BudgetCategory.objects.all()}
    codes = _codes(categories)
    lines: list[Line] = []
    problems: list[str] = []
    for number, cells in rows[1:]:
        line, wrong = _line(cells, places, categories, codes)
        lines += [line] if line else []
        problems += [str(_("Row %(row)s: %(problem)s") % {"row": number, "problem": each}) for each in wrong]
    if problems:
        more = len(problems) - _SHOWN
        if more > 0:
            problems = [*problems[:_SHOWN], str(_("And %(count)s more problems.") % {"count": more})]
        raise forms.ValidationError(problems)
    return lines


def _places(heads: list[str]) -> dict[str, int]:
    found = {_HEADS[head.lower()]: index for index, head in enumerate(heads) if head.lower() in _HEADS}
    missing = [column for column in COLUMNS if column not in found]
    if missing:
        message = _(
            "The first row must name the columns category, date, description and amount; missing: %(missing)s."
        )
        names = [str(LineForm.base_fields[_FIELDS[column]].label) for column in missing]
        raise forms.ValidationError(message % {"missing": ", ".join(names)})
    return found


def _codes(categories: dict[int, BudgetCategory]) -> dict[str, int]:
    """Category ids by code and by name, as people write them."""
    return {
        name.lower(): pk
        for pk, each in categories.items()
        for name in (each.code, each.name_ko, each.name_en)
    }


def _line(
    cells: list[str], places: dict[str, int], categories: dict[int, BudgetCategory], codes: dict[str, int]
) -> tuple[Line | None, list[str]]:
    typed = {column: cells[place] if place < len(cells) else "" for column, place in places.items()}
    category = codes.get(typed["category"].lower())
    problems = []
    if typed["category"] and category is None:
        problems.append(str(_("There is no category “%(name)s”.") % {"name": typed["category"][:40]}))
    data = {_FIELDS[column]: value for column, value in typed.items()}
    data["category"] = str(category or "")
    data["spent_on"] = typed["date"].replace(".", "-").replace("/", "-").replace(" ", "").strip("-")
    form = LineForm(data, categories=categories)
    for name, errors in form.errors.items():
        if name == "category" and problems:
            continue
        label = form.fields[name].label if name in form.fields else ""
        problems += [f"{label}: {error}" for error in errors]
    if problems:
        return None, problems
    each = form.cleaned_data
    return Line(each["category"], each["spent_on"], each["description"], each["amount"]), []


def template_file(kind: str) -> tuple[bytes, str]:
    """An empty table with its headings and the codes of the categories, and its content type."""
    categories = list(BudgetCategory.objects.all())
    if kind == "csv":
        text = io.StringIO()
        csv.writer(text).writerow(COLUMNS)
        return text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8"
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    sheet = book.create_sheet("costs")
    sheet.append(COLUMNS)
    for column, width in zip("ABCD", (24, 14, 50, 16), strict=True):
        sheet.column_dimensions[column].width = width
    codes = book.create_sheet("categories")
    codes.append(("category", "비목", "name"))
    for each in categories:
        codes.append((each.code, each.name_ko, each.name_en))
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
