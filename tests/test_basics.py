"""Amounts as people type them, working days, deadlines of days, and texts."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django import forms

from rdfast.core.amounts import LARGEST, AmountField, NotAnAmount, parse, written
from rdfast.core.texts import TextField
from rdfast.core.working_days import after_days, after_working_days, end_of, is_working_day
from rdfast.programmes.terms import Terms
from tests.make import SEOUL


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("30000000", 30_000_000),
        ("30,000,000", 30_000_000),
        ("３０，０００，０００", 30_000_000),
        (" ₩ 1,000 원 ", 1000),
        ("1억 2,000만원", 120_000_000),
        ("3천만", 30_000_000),
        ("2억", 200_000_000),
        ("1조", 1_000_000_000_000),
        ("-5", -5),
        ("0", 0),
    ],
)
def test_an_amount_is_read_as_a_person_means_it(typed: str, meant: int) -> None:
    assert parse(typed) == meant


@pytest.mark.parametrize(
    "typed", ["", "1.5", "1,00", "1e6", "ten", "만", "1,0000", "0x10", "9" * 41, "--", "1억억"]
)
def test_an_amount_that_leaves_a_doubt_is_refused(typed: str) -> None:
    with pytest.raises(NotAnAmount):
        parse(typed)


@pytest.mark.parametrize(
    ("typed", "code"), [("-1", "negative"), ("0", "zero"), (str(LARGEST + 1), "too_large")]
)
def test_an_amount_out_of_bounds_is_refused_with_its_own_message(typed: str, code: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        AmountField().clean(typed)
    assert refused.value.code == code


def test_an_amount_is_written_with_its_sign_and_separators() -> None:
    assert (written(1_234_567), written(-5)) == ("₩1,234,567", "-₩5")


@pytest.mark.parametrize("typed", ["a\x00b", "a\x07b", "a\u202eb"])
def test_unreadable_characters_are_refused(typed: str) -> None:
    with pytest.raises(forms.ValidationError) as refused:
        TextField().clean(typed)
    assert refused.value.code == "unreadable"


def test_line_breaks_are_kept_as_one_kind() -> None:
    assert TextField(lines=3).clean("one\r\ntwo\rthree") == "one\ntwo\nthree"


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (datetime(2026, 11, 2, 10, tzinfo=SEOUL), 5, date(2026, 11, 9)),
        # Lunar New Year 2027: 6–8 February, with the 9th off because two of them fall on a weekend.
        (datetime(2027, 2, 5, 10, tzinfo=SEOUL), 1, date(2027, 2, 10)),
        # Chuseok 2026: 24–26 September, Thursday to Saturday.
        (datetime(2026, 9, 23, 10, tzinfo=SEOUL), 1, date(2026, 9, 28)),
        (datetime(2028, 2, 28, 10, tzinfo=SEOUL), 1, date(2028, 2, 29)),
    ],
)
def test_working_days_leave_out_weekends_and_holidays(start: datetime, days: int, end: date) -> None:
    due = after_working_days(start, days)
    assert (due.date(), due.hour) == (end, 10)
    assert is_working_day(end)


def test_what_is_due_on_a_day_is_due_in_its_last_second() -> None:
    assert end_of(date(2026, 11, 2)) == datetime(2026, 11, 2, 23, 59, 59, tzinfo=SEOUL)


@pytest.mark.parametrize(
    ("zone", "start", "days", "end"),
    [
        # 14 March 2027 has no 2:30 in New York: it is 3:30 when the clock would have shown it.
        ("America/New_York", "2027-02-22T07:30Z", 20, "2027-03-14T07:30Z"),
        ("America/New_York", "2027-02-22T15:00Z", 21, "2027-03-15T14:00Z"),
        # 7 November 2027 has 1:30 twice: the first one counts.
        ("America/New_York", "2027-10-18T05:30Z", 20, "2027-11-07T05:30Z"),
        ("America/New_York", "2027-10-18T04:30Z", 21, "2027-11-08T05:30Z"),
        ("Europe/Berlin", "2027-03-08T01:30Z", 20, "2027-03-28T01:30Z"),
        ("Europe/Berlin", "2027-10-11T22:30Z", 20, "2027-10-31T23:30Z"),
        ("Asia/Seoul", "2028-02-28T01:00Z", 1, "2028-02-29T01:00Z"),
    ],
)
def test_days_are_counted_by_the_local_clock(
    zone: str, start: str, days: int, end: str, settings: Any
) -> None:
    settings.TIME_ZONE = zone
    assert after_days(datetime.fromisoformat(start), days).astimezone(UTC) == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("America/New_York", date(2027, 3, 14), "2027-03-15T03:59:59Z"),
        ("America/New_York", date(2027, 11, 7), "2027-11-08T04:59:59Z"),
        # In Chile clocks go back at midnight: 3 April 2027 has its last hour twice, and 5 September begins at one.
        ("America/Santiago", date(2027, 4, 3), "2027-04-04T03:59:59Z"),
        ("America/Santiago", date(2027, 9, 4), "2027-09-05T03:59:59Z"),
    ],
)
def test_a_day_ends_in_its_last_second_however_long_it_is(
    zone: str, day: date, end: str, settings: Any
) -> None:
    settings.TIME_ZONE = zone
    assert end_of(day).astimezone(UTC) == datetime.fromisoformat(end)


def test_hours_are_counted_as_they_pass() -> None:
    before = datetime(
        2027, 3, 13, 15, tzinfo=UTC
    )  # ten in the morning in New York, where an hour is lost that night
    assert Terms().decide_by(before) == datetime(2027, 3, 15, 15, tzinfo=UTC)


def test_a_programme_may_count_decision_times_in_working_days() -> None:
    friday = datetime(2026, 11, 6, 15, tzinfo=SEOUL)
    assert Terms().decide_by(friday) == friday + timedelta(hours=48)
    assert Terms(working_days_only=True).decide_by(friday) == friday + timedelta(days=4)
