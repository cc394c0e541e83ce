"""Working days of the installation's country (default: South Korea, with its substitute holidays)."""

from datetime import date, datetime, timedelta
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


def after_working_days(at: datetime, days: int) -> datetime:
    """The same local time of day, `days` working days later."""
    local = timezone.localtime(at)
    while days > 0:
        local = timezone.make_aware(local.replace(tzinfo=None) + timedelta(days=1))
        days -= is_working_day(local.date())
    return local


def start_of(day: date) -> datetime:
    """The instant the day begins, in the installation's time zone."""
    return timezone.make_aware(datetime(day.year, day.month, day.day))  # noqa: DTZ001 - made aware here


def end_of(day: date) -> datetime:
    """The last second of the day: what is due on a day may be done all day, and is shown with that day."""
    return start_of(day + timedelta(days=1)) - timedelta(seconds=1)
