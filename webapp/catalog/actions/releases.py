"""Keeping release feeds: what came in is compared by hash, written set by set, and judged again where it is another than before."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from webapp.catalog.actions.judging import judge_again
from webapp.catalog.values.freshness import Lasting
from webapp.catalog.values.releases import FeedState, Line, Release, ReleaseFeed
from webapp.catalog.verdicts.extension_version import LONGEST
from webapp.kit.db import execute, rows

FIRST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
SOON, LONGEST_WAIT = timedelta(minutes=5), timedelta(hours=24)
LASTING = Lasting()
HOLD = """
INSERT INTO project_feeds (project, line, due_at) VALUES (:project, :line, :at)
ON CONFLICT (project, line) DO UPDATE SET project = excluded.project RETURNING *
"""
SEEN = """
UPDATE project_feeds SET state = :state, fetched_at = :at, tried_at = :at, due_at = :due, stale_at = :stale, error = NULL, failures = 0,
    source = :source, etag = coalesce(:etag, etag), last_modified = coalesce(:last_modified, last_modified) WHERE id = :id
"""
KEEP = """
UPDATE project_feeds SET state = :state, source = :source, title = :title, type = :type, project_status = :project_status, link = :link,
    supported_branches = :supported_branches, supported_majors = :supported_majors, recommended_major = :recommended_major,
    default_major = :default_major, releases_count = :releases_count, content_hash = :content_hash, etag = :etag,
    last_modified = :last_modified, error = NULL, failures = 0, fetched_at = :at, tried_at = :at, changed_at = :at, due_at = :due,
    stale_at = :stale
WHERE id = :id RETURNING *
"""
FAILED = """
UPDATE project_feeds SET state = 'failed', error = :error, failures = failures + 1, tried_at = :at, due_at = :due
WHERE project = :project AND line = :line
"""
COLUMNS = {
    "version": "text", "position": "integer", "status": "text", "date": "text", "released_at": "timestamptz", "terms": "varchar[]",
    "release_link": "text", "download_link": "text", "core_compatibility": "text", "security": "text", "covered": "boolean",
    "is_supported": "boolean", "major": "text", "patch": "text", "extra": "text",
}
WRITTEN = [name for name in COLUMNS if name != "version"]
RELEASES = f"""
INSERT INTO project_releases AS r (feed_id, {", ".join(COLUMNS)})
SELECT :feed, n.* FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS n ({", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())})
ON CONFLICT (feed_id, version) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in WRITTEN)}
WHERE ({", ".join(f"r.{name}" for name in WRITTEN)}) IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in WRITTEN)})
"""  # noqa: S608 (names from a constant)
GONE = "DELETE FROM project_releases WHERE feed_id = :feed AND NOT (version = ANY(:versions))"
PUBLISHED = """
INSERT INTO module_versions AS mv (module_id, version, first_seen_at, released_at, is_security, is_supported, is_insecure)
SELECT DISTINCT ON (m.id, r.version) m.id, r.version, CAST(:at AS timestamptz), r.released_at, 'Security update' = ANY(r.terms),
    r.is_supported, 'Insecure' = ANY(r.terms)
FROM project_feeds f JOIN project_releases r ON r.feed_id = f.id AND r.status = 'published'
    JOIN modules m ON m.name = f.project OR m.id IN (SELECT p.module_id FROM module_projects p WHERE p.project = f.project)
WHERE f.project = ANY(:projects)
ORDER BY m.id, r.version, (f.line = '7.x') <> starts_with(r.version, '7.')
ON CONFLICT (module_id, version) DO UPDATE SET released_at = excluded.released_at, is_security = excluded.is_security,
    is_supported = excluded.is_supported, is_insecure = excluded.is_insecure
WHERE (mv.released_at, mv.is_security, mv.is_supported, mv.is_insecure)
    IS DISTINCT FROM (excluded.released_at, excluded.is_security, excluded.is_supported, excluded.is_insecure)
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a feed came from, and what to show to the server so that it says nothing twice."""

    source: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of a feed: `outcome` is added, changed or unchanged; `verdicts` counts those that are other than before."""

    project: str
    line: Line
    outcome: str
    verdicts: int = 0


