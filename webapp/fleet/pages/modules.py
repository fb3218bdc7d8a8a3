"""`/modules`: what all sites run, in which versions, and where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.fleet import queries
from webapp.fleet.pages.door import MODULE, pages
from webapp.fleet.pages.words import WORDS, plain
from webapp.fleet.queries import count_lists
from webapp.fleet.schemas import ModuleQuery, ModuleSiteQuery, ModuleVersionQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import ListView, is_fragment, page, within

P = Permission
MOST_VERSIONS = 12


@pages.get("/modules", needs=P.MODULE_READ, query=ModuleQuery)
def list_modules(actor: Actor, query: dict[str, Any]) -> Response:
    """What do we run, and which updates wait?"""
    asked = within(actor, query)
    listing = ListView(queries.find_modules(actor, asked), asked, "/api/v1/modules")
    return page("fleet/modules.html", block="results", listing=listing, view_tabs=tabs_of_modules(actor, query),
                types=plain("type"))


@pages.get(MODULE, needs=P.MODULE_READ, query=ModuleSiteQuery)
def show_module(actor: Actor, module_id: UUID, query: dict[str, Any]) -> Response:
    """Where does it run, in which versions?"""
    module, asked = queries.get_module(actor, module_id), within(actor, query)
    listing = ListView(queries.find_module_sites(actor, module, asked), asked, f"/api/v1/modules/{module_id}/sites")
    return page("fleet/module.html", block="results", listing=listing, **module_frame(actor, module, "sites"),
                environments=plain("environment"), spread=[] if is_fragment() else spread(actor, module), support=support(actor, module))


@pages.get(f"{MODULE}/versions", needs=P.MODULE_READ, query=ModuleVersionQuery)
def show_versions(actor: Actor, module_id: UUID, query: dict[str, Any]) -> Response:
    """Which of its versions were seen, and how many sites run each?"""
    module, asked = queries.get_module(actor, module_id), within(actor, query)
    found = queries.find_module_versions(actor, module, asked)
    listing = ListView(found, asked, f"/api/v1/modules/{module_id}/versions")
    frame = module_frame(actor, module, "versions")
    return page("fleet/module_versions.html", block="results", listing=listing, **frame)


def tabs_of_modules(actor: Actor, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Saved views of the catalogue; without numbers, as each would read everything that is installed once more."""
    views: list[tuple[str, str, dict[str, Any]]] = [
        ("All modules", "/modules", {}), ("Security update waiting", "/modules?has_security_updates=true",
                                          {"has_security_updates": True}),
        ("Any update waiting", "/modules?has_updates=true", {"has_updates": True})]
    names = ("has_security_updates", "has_updates")
    now_on = {name: asked[name] for name in names if name in asked}
    return [{"label": label, "href": href, "current": given == now_on} for label, href, given in views]


def module_frame(actor: Actor, module: Any, current: str) -> dict[str, Any]:
    """The head of a module's pages; a fragment stands below it and needs no numbers."""
    here = f"/modules/{module['id']}"
    values = {"module": module, "here": here, "now": now(), "mark_words": WORDS["mark"], "counts": {}, "view_tabs": []}
    if is_fragment():
        return values
    asked = within(actor, {})
    counts = count_lists({
        "sites": queries.find_module_sites(actor, module, asked),
        "security": queries.find_module_sites(actor, module, {**asked, "needs": "security"}),
        "other": queries.find_module_sites(actor, module, {**asked, "needs": "other"}),
        "versions": queries.find_module_versions(actor, module, asked)})
    tabs = [{"label": label, "href": here + path, "count": counts[name], "current": name == current}
            for label, name, path in (("Sites", "sites", ""), ("Versions", "versions", "/versions"))]
    return {**values, "counts": counts, "view_tabs": tabs}


def spread(actor: Actor, module: Any) -> list[Any]:
    """The versions that run, those on most sites first."""
    versions = queries.find_module_versions(actor, module, {**within(actor, {}), "in_use": True})
    return versions.fetch(versions.ordered().limit(MOST_VERSIONS))


def support(actor: Actor, module: Any) -> list[queries.CoreBranch]:
    """Of Drupal itself, until when the branches that sites run are covered; nothing of other modules."""
    return queries.find_core_support(actor, within(actor, {}), now().date()) if module["name"] == "drupal" and not is_fragment() else []
