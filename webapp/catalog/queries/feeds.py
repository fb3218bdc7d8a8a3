"""Release feeds as they are kept: one feed as core's rules take it, the list of all, and what is due to be fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select

from webapp.catalog.models import ProjectFeed
from webapp.catalog.queries.freshness import is_stale_feed
from webapp.catalog.values.releases import Line, Release, ReleaseFeed
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

RELEASES = """
SELECT feed_id, version, status, release_link, download_link, date, terms, core_compatibility, security, covered, major, patch, extra
FROM project_releases WHERE feed_id = ANY(:feeds) ORDER BY feed_id, position
"""
WANTED = "SELECT id, project, line, etag, last_modified, failures FROM project_feeds"
DUE = f"{WANTED} WHERE due_at <= :at ORDER BY project <> 'drupal', fetched_at NULLS FIRST, due_at, project LIMIT :most"
AGES = """
SELECT state, line, count(*) AS feeds, min(fetched_at) AS oldest, max(fetched_at) AS newest FROM project_feeds GROUP BY state, line
"""


def find_releases(feed_ids: Sequence[int]) -> dict[int, list[Release]]:
    """The releases of these feeds, each in the order of its file."""
    found: dict[int, list[Release]] = {}
    for row in rows(RELEASES, feeds=list(feed_ids)) if feed_ids else []:
        found.setdefault(row.feed_id, []).append(Release(
            row.version, row.status, row.release_link, row.download_link, row.date, tuple(row.terms), row.core_compatibility,
            row.security, row.covered, row.major, row.patch, row.extra))
    return found


def feed_of(row: Any, releases: Sequence[Release]) -> ReleaseFeed:
    """A kept feed as core's rules take it."""
    return ReleaseFeed(
        row.project, row.title, row.type, row.project_status, row.link,
        None if row.supported_branches is None else tuple(row.supported_branches), Line(row.line),
        None if row.supported_majors is None else tuple(row.supported_majors), row.recommended_major, row.default_major,
        {release.version: release for release in releases})


def load_feed(project: str, line: Line = Line.CURRENT) -> ReleaseFeed | None:
    """The feed of a project; None where none was ever had."""
    found = db.session.scalar(select(ProjectFeed).where(ProjectFeed.project == project, ProjectFeed.line == line))
    if found is None or found.content_hash is None:
        return None
    return feed_of(found, find_releases([found.id]).get(found.id, []))


def find_due(at: datetime, most: int) -> list[Any]:
    """The feeds whose time has come: Drupal's own, then those never fetched, then the stalest."""
    return rows(DUE, at=at, most=most)


def find_feeds_of(project: str) -> list[Any]:
    """The feeds of one project as they are to be fetched, with nothing that would let the server say "not modified"."""
    return rows("SELECT id, project, line, NULL AS etag, NULL AS last_modified, failures FROM project_feeds WHERE project = :project"
                " ORDER BY line", project=project)


def find_ages() -> list[Any]:
    """How many feeds there are in each state, and when the stalest and the freshest of them were fetched."""
    return rows(AGES)


def find_feeds(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Listing:
    """All feeds, for the operator: what failed first, then the stalest; each with its age in seconds."""
    actor.require(Permission.SYSTEM_OPERATE)
    worst = case({"failed": 0, "waiting": 1, "unknown_project": 2}, value=ProjectFeed.state, else_=3)
    statement = select(ProjectFeed)
    for name in ("project", "line", "state", "source"):
        if name in asked:
            value, column = asked[name], getattr(ProjectFeed, name)
            statement = statement.where(column.in_(value) if isinstance(value, list) else column == value)
    if asked.get("stale") is not None:
        statement = statement.where(or_(ProjectFeed.fetched_at.is_(None), func.coalesce(is_stale_feed(at), False)) == asked["stale"])
    if asked.get("q"):
        statement = statement.where(ProjectFeed.project.icontains(asked["q"], autoescape=True))
    sorts = {"project": ProjectFeed.project, "line": ProjectFeed.line, "state": worst, "fetched_at": ProjectFeed.fetched_at,
             "tried_at": ProjectFeed.tried_at, "changed_at": ProjectFeed.changed_at, "due_at": ProjectFeed.due_at,
             "releases_count": ProjectFeed.releases_count, "failures": ProjectFeed.failures}
    def aged(row: Any) -> ProjectFeed:
        feed: ProjectFeed = row[0]
        feed.is_stale = feed.stale_at is not None and feed.stale_at < at  # type: ignore[attr-defined]
        feed.age_seconds = None if feed.fetched_at is None else int((at - feed.fetched_at).total_seconds())  # type: ignore[attr-defined]
        return feed

    return Listing(statement, sorts, "state,fetched_at,project", ProjectFeed.id, shape=aged)


def get_feeds(actor: Actor, project: str) -> list[ProjectFeed]:
    """The feeds of one project, for the operator; NotFound where no site runs it and none was imported."""
    actor.require(Permission.SYSTEM_OPERATE)
    found = list(db.session.scalars(select(ProjectFeed).where(ProjectFeed.project == project).order_by(ProjectFeed.line)))
    if not found:
        raise NotFound("There is no feed of this project.")
    return found


def count_feeds() -> dict[str, int]:
    """How many feeds are in each state."""
    return dict(db.session.execute(select(ProjectFeed.state, func.count()).group_by(ProjectFeed.state)).all())
