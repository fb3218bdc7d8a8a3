"""How well the system is: its dependencies, and what they add up to; and what a search is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from webapp.kit.permissions import Actor

MOST_WORDS = 8
VITAL = ("database", "storage")


class Condition(StrEnum):
    """How a dependency is."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


class Health(StrEnum):
    """How the whole is: unhealthy without what is vital, degraded when anything else is amiss."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Dependency:
    """One dependency; `reason` is a fixed phrase and never names a host, a path or a user."""

    status: Condition
    reason: str | None = None
    latency_ms: float | None = None

    def as_json(self) -> dict[str, Any]:
        found = {"status": self.status.value, "latency_ms": self.latency_ms, "reason": self.reason}
        return {name: value for name, value in found.items() if value is not None}


def health_of(dependencies: Mapping[str, Dependency]) -> Health:
    """What the dependencies add up to."""
    if any(dependencies[name].status is Condition.DOWN for name in VITAL):
        return Health.UNHEALTHY
    if any(each.status is not Condition.UP for each in dependencies.values()):
        return Health.DEGRADED
    return Health.HEALTHY


@dataclass(frozen=True, slots=True)
class Backlog:
    """Work of one queue in one state: how many, and how long the oldest has waited."""

    queue: str
    state: str
    jobs: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True)
class FeedAge:
    """Release feeds in one state: how many, and how many seconds ago the stalest and the freshest were fetched; None: never."""

    state: str
    line: str
    feeds: int
    oldest_seconds: float | None
    newest_seconds: float | None


@dataclass(frozen=True, slots=True)
class SourceAge:
    """A source of advisories: what came of the last attempt, and how many seconds ago all of it was had; None: never."""

    source: str
    state: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody searches for: the whole, its words, and the id that it may be."""

    text: str
    words: tuple[str, ...]
    id: UUID | None = None

    @classmethod
    def read(cls, text: str) -> Words:
        """A search text, its words by white space; more than eight would only narrow what is found already."""
        found = " ".join(text.split())
        try:
            return cls(found, (found,), UUID(found))
        except ValueError:
            return cls(found, tuple(found.split())[:MOST_WORDS])


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that can be found. `find` gives a statement of hits (`queries.search.hits`) within what the actor sees."""

    name: str
    label: str
    plural: str
    icon: str
    find: Callable[[Actor, Words], Any]
