"""Days as people count them: by the calendar of the installation's time zone, working days by its country's holidays."""

from datetime import UTC, date, datetime, timedelta
from functools import cache

import holidays
from django.conf import settings
from django.utils import timezone


@cache
def _calendar(country: str) -> holidays.HolidayBase:
    return holidays.country_holidays(country)


def is_working_day(day: date) -> bool:
    """Whether offices are open: neither a weekend nor a public holiday."""
    return day.weekday() < 5 and day not in _calendar(settings.HOLIDAY_COUNTRY)


def after_days(at: datetime, days: int) -> datetime:
    """The same local time of day, `days` days later: 23 or 25 hours lie between two days where clocks change."""
    return timezone.make_aware(timezone.make_naive(at) + timedelta(days=days))


def after_working_days(at: datetime, days: int) -> datetime:
    """The same local time of day, `days` working days later."""
    due = at
    while days > 0:
        due = after_days(due, 1)
        days -= is_working_day(timezone.localdate(due))
    return due


def start_of(day: date) -> datetime:
    """The instant the day begins, in the installation's time zone."""
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


def end_of(day: date) -> datetime:
    """The last second of the day: what is due on a day may be done all day, and is shown with that day."""
    next_day = start_of(day + timedelta(days=1)).astimezone(UTC)  # local clocks may show its last hour twice
    return timezone.localtime(next_day - timedelta(seconds=1))
