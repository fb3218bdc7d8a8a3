"""What stands around the list of sites: saved views with their counts, and the choices of its filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from webapp.accounts.queries import team_names
from webapp.fleet import queries
from webapp.fleet.pages.words import NOT_OK, by_version, ordered
from webapp.fleet.queries import Choice
from webapp.fleet.schemas import SiteQuery
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import within

CHIPS = ("status", "environment", "criticality", "core_version", "owner_id", "team_id", "tags")
MORE = ("organization_id", "reporting", "owned", "has_team", "reported", "module", "module_version", "php_version", "database",
        "has_security_updates", "has_updates", "status_since", "refused_since", "from", "to")
"""Filters that are below "+ Filter" until they are in force."""
PLACE = ("page", "per_page", "sort", "skip", "limit")


def views(actor: Actor) -> list[tuple[str, dict[str, str]]]:
    """The saved views that everybody has, by name, as filters of the address."""
    return [("All sites", {}), ("Needs work in production", {"status": NOT_OK, "environment": "production"}),
            ("Mine", {"owner_id": str(actor.id)}), ("Silent", {"status": "silent"}), ("Late", {"reporting": "late"}),
            ("Never reported", {"reported": "false"}), ("No owner", {"owned": "false"})]


def around_sites(actor: Actor, query: dict[str, Any], at: datetime, *, empty: bool) -> dict[str, Any]:
    """The values that the page has beside its rows. An empty list says what each filter's removal would show."""
    asked, without = within(actor, query), {}
    if empty:
        dropped = [name for name in (*CHIPS, "organization_id", "module", "q") if name in query]
        without = queries.count_lists({
            name: queries.find_sites(actor, within(actor, _less(query, name)), at) for name in dropped})
    return {"view_tabs": tabs_of_sites(actor, at), "choices": choices_of_sites(actor, asked, at), "chips": CHIPS,
            "more": MORE, "without": without, "may_add": actor.may(Permission.SITE_REGISTER),
            "may_edit": actor.may(Permission.SITE_EDIT), "may_delete": actor.may(Permission.SITE_DELETE)}


def _less(query: dict[str, Any], name: str) -> dict[str, Any]:
    """The query without a filter, and without what only narrows that one."""
    return {key: value for key, value in query.items() if key not in (name, f"{name}_version")}


def tabs_of_sites(actor: Actor, at: datetime, deleted: bool = False) -> list[dict[str, Any]]:
    """The views as tabs, with the numbers of the lists behind them; deleted sites are for those who may restore."""
    saved = views(actor)
    lists = {name: queries.find_sites(actor, within(actor, SiteQuery().load(given)), at) for name, given in saved}
    if actor.may(Permission.SITE_DELETE):
        lists["Deleted"] = queries.find_deleted_sites(actor, within(actor, {}))
    counts = queries.count_lists(lists)
    now_on = {name: value for name, value in request.args.items() if value and name not in PLACE}
    tabs = [{"label": name, "href": f"/sites?{urlencode(given)}" if given else "/sites", "count": counts[name],
             "current": given == now_on and not deleted} for name, given in saved]
    if deleted or counts.get("Deleted"):
        tabs.append({"label": "Deleted", "href": "/sites/deleted", "count": counts.get("Deleted"), "current": deleted})
    return tabs


def choices_of_sites(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, list[Choice]]:
    """The choices of each chip with their counts under the other filters, in the order that people expect."""
    names = [*CHIPS, "organization_id"] if actor.sees_all or len(actor.roles) > 1 else list(CHIPS)
    found = queries.site_choices(actor, asked, names, at)
    for name in ("status", "environment", "criticality"):
        found[name] = ordered(name, found[name])
    unwell = sum(each.count or 0 for each in found["status"] if each.value != "ok")
    found["status"][0] = Choice(NOT_OK, "Any but OK", unwell)
    found["core_version"] = by_version(found["core_version"])
    found["owner_id"] = _named(found["owner_id"], asked.get("owner_id"), "Unknown person", lambda ids: queries.names_of(set(ids)))
    found["team_id"] = _named(found["team_id"], asked.get("team_id"), "Unknown team", lambda ids: team_names(actor, ids))
    return found


def _named(found: list[Choice], picked: UUID | None, unknown: str, names: Callable[[list[UUID]], dict[UUID, str]]) -> list[Choice]:
    """Owners or teams by name; the one that is filtered by stays by name where no site matches."""
    if picked and str(picked) not in {each.value for each in found}:
        found = [*found, Choice(str(picked), names([picked]).get(picked, unknown), 0)]
    return sorted(found, key=lambda each: each.label.lower())
