"""A pull request's way from the first commit to production, in four parts that add up to it.

Coding ends when it is ready for review, review when it is merged, testing with the first deployment elsewhere that has it, and
deployment with the first to production. Times that lie outside their place (a review before the request) are moved to its edge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from webapp.insights.values.figures import hours, mean, percentile

PARTS: Final = ("coding", "review", "testing", "deployment")


@dataclass(frozen=True, slots=True)
class Merged:
    """A merged pull request with what is known of its way; `tested_at` and `deployed_at` are ends of successful deployments.

    `method` says how the deployment was found: `graph` (it contains the merge), `sha` (it is of the merge or of its head), or
    `time` (the first one after the merge).
    """

    id: UUID
    number: int
    title: str
    opened_at: datetime
    merged_at: datetime
    first_commit_at: datetime | None = None
    ready_at: datetime | None = None
    first_review_at: datetime | None = None
    approved_at: datetime | None = None
    tested_at: datetime | None = None
    deployed_at: datetime | None = None
    method: str | None = None
    repository: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """The parts in seconds. `pickup` is the part of review in which nobody had looked; deployment is None until it was deployed."""

    coding: float
    pickup: float
    review: float
    testing: float
    deployment: float | None
    testing_source: str

    @property
    def total(self) -> float | None:
        """The sum of its parts, always; None until it was deployed."""
        return None if self.deployment is None else self.coding + self.review + self.testing + self.deployment


def way_of(request: Merged) -> Way:
    """The parts of one pull request; none is negative, and a part that nobody recorded is a part of its neighbour, not lost."""
    merged = request.merged_at
    opened = min(request.opened_at, merged)
    ready = _within(request.ready_at or opened, opened, merged)
    began = min(request.first_commit_at or ready, ready)
    looked_at = _within(request.first_review_at or request.approved_at or merged, ready, merged)
    deployed = None if request.deployed_at is None else max(request.deployed_at, merged)
    tested = request.tested_at
    is_tested = tested is not None and tested >= merged and (deployed is None or tested <= deployed)
    until = tested if is_tested and tested is not None else merged
    return Way(
        coding=_seconds(began, ready), pickup=_seconds(ready, looked_at), review=_seconds(ready, merged), testing=_seconds(merged, until),
        deployment=None if deployed is None else _seconds(until, deployed), testing_source="deployment" if is_tested else "none")


@dataclass(frozen=True, slots=True)
class Cycle:
    """The ways of the deployed pull requests in hours: means, which add up as medians do not, and percentiles of the totals."""

    n: int
    total_hours: float | None
    parts: dict[str, float | None]
    pickup_hours: float | None
    percentiles: dict[str, float | None]


def cycle_of(ways: Sequence[Way]) -> Cycle:
    """The deployed ones in numbers; those that are not deployed yet have no total, and are left out."""
    done = [way for way in ways if way.total is not None]
    totals = [way.total for way in done if way.total is not None]
    means = {f"{name}_hours": hours(mean([getattr(way, name) for way in done])) for name in PARTS}
    known = [value for value in means.values() if value is not None]
    return Cycle(
        n=len(done), total_hours=round(sum(known), 6) if known else None, parts=means,
        pickup_hours=hours(mean([way.pickup for way in done])),
        percentiles={name: hours(percentile(totals, fraction)) for name, fraction in (("p50", 0.5), ("p75", 0.75), ("p90", 0.9))})


def _within(moment: datetime, first: datetime, last: datetime) -> datetime:
    return min(max(moment, first), last)


def _seconds(earlier: datetime, later: datetime) -> float:
    return (later - earlier).total_seconds()