def keep_feed(feed: ReleaseFeed, content_hash: bytes, origin: Origin, at: datetime, lasting: Lasting = LASTING) -> Kept:
    """Keeps what a feed says; the same content again costs one comparison. The caller commits, best after each feed."""
    row = rows(HOLD, project=feed.short_name, line=feed.line, at=at)[0]
    if row.content_hash is not None and bytes(row.content_hash) == content_hash:
        _seen(row.id, FeedState.OK, origin, at, lasting)
        # It was the answer before the project was unknown for a while: then verdicts have to come back too.
        again = judge_again(_held(row.id), at) if row.state == FeedState.UNKNOWN else []
        return Kept(feed.short_name, feed.line, "unchanged", len(again))
    kept = rows(KEEP, id=row.id, state=FeedState.OK, content_hash=content_hash, releases_count=len(feed.releases), at=at,
                due=at + lasting.interval, stale=lasting.stale_at(at), source=origin.source, etag=origin.etag,
                last_modified=origin.last_modified, **_columns(feed))[0]
    _write_releases(row.id, feed)
    execute(PUBLISHED, projects=[feed.short_name], at=at)
    changed = judge_again(kept, at)
    return Kept(feed.short_name, feed.line, "added" if row.content_hash is None else "changed", len(changed))


def keep_unchanged(feed_id: int, origin: Origin, at: datetime, lasting: Lasting = LASTING) -> None:
    """Notes that the server says that nothing has changed (HTTP 304), which it can only say of a project that it has."""
    before = _held(feed_id).state
    _seen(feed_id, FeedState.OK, origin, at, lasting)
    if before == FeedState.UNKNOWN:
        judge_again(_held(feed_id), at)


def keep_unknown(project: str, line: Line, source: str, at: datetime) -> Kept:
    """Notes that drupal.org has no releases of a project; what was had of it before is kept, and no longer judges."""
    row = rows(HOLD, project=project, line=line, at=at)[0]
    _seen(row.id, FeedState.UNKNOWN, Origin(source), at, Lasting(LONGEST_WAIT, None))  # it judges nothing that could be stale
    changed = [] if row.state == FeedState.UNKNOWN else judge_again(_held(row.id), at)
    return Kept(project, line, "unchanged" if row.state == FeedState.UNKNOWN else "changed", len(changed))


def note_failure(project: str, line: Line, error: str, failures: int, at: datetime) -> None:
    """Notes that a feed could not be had. What an earlier attempt brought stays; the next is made later each time."""
    wait = min(SOON * 2 ** min(failures, 12), LONGEST_WAIT)
    execute(FAILED, project=project, line=line, error=error[:500], at=at, due=at + wait)


def publish_versions(projects: list[str], at: datetime) -> None:
    """Gives modules that are new here what the feeds of their projects say of each version."""
    if projects:
        execute(PUBLISHED, projects=projects, at=at)


def hash_of(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def _seen(feed_id: int, state: FeedState, origin: Origin, at: datetime, lasting: Lasting) -> None:
    execute(SEEN, id=feed_id, state=state, at=at, due=at + lasting.interval, stale=lasting.stale_at(at), source=origin.source,
            etag=origin.etag, last_modified=origin.last_modified)


def _held(feed_id: int) -> Any:
    return rows("SELECT * FROM project_feeds WHERE id = :id", id=feed_id)[0]


def _columns(feed: ReleaseFeed) -> dict[str, Any]:
    branches, majors = feed.supported_branches, feed.supported_majors
    return {
        "title": feed.title[:500], "type": feed.type[:100], "project_status": feed.project_status[:100], "link": feed.link[:1000],
        "supported_branches": None if branches is None else list(branches), "supported_majors": None if majors is None else list(majors),
        "recommended_major": feed.recommended_major, "default_major": feed.default_major,
    }


def _write_releases(feed_id: int, feed: ReleaseFeed) -> None:
    # Core takes nothing longer for a version, and an index has no room for it.
    written = [_release_row(position, release, feed) for position, release in enumerate(feed.releases.values())
               if 0 < len(release.version) <= LONGEST]
    execute(GONE, feed=feed_id, versions=[each["version"] for each in written])
    if written:
        execute(RELEASES, feed=feed_id, rows=orjson.dumps(written).decode())


def _release_row(position: int, release: Release, feed: ReleaseFeed) -> dict[str, Any]:
    released = datetime.fromtimestamp(release.seconds, UTC) if 0 < release.seconds < LATEST.timestamp() else None
    return {
        "version": release.version, "position": position, "status": release.status, "date": release.date,
        "released_at": released.isoformat() if released and released > FIRST else None, "terms": list(release.terms),
        "release_link": release.release_link, "download_link": release.download_link,
        "core_compatibility": release.core_compatibility, "security": release.security, "covered": release.covered,
        "is_supported": is_supported(release, feed), "major": release.major, "patch": release.patch, "extra": release.extra,
    }


def is_supported(release: Release, feed: ReleaseFeed) -> bool:
    """Whether a release is supported: its project, its branch (in Drupal 7 its major version), and itself."""
    if feed.project_status not in ("published", "") or release.is_unsupported or not release.is_published:
        return False
    if feed.line is Line.SEVEN and feed.supported_majors is not None:
        return release.major in feed.supported_majors
    return bool(feed.supported_branches) and release.version.startswith(tuple(feed.supported_branches or ()))
