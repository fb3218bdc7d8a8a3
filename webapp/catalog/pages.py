"""`/admin/feeds`: how fresh what we judge by is, for superusers."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request

from webapp.catalog.actions.asking import ask_for_advisories, ask_for_feed
from webapp.catalog.queries.advisory_feeds import find_advisory_feeds, get_advisory_feed
from webapp.catalog.queries.feeds import count_feeds, find_feeds, get_feeds
from webapp.catalog.schemas import FeedQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.pages import ListView, go_to, page

P = Permission
pages = Doors("catalog_pages", __name__, is_page=True)
FEEDS = "/admin/feeds"
STATES = {"failed": "Failed", "waiting": "Not fetched yet", "unknown_project": "Not on Drupal.org", "ok": "Fetched"}
AGES = {"true": "Stale or never fetched", "false": "Fresh"}
ORIGINS = {"psa": "Announcements of updates.drupal.org", "drupal.org": "Advisories of drupal.org", "osv": "OSV"}
LINES = {"current": "Drupal 8 and later", "7.x": "Drupal 7"}


@pages.get(FEEDS, needs=P.SYSTEM_OPERATE, query=FeedQuery)
def list_feeds(actor: Actor, query: dict[str, Any]) -> Response:
    """Which feeds are stale, and why?"""
    listing = ListView(find_feeds(actor, query, now()), query, "/api/v1/admin/feeds")
    counts = count_feeds()
    states = [{"value": value, "label": label, "count": counts.get(value, 0)} for value, label in STATES.items()]
    return page("catalog/feeds.html", block="content", listing=listing, states=states, labels=STATES, lines=LINES,
                ages=[{"value": value, "label": label} for value, label in AGES.items()],
                line_choices=[{"value": value, "label": label} for value, label in LINES.items()],
                is_enabled=current_app.config["FEEDS_ENABLED"], server=current_app.config["UPDATES_URL"],
                sources=find_advisory_feeds(actor, {}, now()).all(), origins=ORIGINS)


@pages.post(f"{FEEDS}/<project>/refresh", needs=P.SYSTEM_OPERATE)
def refresh_feed(actor: Actor, project: str) -> Response:
    """Asks a worker to fetch the feeds of a project at once."""
    ask_for_feed(actor, get_feeds(actor, project), current_app.config["FEEDS_ENABLED"], now())
    query = request.form.get("query", "")
    kept = f"?{query}" if query and query.isascii() and query.isprintable() and len(query) < 1000 else ""
    return go_to(f"{FEEDS}{kept}", say=f"The feed of {project} is asked for.")


@pages.post("/admin/advisory-feeds/<source>/refresh", needs=P.SYSTEM_OPERATE)
def refresh_advisory_feed(actor: Actor, source: str) -> Response:
    """Asks a worker to fetch the advisories of a source at once."""
    asked = ask_for_advisories(actor, get_advisory_feed(actor, source), current_app.config["FEEDS_ENABLED"], now())
    return go_to(FEEDS, say=f"{ORIGINS[asked['source']]}: asked for.")
