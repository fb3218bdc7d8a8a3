"""Percentiles, hours, shares, and how a number stands to the one before it. No data is None, never zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Final

STEADY: Final = 10.0
"""Percent of change below which a number is stable."""
ENOUGH: Final = 5
"""Records that a number needs, now and before, for its change to mean anything."""
DIGITS: Final = 6
"""Thirty seconds are 0.008333 hours, and neither none nor a minute."""


def percentile(values: Sequence[float], fraction: float) -> float | None:
    """The value below which that fraction lies, between two by linear interpolation (PostgreSQL's `percentile_cont`)."""
    if not values:
        return None
    ordered = sorted(values)
    place = fraction * (len(ordered) - 1)
    low = floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def hours(seconds: float | None) -> float | None:
    """Seconds as hours, to a few thousandths of a second."""
    return None if seconds is None else round(seconds / 3600, DIGITS)


def percentage(part: float, whole: float) -> float | None:
    """The share in percent; None where there is no whole."""
    return round(100 * part / whole, DIGITS) if whole else None


@dataclass(frozen=True, slots=True)
class Trend:
    """How a number stands to the one of the window before: `word` is increasing, decreasing or stable.

    `improving` says what the word cannot: a falling lead time is good. `reason` is `insufficient_data` where either window has too
    few records (or no number at all) to tell; the word is stable then.
    """

    word: str
    previous_value: float | None
    change_percent: float | None
    n: int
    previous_n: int
    improving: bool | None
    reason: str | None = None

    @property
    def detail(self) -> dict[str, object]:
        return {"previous_value": self.previous_value, "change_percent": self.change_percent, "n": self.n, "previous_n": self.previous_n,
                "improving": self.improving, "reason": self.reason}


def trend(value: float | None, n: int, previous: float | None, previous_n: int, *, more_is_better: bool) -> Trend:
    """Compares a number of `n` records with the one of the window before it."""
    change = None
    if value is not None and previous:
        change = round(100 * (value - previous) / previous, 2)
    if value is None or previous is None or min(n, previous_n) < ENOUGH:
        return Trend("stable", previous, change, n, previous_n, None, "insufficient_data")
    grown = value - previous
    if grown == 0 or (change is not None and abs(change) < STEADY):
        return Trend("stable", previous, change, n, previous_n, None)
    word = "increasing" if grown > 0 else "decreasing"
    return Trend(word, previous, change, n, previous_n, (grown > 0) == more_is_better)
