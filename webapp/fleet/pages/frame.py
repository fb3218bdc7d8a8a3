"""What all pages of one site share: its head and its tabs. Rooms above add tabs of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.fleet.models import Site
from webapp.fleet.queries import count_lists, find_changes, find_installed, find_received
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import is_fragment

Find = Callable[[Actor, Site, dict[str, Any]], Listing]
DOES = (Permission.SITE_EDIT, Permission.SITE_DELETE, Permission.PATCH_RUN_RECORD, Permission.API_KEY_MANAGE, Permission.UPLOAD_MAKE)


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of a site: its path below the site's, and the list that it shows, whose length it bears."""

    place: int
    label: str
    path: str
    find: Find | None = None


TABS = [Tab(1, "Modules", "", find_installed), Tab(2, "History", "/history", find_changes),
        Tab(4, "Reports received", "/received", find_received), Tab(6, "Settings and connect", "/connect")]


def add_tab(tab: Tab) -> None:
    """Adds a tab to the pages of every site."""
    TABS.append(tab)
    TABS.sort(key=lambda each: each.place)


def frame(actor: Actor, site: Site, current: str, at: datetime) -> dict[str, Any]:
    """The values that the layout of a site's pages needs; a fragment stands inside of it and needs no tabs."""
    tabs: list[dict[str, Any]] = []
    if not is_fragment():
        counts = count_lists({tab.path: tab.find(actor, site, {}) for tab in TABS if tab.find})
        tabs = [{"label": tab.label, "href": f"/sites/{site.id}{tab.path}", "count": counts.get(tab.path),
                 "current": tab.path == current} for tab in TABS]
    allowed = {each.value for each in DOES if actor.may(each, site.organization_id)}
    return {"site": site, "view_tabs": tabs, "now": at, "allowed": allowed, "part": current}
