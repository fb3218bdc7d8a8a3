"""Windows of time that numbers are about, and the periods of their series. All in one time zone, all half-open.

A window given by dates takes both days whole, in the time zone of the organization. Weeks begin on Monday.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

MOST_PERIODS: Final = 4_000
YEARS: Final = (1990, 2199)
"""Between these lies what can be asked about: git and its like are younger, and the window before still has a date."""


class Granularity(StrEnum):
    """How long a period of a series is."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class BadWindow(ValueError):
    """A window that is none; `field` is the end that is wrong, the message a sentence for people."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` until before `end`, as the clocks on the wall in `zone` go."""

    start: datetime
    end: datetime
    zone: str = "UTC"

    @property
    def days(self) -> float:
        """Its length in days by the clocks on the wall: fourteen dates are 14, also over a change of clocks."""
        return (self._wall(self.end) - self._wall(self.start)).total_seconds() / 86_400

    @property
    def before(self) -> Window:
        """The window of the same length that ends where this one begins."""
        length = self._wall(self.end) - self._wall(self.start)
        return Window(self._moment(self._wall(self.start) - length), self.start, self.zone)

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end

    def day_of(self, moment: datetime) -> date:
        """The date on which something happened, in this zone."""
        return self._wall(moment).date()

    def period_of(self, moment: datetime, granularity: Granularity) -> date:
        """The first date of the period that a moment lies in."""
        return first_of(self.day_of(moment), granularity)

    def periods(self, granularity: Granularity) -> list[Window]:
        """The periods that the window touches, in their order; the first and the last end where the window does."""
        found: list[Window] = []
        first = self.period_of(self.start, granularity)
        start = self.start
        while start < self.end:
            first = after(first, granularity)
            end = min(self._moment(datetime.combine(first, time())), self.end)
            found.append(Window(start, end, self.zone))
            start = end
            if len(found) > MOST_PERIODS:
                raise BadWindow("granularity", f"That would be more than {MOST_PERIODS:,} periods. Choose longer ones, or less time.")
        return found

    def _wall(self, moment: datetime) -> datetime:
        return moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def _moment(self, wall: datetime) -> datetime:
        return wall.replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


def window_of(start: date, end: date, zone: str = "UTC") -> Window:
    """The window between two dates, both of them in it, or between two moments; BadWindow where it is empty or has no end."""
    for field, day in (("start_date", start), ("end_date", end)):
        if not YEARS[0] <= day.year <= YEARS[1]:
            raise BadWindow(field, f"Must lie between {YEARS[0]} and {YEARS[1]}.")
    first = start if isinstance(start, datetime) else _midnight(start, zone)
    last = end if isinstance(end, datetime) else _midnight(end + timedelta(days=1), zone)
    if last <= first:
        raise BadWindow("end_date", "This lies before start_date.")
    return Window(first, last, zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def first_of(day: date, granularity: Granularity) -> date:
    """The first date of the period that a date lies in."""
    if granularity is Granularity.MONTHLY:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if granularity is Granularity.WEEKLY else day


def after(first: date, granularity: Granularity) -> date:
    """The first date of the period after the one that begins on this date."""
    if granularity is Granularity.MONTHLY:
        return (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    return first + timedelta(days=7 if granularity is Granularity.WEEKLY else 1)
