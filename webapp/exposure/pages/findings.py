"""The findings of the fleet, and those of one site."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.exposure import queries
from webapp.exposure.pages.door import P, pages
from webapp.exposure.schemas import ExposureQuery
from webapp.fleet.models import Site
from webapp.fleet.pages.frame import Tab, add_tab, frame
from webapp.fleet.queries import count_lists, get_site
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import ListView, is_fragment, page, within

VIEWS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("Open", "state=open&runs=true", {"state": ["open"], "runs": True}),
    ("Late", "overdue=true&runs=true", {"overdue": True, "runs": True}),
    ("Not enabled", "state=open&runs=false", {"state": ["open"], "runs": False}),
    ("Accepted", "state=accepted,false_positive", {"state": ["accepted", "false_positive"]}),
    ("Fixed", "state=fixed", {"state": ["fixed"]}),
    ("All", "sort=state", {}))
"""Saved views: their words, their address, and what they ask for."""


def find_site_exposures(actor: Actor, site: Site, asked: dict[str, Any]) -> Listing:
    """What stands open on one site, as its tab counts and shows it unless another state is asked for."""
    return queries.find_exposures(actor, {"state": ["open"], **asked, "site_id": site.id})


add_tab(Tab(2, "Exposures", "/exposures", find_site_exposures))


@pages.get("/exposures", needs=P.EXPOSURE_READ, query=ExposureQuery)
def list_exposures(actor: Actor, query: dict[str, Any]) -> Response:
    """Who is open to what, and until when?"""
    at, asked = now(), within(actor, query)
    chosen = asked if any(name in query for name in ("state", "overdue", "breached", "reintroduced")) or query["sort"] else {
        **asked, "state": ["open"], "runs": True}
    listing = ListView(queries.find_exposures(actor, chosen, at), chosen, "/api/v1/exposures")
    return page("exposure/exposures.html", block="results", listing=listing, now=at, may_decide=actor.may(P.EXPOSURE_DECIDE),
                view_tabs=_views(actor, asked, listing.query, at))


def _views(actor: Actor, asked: dict[str, Any], shown: dict[str, Any], at: Any) -> list[dict[str, Any]]:
    if is_fragment() and not shown:
        return []
    place = {name: asked[name] for name in ("organization_id",) if name in asked}
    counts = count_lists({label: queries.find_exposures(actor, {**place, **wanted}, at) for label, _, wanted in VIEWS})
    now_shown = "&".join(f"{name}={value}" for name, value in shown.items())
    return [{"label": label, "href": f"/exposures?{address}", "count": counts[label],
             "current": now_shown == address or (not now_shown and label == "Open")} for label, address, _ in VIEWS]


@pages.get("/sites/<uuid:site_id>/exposures", needs=P.EXPOSURE_READ, query=ExposureQuery)
def list_site_exposures(actor: Actor, site_id: UUID, query: dict[str, Any]) -> Response:
    """What is this site open to, and what closes it?"""
    site, at = get_site(actor, site_id), now()
    listing = ListView(find_site_exposures(actor, site, query), {**query, "site_id": site.id}, "/api/v1/exposures")
    listing.query.setdefault("site_id", str(site.id))
    return page("exposure/site_exposures.html", block="results", listing=listing,
                may_decide=actor.may(P.EXPOSURE_DECIDE, site.organization_id), **frame(actor, site, "/exposures", at))
