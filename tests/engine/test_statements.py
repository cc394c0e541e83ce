"""Statements at past instants, told as stories an accountant can check; and the files made of them."""

import csv
import io
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from rdfast.flow import accounting, allotting, paying
from rdfast.funding.models import Award
from rdfast.ledger.models import Box
from rdfast.reports.downloads import beancount_of, csv_of, neutral, xlsx_of
from rdfast.reports.statements import Scope, Statement, statement_at
from rdfast.settlement.operations import Verdict
from tests import make

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def _story(w: make.World) -> Award:
    """24 million paid on Monday, 10 million of it accepted 40 days later."""
    award = make.paid(w).award
    later = make.MONDAY + 40 * DAY
    claim = make.claimed(w, award, amount=10_000_000, at=later)
    line = claim.lines.get()
    accounting.decide(claim.pk, {line.pk: Verdict(10_000_000, "")}, by=w.finn, at=later)
    return award


def _held(statement: Statement) -> dict[str, tuple[int, int]]:
    return {line.kind.value: (line.opening, line.closing) for line in statement.lines}


def test_an_award_s_statement_says_what_was_and_what_is() -> None:
    w = make.world()
    award = _story(w)
    scope = Scope("A", awards=[award.pk])
    before = statement_at(scope, opens_at=None, closes_at=make.MONDAY + 39 * DAY)
    assert _held(before) == {
        "available": (0, -60_000_000),
        "reserved": (0, 0),
        "obligated": (0, 36_000_000),
        "advances": (0, 24_000_000),
    }
    after = statement_at(scope, opens_at=make.MONDAY + DAY, closes_at=make.MONDAY + 50 * DAY)
    assert _held(after)["advances"] == (24_000_000, 14_000_000)
    assert _held(after)["expense"] == (0, 10_000_000)
    assert (after.opening_total, after.closing_total) == (0, 0)
    assert [arrow.what for arrow in after.arrows] == ["liquidated"]


def test_a_programme_s_statement_ends_with_the_boxes_as_they_are() -> None:
    w = make.world()
    _story(w)
    now = statement_at(Scope("P", envelopes=[w.envelope.pk]), opens_at=None, closes_at=make.MONDAY + 50 * DAY)
    boxes: dict[str, int] = {}
    for box in Box.objects.filter(envelope_id=w.envelope.pk):
        boxes[box.kind] = boxes.get(box.kind, 0) + box.balance
    assert {kind: closing for kind, (_opening, closing) in _held(now).items()} == boxes
    assert now.closing_total == 0 and boxes["treasury"] == -10_000_000_000


def test_money_out_ages_from_its_release_and_the_oldest_is_accounted_for_first() -> None:
    w = make.world()
    award = _story(w)
    scope = Scope("A", awards=[award.pk])
    for days, expected in (
        (0, [24, 0, 0, 0]),
        (30, [24, 0, 0, 0]),
        (31, [0, 24, 0, 0]),
        (41, [0, 14, 0, 0]),
        (61, [0, 0, 14, 0]),
        (91, [0, 0, 0, 14]),
    ):
        found = statement_at(scope, opens_at=None, closes_at=make.MONDAY + days * DAY)
        assert [age.amount // 1_000_000 for age in found.ages] == expected, days


def test_a_payment_that_came_back_is_not_out() -> None:
    w = make.world()
    award = make.signed(w)
    tranche = award.tranches.get(number=1)
    paying.approve(tranche.pk, by=w.minjun, at=make.MONDAY)
    paying.release(tranche.pk, by=w.finn, at=make.MONDAY)
    paying.bounce(tranche.pk, reason="closed account", by=w.finn, at=make.MONDAY + DAY)
    scope = Scope("A", awards=[award.pk])
    assert statement_at(scope, opens_at=None, closes_at=make.MONDAY).exposure == 24_000_000
    assert statement_at(scope, opens_at=None, closes_at=make.MONDAY + DAY).exposure == 0


def test_what_a_spreadsheet_would_calculate_is_made_harmless_and_numbers_stay_numbers() -> None:
    assert [neutral(cell) for cell in ("=1+1", "+1", "-1", "@x", "a=1", -5)] == [
        "'=1+1", "'+1", "'-1", "'@x", "a=1", -5,
    ]  # fmt: skip


def _whole(w: make.World) -> Statement:
    return statement_at(
        Scope('=도전 "연구"', envelopes=[w.envelope.pk]), opens_at=None, closes_at=make.MONDAY + 50 * DAY
    )


def test_the_table_begins_with_the_mark_that_excel_knows_and_holds_every_movement() -> None:
    w = make.world()
    _story(w)
    text = b"".join(csv_of(_whole(w)))
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    kinds = [row[0] for row in rows[1:]]
    assert kinds.count("Movement") == 5
    closing = {row[8]: int(row[9]) for row in rows if row[0] == "Closing"}
    assert sum(closing.values()) == 0 and closing["Accepted expense"] == 10_000_000


def test_the_workbook_holds_the_same() -> None:
    w = make.world()
    _story(w)
    with xlsx_of(_whole(w)) as file:
        book = load_workbook(file)
    assert book.sheetnames == ["Statement", "Movements"]
    assert book["Statement"]["A1"].value == '\'=도전 "연구"'
    amounts = [row[8] for row in book["Movements"].iter_rows(min_row=2, values_only=True)]
    assert amounts == [10_000_000_000, 60_000_000, 60_000_000, 24_000_000, 10_000_000]


@pytest.mark.parametrize("since", [None, 20])
def test_beancount_finds_the_books_in_order(since: int | None, tmp_path: Path) -> None:
    w = make.world()
    award = _story(w)
    allotting.cut(w.envelope.pk, amount=5, reason="less", key="x", by=w.finn, at=make.MONDAY + 45 * DAY)
    opens_at = make.MONDAY + since * DAY if since else None
    for scope in (Scope('a "quoted" \\ title', envelopes=[w.envelope.pk]), Scope("b", awards=[award.pk])):
        statement = statement_at(scope, opens_at=opens_at, closes_at=make.MONDAY + 50 * DAY)
        books = b"".join(beancount_of(statement)).decode()
        assert _bean_check(books, tmp_path) == ""
        assert "Balance failed" in _bean_check(books.replace(" 14000000 KRW", " 1 KRW"), tmp_path)


def _bean_check(books: str, folder: Path) -> str:
    """What Beancount has to say against the books."""
    file = folder / "books.beancount"
    file.write_text(books)
    tool = Path(sys.executable).with_name("bean-check")
    return subprocess.run([tool, file], capture_output=True, text=True, check=False).stderr
