"""What is kept about each source of advisories: how far it was read, and what came of the last attempt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from webapp.catalog.values.freshness import IMPORTED, Lasting
from webapp.kit.db import execute, rows

FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
HOLD = """
INSERT INTO advisory_feeds (source, due_at) VALUES (:source, :at)
ON CONFLICT (source) DO UPDATE SET source = excluded.source RETURNING *
"""
READ = """
UPDATE advisory_feeds SET state = 'ok', error = NULL, failures = 0, fetched_at = greatest(fetched_at, :as_of), tried_at = :at,
    stale_at = greatest(stale_at, :stale), due_at = :due, changed_at = CASE WHEN :has_news THEN :at ELSE changed_at END,
    etag = CASE WHEN :is_other THEN :etag ELSE etag END, last_modified = CASE WHEN :is_other THEN :last_modified ELSE last_modified END,
    cursor = coalesce(:cursor, cursor), pending = NULL
WHERE source = :source
"""
PLACE = """
UPDATE advisory_feeds SET pending = CAST(:pending AS jsonb), tried_at = :at,
    changed_at = CASE WHEN :has_news THEN :at ELSE changed_at END WHERE source = :source
"""
PLANNED = """
UPDATE advisory_feeds SET pending = CAST(:pending AS jsonb), tried_at = :at, etag = :etag, last_modified = :last_modified,
    cursor = :cursor, scope = :scope, refused_count = 0 WHERE source = :source
"""
REFUSED = "UPDATE advisory_feeds SET refused_count = CASE WHEN :anew THEN 0 ELSE refused_count END + :count WHERE source = :source"
FAILED = """
UPDATE advisory_feeds SET state = 'failed', error = :error, failures = failures + 1, tried_at = :at, due_at = :due WHERE source = :source
"""
NAMED = """
INSERT INTO project_nodes (node, name, asked_at) VALUES (:node, :name, :at)
ON CONFLICT (node) DO UPDATE SET name = excluded.name, asked_at = excluded.asked_at
"""


@dataclass(frozen=True, slots=True)
class Validators:
    """What to show to a server so that it says nothing twice."""

    etag: str | None = None
    last_modified: str | None = None


def hold_source(source: str, at: datetime) -> Any:
    """The row of a source, made where there is none yet. The caller commits, here as below."""
    return rows(HOLD, source=source, at=at)[0]


def note_read(source: str, at: datetime, lasting: Lasting, *, as_of: datetime, has_news: bool = False, cursor: str | None = None,
              shown: Validators | None = None) -> None:
    """Notes that a source was read to its end: all is had that it knew at `as_of`. `shown` is None where its answer is still the same."""
    execute(READ, source=source, at=at, due=at + lasting.interval, as_of=as_of, stale=lasting.stale_at(as_of), has_news=has_news,
            cursor=cursor, is_other=shown is not None, etag=shown and shown.etag, last_modified=shown and shown.last_modified)


def note_import(at: datetime, lasting: Lasting) -> None:
    """Notes that advisories were taken in from files, also where they were here already."""
    hold_source(IMPORTED, at)
    note_read(IMPORTED, at, lasting, as_of=at, has_news=True)


def note_place(source: str, at: datetime, pending: dict[str, Any], *, has_news: bool) -> None:
    """Notes how far a source was read, so that the next run goes on from there."""
    execute(PLACE, source=source, at=at, pending=_packed(pending), has_news=has_news)


def note_plan(source: str, at: datetime, pending: dict[str, Any], shown: Validators, cursor: str | None, scope: str) -> None:
    """Notes what is to be had one by one; with it in hand, the list that it was made from need not be asked for again."""
    execute(PLANNED, source=source, at=at, pending=_packed(pending), etag=shown.etag, last_modified=shown.last_modified, cursor=cursor,
            scope=scope)


def note_refused(source: str, count: int, *, anew: bool) -> None:
    """Counts documents that were no advisories, `anew` from the beginning of a reading."""
    execute(REFUSED, source=source, count=count, anew=anew)


def note_source_failure(source: str, error: str, failures: int, at: datetime, wait: float | None = None) -> None:
    """Notes that a source could not be read. What was had stays; the next attempt is made later each time, and not before it may be."""
    rest = max(min(FIRST_WAIT * 2 ** min(failures, 12), LONGEST_WAIT), timedelta(seconds=wait or 0))
    execute(FAILED, source=source, error=error[:500], at=at, due=at + rest)


def keep_project(node: str, name: str | None, at: datetime) -> None:
    """Keeps the machine name of a project's node; None that it has none."""
    execute(NAMED, node=int(node), name=name, at=at)


def _packed(pending: dict[str, Any]) -> str:
    return orjson.dumps(pending).decode()
