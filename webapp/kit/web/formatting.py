"""How times, spans, numbers and sizes are written for people: pure functions, used as Jinja filters by the same names.

Ages have one unit ("3 h ago"), deadlines and open clocks two ("6 d 20 h"), late is "19 d late" and never a negative
number. What is not known is a dash, or "never" for a time; it is never shown as zero.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
MONTH = 30.44 * DAY
YEAR = 365.25 * DAY

DASH = "–"
SOON = 48 * HOUR
"""A deadline nearer than this is shown in bold, and its days as hours: "in 44 h" is felt, "in 1 d 20 h" is read."""

AGES = (
    (90, 1, "{} s"),
    (90 * MINUTE, MINUTE, "{} min"),
    (2 * DAY, HOUR, "{} h"),
    (2 * WEEK, DAY, "{} days"),
    (9 * WEEK, WEEK, "{} weeks"),
    (2 * YEAR, MONTH, "{} months"),
    (float("inf"), YEAR, "{} years"),
)


class Due(NamedTuple):
    """A deadline in words, the class that it is drawn with, and whether it has passed."""

    text: str
    css: str
    late: bool


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; a time without zone is taken as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds from one moment to another; negative where they are the other way round."""
    return (utc(later) - utc(earlier)).total_seconds()


def age(seconds: float) -> str:
    """A span in its largest fitting unit, rounded down: "3 h", "12 days", "7 weeks"."""
    for limit, unit, words in AGES:
        if seconds < limit:
            return words.format(int(seconds // unit))
    raise AssertionError("the last limit is infinite")


def ago(moment: datetime | None, now: datetime) -> str:
    """An age in one unit: "3 h ago"; "just now" within ten seconds, "in 5 min" for what comes, "never" for None."""
    if moment is None:
        return "never"
    seconds = seconds_between(moment, now)
    if abs(seconds) < 10:
        return "just now"
    return f"{age(seconds)} ago" if seconds > 0 else f"in {age(-seconds)}"


def old(moment: datetime | None, now: datetime) -> str:
    """The age of what is fetched again and again: "2 min old", "never fetched" for None."""
    return "never fetched" if moment is None else f"{age(max(0.0, seconds_between(moment, now)))} old"


def duration(seconds: float | None, most_hours: int = 24) -> str:
    """A span in its two largest units: "3 h 38 min", "6 d 20 h"; a dash for None.

    One unit under an hour and from 14 days on. `most_hours` is where hours become days.
    """
    if seconds is None:
        return DASH
    left = max(0, int(seconds))
    if left < MINUTE:
        return f"{left} s"
    if left < HOUR:
        return f"{left // MINUTE} min"
    if left < most_hours * HOUR:
        return _two(left // HOUR, "h", left % HOUR // MINUTE, "min")
    if left >= 14 * DAY:
        return f"{left // DAY:,} d"
    return _two(left // DAY, "d", left % DAY // HOUR, "h")


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def hours(value: float | None) -> str:
    """Hours as the API gives them, as a span: 131.8 is "5 d 11 h"."""
    return duration(None if value is None else value * HOUR)


def due(deadline: datetime, now: datetime) -> Due:
    """A deadline as seen from now: "in 6 d 20 h", "in 44 h" and bold within 48 hours, "19 d late" once it is over."""
    left = seconds_between(now, deadline)
    if left <= 0:
        return Due(_late(-left), "due-over", True)
    if left >= SOON:
        return Due(f"in {duration(left)}", "", False)
    text = f"{int(left // HOUR)} h" if left >= 10 * HOUR else duration(left)
    return Due(f"in {text}", "due-soon", False)


def _late(seconds: float) -> str:
    if seconds < MINUTE:
        return "due now"
    if seconds < HOUR:
        return f"{int(seconds // MINUTE)} min late"
    return f"{int(seconds // HOUR)} h late" if seconds < SOON else f"{int(seconds // DAY):,} d late"


def thousands(number: float | None) -> str:
    """A number with its thousands apart: "1,187"; a dash for None."""
    return DASH if number is None else f"{number:,}"


def exact(moment: datetime | None) -> str:
    """A moment to the second, in UTC and saying so: "2026-08-12 21:32:08 UTC"; "never" for None."""
    return "never" if moment is None else f"{utc(moment):%Y-%m-%d %H:%M:%S} UTC"


def iso(moment: datetime) -> str:
    """A moment for `<time datetime>`: RFC 3339 in UTC to the second, "2026-08-12T21:32:08Z"."""
    return f"{utc(moment):%Y-%m-%dT%H:%M:%SZ}"


def bytes_(number: int | None) -> str:
    """A size in decimal units: "512 B", "362 KB", "12.1 MB"; a dash for None."""
    if number is None:
        return DASH
    size, unit = float(number), "B"
    for larger in ("KB", "MB", "GB", "TB"):
        if size < 999.5:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit in ("B", "KB") else f"{size:.1f} {unit}"


def percent(value: float | None, digits: int = 0) -> str:
    """A percentage (0 to 100) in words: "30 %"; a dash for None.

    Only all is "100 %" and only nothing is "0 %": what rounds to them without being them says "over 99 %", "under 1 %".
    """
    if value is None:
        return DASH
    step = 10.0**-digits
    text = f"{value:.{digits}f}"
    if value < 100 and float(text) >= 100:
        return f"over {100 - step:.{digits}f} %"
    if value > 0 and float(text) <= 0:
        return f"under {step:.{digits}f} %"
    return f"{text} %"


def share(part: float | None, whole: float | None) -> float | None:
    """The percentage that a part is of a whole; None where there is no whole, for no data is not zero."""
    return 100 * part / whole if whole and part is not None else None


def initials(name: str) -> str:
    """One or two letters for the round mark of a person: first and last name, or the start of an address."""
    local = name.partition("@")[0].replace(".", " ").replace("_", " ")
    words = [word for word in local.split() if word[0].isalnum()]
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2]) if words else "?"
    return letters.upper()


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "old": old,
    "due": due,
    "duration": duration,
    "hours": hours,
    "thousands": thousands,
    "exact": exact,
    "iso": iso,
    "bytes_": bytes_,
    "percent": percent,
    "share": share,
    "initials": initials,
}
"""What the templates use, by name."""
