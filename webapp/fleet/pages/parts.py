"""The pages of one site: its modules, its history, and what it sent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.fleet import queries
from webapp.fleet.models import Site
from webapp.fleet.pages.door import SITE, pages
from webapp.fleet.pages.frame import frame
from webapp.fleet.pages.words import WORDS, ordered, plain
from webapp.fleet.queries import Choice
from webapp.fleet.schemas import ChangeQuery, InstalledQuery, ReceivedQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import ListView, is_fragment, page

P = Permission
CHIPS = ("needs", "status", "enabled", "type")
SHOWN = {"status": "verdict"}
MOST_FIXES = 30


@pages.get(SITE, needs=P.SITE_READ, query=InstalledQuery)
def show_site(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What is on it, and what needs somebody?"""
    site = queries.get_site(actor, site_id)
    listing = ListView(queries.find_installed(actor, site, query), query, f"/api/v1/sites/{site.id}/modules")
    beside = None if is_fragment() else aside(actor, site)
    return page("fleet/site_modules.html", block="results", listing=listing, as_of=query.get("as_of"), aside=beside,
                mark_words=WORDS["mark"],
                choices=choices_of_installed(actor, site, query), **frame(actor, site, "", now()))


@pages.get(f"{SITE}/history", needs=P.SITE_READ, query=ChangeQuery)
def show_history(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What changed, when, and by which run?"""
    site = queries.get_site(actor, site_id)
    listing = ListView(queries.find_changes(actor, site, query), query, f"/api/v1/sites/{site.id}/history")
    return page("fleet/site_history.html", block="results", listing=listing, kinds=plain("kind"),
                **frame(actor, site, "/history", now()))


@pages.get(f"{SITE}/received", needs=P.INVENTORY_READ, query=ReceivedQuery)
def show_received(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What did it send, and what was refused?"""
    site = queries.get_site(actor, site_id)
    listing = ListView(queries.find_received(actor, site, query), query, f"/api/v1/sites/{site.id}/inventory-reports")
    return page("fleet/site_received.html", block="results", listing=listing, outcomes=plain("outcome"),
                **frame(actor, site, "/received", now()))


def choices_of_installed(actor: Actor, site: Site, asked: dict[str, Any]) -> dict[str, list[Choice]]:
    """The choices of each chip with their counts under the other filters."""
    found = queries.installed_choices(actor, site, asked, CHIPS)
    choices = {name: ordered(SHOWN.get(name, name), found[name]) for name in CHIPS}
    waiting = sum(each.count or 0 for each in choices["needs"])
    return {**choices, "needs": [Choice("any", "Any update", waiting), *choices["needs"]]}


def aside(actor: Actor, site: Site) -> dict[str, Any]:
    """What stands beside the modules: the updates that close what is open, the last steps, the last reports."""
    waiting = queries.find_installed(actor, site, {"needs": "security"})
    fixes = waiting.fetch(waiting.ordered().limit(MOST_FIXES))
    changes, received = queries.find_changes(actor, site, {}), queries.find_received(actor, site, {})
    return {"marks": marks_on(actor, site), "fixes": fixes, "packages": packages_of(fixes),
            "changes": changes.fetch(changes.ordered().limit(4)),
            "received": received.fetch(received.ordered().limit(3)),
            "stale": queries.find_stale_feeds(site, now()) if site.is_stale else []}  # type: ignore[attr-defined]


def marks_on(actor: Actor, site: Site) -> list[Choice]:
    """How many of its modules are marked by lists, kind by kind; each the length of the list with that filter."""
    counts = queries.count_lists({kind: queries.find_installed(actor, site, {"mark": [kind]}) for kind in WORDS["mark"]})
    return [Choice(kind, label, counts[kind]) for kind, label in WORDS["mark"].items() if counts[kind]]


def packages_of(rows: list[Any]) -> list[str]:
    """What Composer calls them: core by its metapackages, Drupal's projects as `drupal/…`, libraries as they are."""
    names = ["'drupal/core-*'" if row.type == "core" else row.name if row.type == "library"
             else f"drupal/{row.project or row.name}" for row in rows]
    return list(dict.fromkeys(names))
