"""`/search`: where is it? Groups of hits over all kinds, or all hits of one; while somebody types, the same groups as a fragment."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Response

from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.pages import ListView, page
from webapp.ops.queries.search import Group, find_groups, find_hits
from webapp.ops.schemas.search import SearchPageQuery, SearchQuery, page_of
from webapp.ops.shelf import KINDS

MOST = 5
TWIN = "/api/v1/search"


def add_search(pages: Doors) -> None:
    """Hangs the page on the blueprint of the room's pages."""

    @pages.get("/search", needs=Permission.SITE_READ, query=SearchPageQuery)
    def show_search(actor: Actor, query: dict[str, Any]) -> Response:
        """Where is it?"""
        text, kinds = query.get("q", ""), query.get("kind", [])
        groups = find_groups(actor, text, KINDS, MOST) if text else []
        listing = None
        if text and kinds:
            asked = SearchQuery().load({"q": text, "page": query.get("page", 1)})
            listing = ListView(find_hits(actor, text, {name: KINDS[name] for name in kinds}), asked, TWIN)
        return page("ops/search.html", block="found", text=text, groups=groups, listing=listing, kinds=KINDS, page_of=page_of,
                    tabs=tabs(groups, text, kinds), total=sum(group.total for group in groups))


def tabs(groups: list[Group], text: str, kinds: list[str]) -> list[dict[str, Any]]:
    """Everything, and each kind that has hits, with how many; a kind that is chosen stays, also without any."""
    shown = {group.kind.name: group.total for group in groups} | {name: 0 for name in kinds if name not in {g.kind.name for g in groups}}
    every = {"label": "Everything", "href": address(text), "count": sum(shown.values()), "current": not kinds}
    return [every, *({"label": KINDS[name].plural, "href": address(text, name), "count": total, "current": kinds == [name]}
                     for name, total in shown.items())]


def address(text: str, kind: str = "") -> str:
    return "/search?" + urlencode({"q": text, **({"kind": kind} if kind else {})})
