"""The sources of advisories: how fresh each is, and what is had of them already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, column, func, select, values

from webapp.catalog.models import AdvisoryFeed, Module
from webapp.catalog.values.releases import AdvisoryOrigin
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

ASKED_AGAIN_AFTER = timedelta(days=7)
HELD = "SELECT source_id, record->>'modified_at' AS modified FROM advisory_sources WHERE source IN ('osv-drupal', 'osv')"
KNOWN = """
SELECT node, name FROM project_nodes WHERE node = ANY(:nodes) AND (name IS NOT NULL OR asked_at > :since)
"""
AGES = "SELECT source, state, fetched_at, tried_at FROM advisory_feeds ORDER BY source"


def find_libraries() -> list[str]:
    """The libraries (`vendor/package`) that some site of the fleet has, or had."""
    return list(db.session.scalars(select(Module.name).where(Module.name.contains("/")).order_by(Module.name)))


def find_held() -> dict[str, datetime | None]:
    """OSV's advisories that are here, each with when it was last modified."""
    return {row.source_id: datetime.fromisoformat(row.modified) if row.modified else None for row in rows(HELD)}


def find_projects(nodes: Sequence[int], at: datetime) -> dict[str, str | None]:
    """The machine names of these nodes of projects, as far as they were asked about; None where there was none lately."""
    return {str(row.node): row.name for row in rows(KNOWN, nodes=list(nodes), since=at - ASKED_AGAIN_AFTER)}


def find_advisory_feeds(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Listing:
    """Every source of advisories, for the operator, also one that was never asked; each with its age in seconds."""
    actor.require(Permission.SYSTEM_OPERATE)
    every = values(column("source", String), column("place", Integer), name="origins").data(
        [(origin.value, place) for place, origin in enumerate(AdvisoryOrigin)])
    statement = select(every.c.source, AdvisoryFeed).select_from(
        every.outerjoin(AdvisoryFeed, AdvisoryFeed.source == every.c.source))
    state = func.coalesce(AdvisoryFeed.state, "waiting")
    if asked.get("state"):
        statement = statement.where(state.in_(asked["state"]))
    if asked.get("q"):
        statement = statement.where(every.c.source.icontains(asked["q"], autoescape=True))
    sorts = {"source": every.c.place, "state": state, "fetched_at": AdvisoryFeed.fetched_at, "due_at": AdvisoryFeed.due_at}

    def aged(row: Any) -> AdvisoryFeed:
        return _aged(row[1] or _never(row[0], at), at)

    return Listing(statement, sorts, "source", every.c.place, shape=aged)


def get_advisory_feed(actor: Actor, source: str) -> AdvisoryOrigin:
    """The source of this name, for the operator; NotFound where there is none."""
    actor.require(Permission.SYSTEM_OPERATE)
    try:
        return AdvisoryOrigin(source)
    except ValueError:
        raise NotFound("There is no such source of advisories.") from None


def find_advisory_ages() -> list[Any]:
    """Each source that was ever asked: its state, and when it was had and asked."""
    return rows(AGES)


def _never(source: str, at: datetime) -> AdvisoryFeed:
    return AdvisoryFeed(source=source, state="waiting", failures=0, refused_count=0, due_at=at)


def _aged(feed: AdvisoryFeed, at: datetime) -> AdvisoryFeed:
    feed.age_seconds = None if feed.fetched_at is None else int((at - feed.fetched_at).total_seconds())  # type: ignore[attr-defined]
    feed.is_stale = feed.stale_at is not None and feed.stale_at < at  # type: ignore[attr-defined]
    feed.is_unfinished = feed.pending is not None  # type: ignore[attr-defined]
    return feed
