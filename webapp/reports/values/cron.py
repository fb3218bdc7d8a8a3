"""When a schedule comes due: cron expressions in a time zone, and the time that a report of a run is about. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from croniter import croniter

OFTEN: Final = timedelta(minutes=55)
"""Two runs of a schedule are at least about an hour apart."""
LOOKED_AT: Final = 60
"""How many runs are looked at to find two that are too near."""
PERIODS: Final = ("last_day", "last_week", "last_month", "last_quarter", "last_year")
MARGIN: Final = timedelta(hours=4)
"""Farther back than any change of a clock."""


def is_cron(expression: str) -> bool:
    """Whether this is a cron expression of crontab(5)'s five fields (minute, hour, day, month, day of the week) that ever comes due."""
    if len(expression.split()) != 5 or not croniter.is_valid(expression):
        return False
    try:
        croniter(expression, datetime(2026, 1, 1)).get_next(datetime)  # noqa: DTZ001 (times of a clock on a wall)
    except (ValueError, KeyError):  # the 30th of February
        return False
    return True


def is_too_often(expression: str) -> bool:
    """Whether any two runs would be less than about an hour apart."""
    times = croniter(expression, datetime(2026, 1, 1))  # noqa: DTZ001
    before = times.get_next(datetime)
    for _ in range(LOOKED_AT):
        after = times.get_next(datetime)
        if after - before < OFTEN:
            return True
        before = after
    return False


def next_run(expression: str, zone: str, after: datetime) -> datetime:
    """The first time after a moment at which the clocks of a zone show what the expression asks for, in UTC.

    A time that is left out when clocks go forward is made up for as much later (02:30 is 03:30); one that comes twice when they go
    back counts the first time.
    """
    place = ZoneInfo(zone)
    for wall in croniter(expression, after.astimezone(place).replace(tzinfo=None) - MARGIN).all_next(datetime):
        at: datetime = wall.replace(tzinfo=place).astimezone(UTC)
        if at > after:
            return at
    raise AssertionError("a valid expression comes due again")


def period_of(name: str, zone: str, at: datetime) -> tuple[datetime, datetime]:
    """The last whole day, week (from Monday), month, quarter or year before a moment, by the clocks of a zone: from and until, in UTC."""
    place = ZoneInfo(zone)
    today = at.astimezone(place).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if name == "last_day":
        until, since = today, today - timedelta(days=1)
    elif name == "last_week":
        until = today - timedelta(days=today.weekday())
        since = until - timedelta(days=7)
    else:
        months = {"last_month": 1, "last_quarter": 3, "last_year": 12}[name]
        until = today.replace(day=1, month=(today.month - 1) // months * months + 1)
        before = until - timedelta(days=1)
        since = before.replace(day=1, month=(before.month - 1) // months * months + 1)
    return tuple(each.replace(tzinfo=place).astimezone(UTC) for each in (since, until))  # type: ignore[return-value]
