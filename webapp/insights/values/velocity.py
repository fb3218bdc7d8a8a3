"""Velocity, by the rule of Atlassian: what was committed when the sprint began, what was done when it ended.

Both are frozen then: work that is added or estimated anew later changes neither. Work added in the sprint counts as done, and not as
committed, so that more than all may be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from webapp.insights.values.figures import Trend, mean, trend

SPRINTS: Final = 6
MOST_SPRINTS: Final = 50


class SprintState(StrEnum):
    """Where a sprint stands; starting freezes what is committed, closing what is done."""

    PLANNED = "planned"
    ACTIVE = "active"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed sprint; points are None where nobody told them."""

    id: UUID
    name: str
    start: date
    end: date
    committed: float | None
    completed: float | None

    @property
    def completion_rate(self) -> float | None:
        """What was done of what was committed, as a fraction; None where nothing was committed."""
        return None if not self.committed or self.completed is None else round(self.completed / self.committed, 6)


@dataclass(frozen=True, slots=True)
class Velocity:
    """The last closed sprints in their order, and the mean of what was done in them; sprints that tell nothing are left out of it."""

    sprints: tuple[Closed, ...]
    average: float | None
    trend: Trend


def velocity_of(sprints: Sequence[Closed], count: int = SPRINTS) -> Velocity:
    """The mean of the last `count` sprints by their end, against the same number of sprints before those."""
    ordered = sorted(sprints, key=lambda sprint: (sprint.end, sprint.start, str(sprint.id)))
    last, earlier = ordered[-count:], ordered[-2 * count:-count]
    points, before = ([sprint.completed for sprint in part if sprint.completed is not None] for part in (last, earlier))
    average = mean(points)
    shown = None if average is None else round(average, 6)
    return Velocity(tuple(last), shown, trend(average, len(points), mean(before), len(before), more_is_better=True))
