"""Fetching advisories: each source by itself, within bounds, from where the last run ended.

No transaction is open while the network is waited for; each batch is one, which also notes how far the source was read. Where a
source cannot be had its row says so, and stays as old as it is: that is told apart from "nothing new".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Protocol

from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.actions.advisory_feeds import hold_source, note_refused, note_source_failure
from webapp.catalog.feeds.advisory_clients import Read
from webapp.catalog.feeds.guest import FetchFailed
from webapp.catalog.feeds.osv import BadAdvisory
from webapp.catalog.values.freshness import Lasting
from webapp.catalog.values.releases import AdvisoryOrigin
from webapp.catalog.verdicts.advisories import AdvisoryRecord
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.logs import log

Clock = Callable[[], datetime]
HOURLY = Lasting(timedelta(minutes=50))


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a run goes with each source, in seconds, and how long what it brings is good for."""

    seconds: float = 300.0
    lasting: Lasting = HOURLY


@dataclass(slots=True)
class Turn:
    """One source's part of a run, in numbers of advisories; `is_unfinished` says that it has to be gone on with."""

    source: AdvisoryOrigin
    limits: Limits
    clock: Clock
    began: float = field(default_factory=monotonic)
    added: int = 0
    changed: int = 0
    refused: int = 0
    error: str | None = None
    is_unfinished: bool = False

    @property
    def is_over(self) -> bool:
        return monotonic() - self.began > self.limits.seconds


class Walk(Protocol):
    """Reads one source from where its row says, and raises FetchFailed where it cannot."""

    source: AdvisoryOrigin

    def walk(self, row: Any, turn: Turn) -> None: ...


def fetch_sources(walks: Iterable[Walk], limits: Limits, clock: Clock, *, wanted: Callable[[Any, datetime], bool]) -> list[Turn]:
    """Reads the sources whose row is `wanted`, one after another; one that fails stops none of the others."""
    turns = []
    for walk in walks:
        with unit_of_work(ALL):
            row = hold_source(walk.source, clock())
        if wanted(row, clock()):
            turns.append(_fetch(walk, row, Turn(walk.source, limits, clock)))
    return turns


def is_due(row: Any, at: datetime) -> bool:
    """Whether a source's time has come, or it was left unfinished."""
    return bool(row.due_at <= at or (row.pending is not None and row.state != "failed"))


def is_watched(row: Any, at: datetime) -> bool:
    """Whether a source may be asked every minute: unless it has failed and rests."""
    return bool(row.state != "failed" or row.due_at <= at)


def _fetch(walk: Walk, row: Any, turn: Turn) -> Turn:
    try:
        walk.walk(row, turn)
    except FetchFailed as problem:
        turn.error, turn.is_unfinished = problem.reason, False
        log().warning("advisories_not_fetched", source=str(turn.source), reason=problem.reason)
        with unit_of_work(ALL):
            note_source_failure(turn.source, problem.reason, row.failures, turn.clock(), problem.wait)
    return turn


def keep(found: Iterable[Read], turn: Turn, *, anew: bool) -> bool:
    """Imports a batch within the caller's transaction; whether it brought anything new. What is no advisory is counted and logged."""
    batch = list(found)
    records = [each for each in batch if isinstance(each, AdvisoryRecord)]
    problems = [each.reason for each in batch if isinstance(each, BadAdvisory)]
    done = import_advisories(records, turn.clock())
    turn.added, turn.changed, turn.refused = turn.added + done.added, turn.changed + done.changed, turn.refused + len(problems)
    if problems:
        log().warning("advisories_refused", source=str(turn.source), count=len(problems), first=problems[0])
    note_refused(turn.source, len(problems), anew=anew)
    return bool(done.added or done.changed)


def pending_of(row: Any) -> Mapping[str, Any]:
    """What an unfinished run has left; empty where the last one came to its end."""
    return row.pending or {}
