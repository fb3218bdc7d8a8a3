"""`/api/v1/admin/feeds` and `/admin/advisory-feeds`: how fresh release feeds and advisories are, for superusers."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.catalog.actions.asking import ask_for_advisories, ask_for_feed
from webapp.catalog.queries.advisory_feeds import find_advisory_feeds, get_advisory_feed
from webapp.catalog.queries.feeds import find_feeds, get_feeds
from webapp.catalog.schemas import AdvisoryFeedQuery, AdvisoryFeedSchema, AdvisoryRefreshSchema, FeedQuery, FeedSchema, RefreshSchema
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("catalog", __name__, tag="Administration")


@api.get("/admin/feeds", needs=P.SYSTEM_OPERATE, query=FeedQuery, gives=FeedSchema(), lists=True)
def list_feeds(actor: Actor, query: dict[str, Any]) -> Listing:
    """The release feed of each project that a site runs: when it was fetched, what went wrong, when it is due; worst first."""
    return find_feeds(actor, query, now())


@api.post("/admin/feeds/<project>/refresh", needs=P.SYSTEM_OPERATE, gives=RefreshSchema(), status=202, at="/admin/jobs/{job_id}")
def refresh_feed(actor: Actor, project: str) -> dict[str, Any]:
    """Asks a worker to fetch the feeds of a project at once."""
    return ask_for_feed(actor, get_feeds(actor, project), current_app.config["FEEDS_ENABLED"], now())


@api.get("/admin/advisory-feeds", needs=P.SYSTEM_OPERATE, query=AdvisoryFeedQuery, gives=AdvisoryFeedSchema(), lists=True)
def list_advisory_feeds(actor: Actor, query: dict[str, Any]) -> Listing:
    """The servers that advisories come from: when each was last read to its end, what went wrong, when it is due."""
    return find_advisory_feeds(actor, query, now())


@api.post("/admin/advisory-feeds/<source>/refresh", needs=P.SYSTEM_OPERATE, gives=AdvisoryRefreshSchema(), status=202,
          at="/admin/jobs/{job_id}")
def refresh_advisory_feed(actor: Actor, source: str) -> dict[str, Any]:
    """Asks a worker to fetch the advisories of a source at once."""
    return ask_for_advisories(actor, get_advisory_feed(actor, source), current_app.config["FEEDS_ENABLED"], now())
