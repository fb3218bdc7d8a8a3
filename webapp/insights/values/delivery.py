"""Deployments in numbers, as DORA has them (dora.dev, 2026): how often, how many failed, how long until all was well again.

Only production counts here. A deployment belongs to the window in which it finished; so does what is said of its failure and of its
recovery, so that all numbers of a period are about the same deployments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from webapp.accounts.values import ATTRIBUTION_HOURS
from webapp.insights.values.figures import DIGITS, percentage, percentile
from webapp.insights.values.windows import Granularity, Window, first_of

HOUR, DAY = 3600.0, 86_400.0


class Environment(StrEnum):
    """Where something is deployed to."""

    PRODUCTION = "production"
    STAGING = "staging"
    TESTING = "testing"
    DEVELOPMENT = "development"


class Outcome(StrEnum):
    """What became of a deployment; a cancelled one changed nothing, and counts nowhere."""

    SUCCESS = "success"
    FAILURE = "failure"
    CANCELLED = "cancelled"


class IncidentSeverity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


class ChangeKind(StrEnum):
    """What a lead time is the lead time of."""

    COMMIT = "commit"
    MODULE_UPDATE = "module_update"
    SECURITY_FIX = "security_fix"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment to production. `failed`: it needed remediation; `restored_at` is when the last of its incidents was over.

    `rework`: it was made because of an incident.
    """

    id: UUID
    finished_at: datetime
    succeeded: bool
    failed: bool = False
    rework: bool = False
    restored_at: datetime | None = None

    @property
    def recovery(self) -> float | None:
        """Seconds from its end to its recovery; None where it did not fail, or has not recovered."""
        if not self.failed or self.restored_at is None:
            return None
        return max((self.restored_at - self.finished_at).total_seconds(), 0.0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The deployments of one window in numbers; rates are None where there is nothing to divide."""

    successes: int
    deployments: int
    failed: int
    rework: int
    recoveries: tuple[float, ...]
    deployment_days: int
    per_week: float | None
    median_days_per_week: float | None

    @property
    def failure_rate(self) -> float | None:
        """Failed ones of all that changed production: distinct deployments, however many incidents each had."""
        return percentage(self.failed, self.deployments)

    @property
    def rework_rate(self) -> float | None:
        return percentage(self.rework, self.deployments)

    def recovery(self, fraction: float) -> float | None:
        return percentile(self.recoveries, fraction)


def delivery_of(found: Iterable[Deployed], window: Window, *, is_known: bool = False) -> Delivery:
    """The deployments that finished in the window, in numbers.

    Without any, how often is not known; unless `is_known`: then there were deployments before, and none is none.
    """
    mine = [each for each in found if window.holds(each.finished_at)]
    good = [each for each in mine if each.succeeded]
    days = {window.day_of(each.finished_at) for each in good}
    has_number = bool(mine) or is_known
    return Delivery(
        successes=len(good), deployments=len(mine), failed=sum(each.failed for each in mine), rework=sum(each.rework for each in mine),
        recoveries=tuple(each.recovery for each in mine if each.recovery is not None), deployment_days=len(days),
        per_week=round(len(good) / (window.days / 7), DIGITS) if has_number else None,
        median_days_per_week=_days_a_week(days, window) if has_number else None)


def _days_a_week(days: Iterable[date], window: Window) -> float | None:
    """The median, over the weeks that the window touches, of the days of a week on which something was deployed."""
    counts = dict.fromkeys((window.period_of(each.start, Granularity.WEEKLY) for each in window.periods(Granularity.WEEKLY)), 0)
    for day in days:
        counts[first_of(day, Granularity.WEEKLY)] += 1
    return percentile(list(counts.values()), 0.5)


@dataclass(frozen=True, slots=True)
class Lead:
    """One change on its way: what it is, when it began, and when the first deployment that had it was done.

    `left_out` says why it does not count: it came with the first deployment of all (`seed`), or nobody knows when it began
    (`left_censored`).
    """

    kind: ChangeKind
    name: str
    began_at: datetime
    deployed_at: datetime
    deployment_id: UUID
    method: str = "graph"
    left_out: str | None = None

    @property
    def seconds(self) -> float:
        return max((self.deployed_at - self.began_at).total_seconds(), 0.0)


def counted(leads: Iterable[Lead], window: Window) -> list[Lead]:
    """The changes that arrived in the window and whose way is known."""
    return [each for each in leads if each.left_out is None and window.holds(each.deployed_at)]


def lead_seconds(leads: Sequence[Lead], fraction: float) -> float | None:
    return percentile([each.seconds for each in leads], fraction)


SOURCE: Final = "DORA benchmarks 2023, as Apache DevLake has them"
LEVELS: Final = ("elite", "high", "medium")
LIMITS: Final[dict[str, tuple[float, float, float]]] = {
    "lead_time_for_changes": (DAY, 7 * DAY, 30 * DAY), "change_failure_rate": (5, 10, 15), "time_to_restore": (HOUR, DAY, 7 * DAY)}
WORDS: Final = {"lead_time_for_changes": ("under 1 day", "under 7 days", "under 30 days"),
                "change_failure_rate": ("5 % or less", "10 % or less", "15 % or less"),
                "time_to_restore": ("under 1 hour", "under 1 day", "under 7 days")}
FREQUENCY_WORDS: Final = ("5 days a week or more", "once a week or more", "once a month or more")


def level_of(name: str, value: float | None) -> dict[str, Any] | None:
    """How a number stands to DORA's benchmarks, with the threshold and where it comes from; of one team or service, never of a blend."""
    if value is None:
        return None
    for place, limit in enumerate(LIMITS[name]):
        if value < limit or (name == "change_failure_rate" and value == limit):
            return {"level": LEVELS[place], "threshold": WORDS[name][place], "source": SOURCE}
    return {"level": "low", "threshold": f"not {WORDS[name][-1]}", "source": SOURCE}


def frequency_level(delivery: Delivery) -> dict[str, Any] | None:
    """How often one team or service deploys, by the days of a week on which it does; below that, by how many there are."""
    if delivery.per_week is None or delivery.median_days_per_week is None:
        return None
    reached = (delivery.median_days_per_week >= 5, delivery.per_week >= 1, delivery.per_week >= 7 / 30)
    for place, holds in enumerate(reached):
        if holds:
            return {"level": LEVELS[place], "threshold": FREQUENCY_WORDS[place], "source": SOURCE}
    return {"level": "low", "threshold": f"not {FREQUENCY_WORDS[-1]}", "source": SOURCE}


def reach_of(settings: dict[str, Any] | None) -> timedelta:
    """How long before an incident a deployment may have been its cause where nobody names one: the organization's setting."""
    return timedelta(hours=(settings or {}).get("attribution_hours") or ATTRIBUTION_HOURS)
