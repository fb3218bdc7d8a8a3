"""The advisories, and one of them as the place where an incident is worked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.catalog.models import Advisory
from webapp.exposure import queries
from webapp.exposure.pages.door import P, pages
from webapp.exposure.schemas import AdvisoryQuery, AdvisorySiteQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import ListView, chosen_organization, page, within

CORE = "drupal"


@pages.get("/advisories", needs=P.EXPOSURE_READ, query=AdvisoryQuery)
def list_advisories(actor: Actor, query: dict[str, Any]) -> Response:
    """What is out, and does it concern us?"""
    asked = within(actor, query)
    listing = ListView(queries.find_advisories(actor, asked), asked, "/api/v1/advisories")
    concerning = queries.find_advisories(actor, {**within(actor, {}), "exposed": True}).count()
    ever = queries.find_advisories(actor, {**within(actor, {}), "hit": True}).count()
    tabs = [{"label": "All", "href": "/advisories", "current": not ({"exposed", "hit"} & set(listing.query))},
            {"label": "Concern us now", "href": "/advisories?exposed=true", "count": concerning, "current": "exposed" in listing.query},
            {"label": "Ever did", "href": "/advisories?hit=true", "count": ever, "current": "hit" in listing.query}]
    return page("exposure/advisories.html", block="results", listing=listing, now=now(), view_tabs=tabs)


@pages.get("/advisories/<uuid:advisory_id>", needs=P.EXPOSURE_READ, query=AdvisorySiteQuery)
def show_advisory(actor: Actor, advisory_id: UUID, query: dict[str, Any]) -> Response:
    """Who is hit, who is on it, and will the deadline be met?"""
    at, advisory, asked = now(), queries.described(queries.get_advisory_alone(actor, advisory_id)), within(actor, query)
    listing = ListView(queries.find_advisory_sites(actor, advisory, asked, at), asked, f"/api/v1/advisories/{advisory.public_id}/sites")
    room = queries.advisory_room(actor, advisory, chosen_organization(actor), at)
    periods = [f"{moment:%-d %b}" for moment, _ in room["burn_down"]]
    return page("exposure/advisory.html", block="results", listing=listing, advisory=advisory, room=room, periods=periods, now=at,
                may_decide=actor.may(P.EXPOSURE_DECIDE), commands=_commands(advisory))


def _commands(advisory: Advisory) -> str:
    """What closes it on a site, to be copied."""
    packages = [("drupal/core-recommended drupal/core-composer-scaffold" if name == CORE else name if "/" in name else f"drupal/{name}")
                for name in advisory.packages]
    return f"composer update {' '.join(packages)} --with-all-dependencies\nvendor/bin/drush updatedb --yes\nvendor/bin/drush cache:rebuild"
