"""Which commits a deployment brought: what can be reached from its commit, and from none that was deployed there before.

The first deployment of a service is a seed: nobody knows what was deployed before it, so that what it contains has no lead time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit with its parents; `at` is when its change began: when it was written, or when it was committed, whichever is earlier."""

    sha: str
    parents: tuple[str, ...]
    at: datetime

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1


@dataclass(slots=True)
class Contents(Generic[Key]):
    """What the deployments of one service brought: by sha, the first one that contains it.

    `seeds` are deployments of which nobody knows what was there before, `unknown` those whose commit is not known.
    """

    first: dict[str, Key] = field(default_factory=dict)
    seeds: set[Key] = field(default_factory=set)
    unknown: set[Key] = field(default_factory=set)


def graph_of(commits: Sequence[Commit]) -> dict[str, Commit]:
    return {each.sha: each for each in commits}


def reach(graph: Mapping[str, Commit], sha: str, without: Mapping[str, object]) -> list[str]:
    """The commit and all that can be reached from it by parents, but for those in `without` and what lies behind them.

    Parents that are not in the graph are where it ends.
    """
    found: dict[str, None] = {}
    waiting = [sha]
    while waiting:
        here = waiting.pop()
        if here not in found and here not in without and here in graph:
            found[here] = None
            waiting += graph[here].parents
    return list(found)


def contents(graph: Mapping[str, Commit], deployed: Iterable[tuple[Key, str | None]]) -> Contents[Key]:
    """What each successful deployment of one service brought, in the order in which they were.

    A commit belongs to the first deployment that contains it: an older one deployed again brings nothing. A deployment whose commit
    is not known brings nothing that can be told. Begin at the last deployment before the time that is looked at.
    """
    found: Contents[Key] = Contents()
    for key, sha in deployed:
        if sha is None or sha not in graph:
            found.unknown.add(key)
            continue
        if not found.first:
            found.seeds.add(key)
        found.first |= dict.fromkeys(reach(graph, sha, found.first), key)
    return found
