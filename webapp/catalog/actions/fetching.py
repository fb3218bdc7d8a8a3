"""Fetching release feeds: the stalest first, within bounds, and honest about what could not be had.

No transaction is open while the network is waited for. Where the server is away, the run ends after a few tries: what was had
stays as old as it is, and says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, Protocol

from webapp.catalog.actions.releases import LASTING, Kept, Origin, hash_of, keep_feed, keep_unchanged, keep_unknown, note_failure
from webapp.catalog.feeds.guest import Answer, FetchFailed
from webapp.catalog.feeds.release_history import BadFeed, UnknownProject, parse_feed
from webapp.catalog.queries.feeds import find_due
from webapp.catalog.values.freshness import Lasting
from webapp.catalog.values.releases import Line, feeds_kept
from webapp.kit.db import ALL, execute, unit_of_work
from webapp.kit.logs import log

SOURCE = "updates.drupal.org"
MOST_FAILURES = 3
"""So many in a row that are the network's fault end a run: the server is away, and asking on would not be polite."""
WATCHED = """
UPDATE project_feeds SET due_at = :at WHERE due_at > :at AND failures = 0
    AND ((project = 'drupal' AND tried_at < :at - interval '50 seconds') OR (state = 'ok' AND fetched_at < :at - interval '1 hour'))
"""


class Client(Protocol):
    """What asks the server."""

    def fetch(self, project: str, line: str, etag: str | None = None, last_modified: str | None = None) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a run goes: so many feeds, so many seconds; and how long what it fetches is good for."""

    most: int = 100
    seconds: float = 120.0
    lasting: Lasting = LASTING


@dataclass(slots=True)
class Fetched:
    """What a run brought, in numbers of feeds; `failures` counts those of the network at its end."""

    asked: int = 0
    changed: int = 0
    failed: int = 0
    failures: int = 0


def watch(at: datetime) -> None:
    """Makes core, and what is older than an hour, due now: security releases come out on Wednesdays. The caller commits."""
    execute(WATCHED, at=at)


def fetch_due(client: Client, bounds: Bounds, clock: Callable[[], datetime]) -> Fetched:
    """Fetches what is due, within bounds, then lets the sites follow."""
    with unit_of_work(ALL):
        due = find_due(clock(), bounds.most)
    return fetch(client, due, bounds, clock)


def fetch(client: Client, due: list[Any], bounds: Bounds, clock: Callable[[], datetime]) -> Fetched:
    """Fetches these feeds one after another, each kept in a transaction of its own."""
    done, began = Fetched(), monotonic()
    for row in due:
        if monotonic() - began > bounds.seconds or done.failures >= MOST_FAILURES:
            break
        done.asked += 1
        _fetch_one(client, row, bounds, clock, done)
    if done.asked:
        feeds_kept.send(None, at=clock())
    return done


def _fetch_one(client: Client, row: Any, bounds: Bounds, clock: Callable[[], datetime], done: Fetched) -> None:
    try:
        answer = client.fetch(row.project, row.line, row.etag, row.last_modified)
        done.failures = 0
        with unit_of_work(ALL):
            kept = _keep(row, answer, bounds, clock())
    except (FetchFailed, BadFeed) as problem:
        is_network = isinstance(problem, FetchFailed) and problem.again
        done.failed, done.failures = done.failed + 1, done.failures + is_network
        if isinstance(problem, FetchFailed) and problem.ends_run:
            done.failures = MOST_FAILURES
        reason = problem.reason if isinstance(problem, FetchFailed) else f"The answer is no release feed: {problem.reason}."
        log().warning("feed_not_fetched", project=row.project, line=row.line, reason=reason)
        with unit_of_work(ALL):
            note_failure(row.project, Line(row.line), reason, row.failures, clock())
        return
    done.changed += kept is not None and kept.outcome != "unchanged"


def _keep(row: Any, answer: Answer, bounds: Bounds, at: datetime) -> Kept | None:
    """Keeps an answer; raises BadFeed, also for the feed of another project or line than was asked for."""
    origin = Origin(SOURCE, answer.etag, answer.last_modified)
    if answer.body is None:
        keep_unchanged(row.id, origin, at, bounds.lasting)
        return None
    try:
        if answer.is_missing:
            raise UnknownProject()
        feed = parse_feed(answer.body)
    except UnknownProject:
        return keep_unknown(row.project, Line(row.line), SOURCE, at)
    if feed.short_name != row.project or feed.line != row.line:
        raise BadFeed("it is that of another project")
    return keep_feed(feed, hash_of(answer.body), origin, at, bounds.lasting)
