"""`/sites`: the list, adding and changing a site, deleting it and bringing it back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.accounts.queries import find_organizations, find_teams_to_choose
from webapp.fleet import queries
from webapp.fleet.actions import sites
from webapp.fleet.pages.door import SITE, pages
from webapp.fleet.pages.lists import around_sites, tabs_of_sites
from webapp.fleet.pages.words import team_choices
from webapp.fleet.schemas import SiteInput, SiteQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

P = Permission
START = {"environment": "production", "criticality": "normal", "report_interval_minutes": 1440}


@pages.get("/sites", needs=P.SITE_READ, query=SiteQuery)
def list_sites(actor: Actor, query: dict[str, Any]) -> Response:
    """Which sites need work first?"""
    at, asked = now(), within(actor, query)
    listing = ListView(queries.find_sites(actor, asked, at), asked, "/api/v1/sites")
    around = around_sites(actor, query, at, empty=not listing.total)
    return page("fleet/sites.html", block="results", listing=listing, now=at, **around)


@pages.get("/sites/deleted", needs=P.SITE_DELETE, query=SiteQuery)
def list_deleted_sites(actor: Actor, query: dict[str, Any]) -> Response:
    """Which sites were deleted, and can come back?"""
    at, asked = now(), within(actor, query)
    listing = ListView(queries.find_deleted_sites(actor, asked), asked)
    tabs = tabs_of_sites(actor, at, deleted=True)
    return page("fleet/sites_deleted.html", block="results", listing=listing, view_tabs=tabs, now=at)


@pages.get("/sites/new", needs=P.SITE_REGISTER)
def new_site(actor: Actor, form: Form | None = None) -> Response:
    """A form for a site that does not report yet."""
    places = organizations_of(actor)
    start = {**START, "organization_id": chosen_organization(actor) or (places[0].id if places else None)}
    ids = [place.id for place in places]
    return page("fleet/site_new.html", form=form or Form(), start=start, places=places,
                owners=queries.find_possible_owners(actor, ids), teams=team_choices(find_teams_to_choose(actor, ids)),
                repositories=repository_choices(ids))


@pages.post("/sites/new", needs=P.SITE_REGISTER, takes=SiteInput, again=new_site)
def register_site(actor: Actor, body: dict[str, Any]) -> Response:
    """Adds the site; next it gets its key."""
    site = sites.register_site(actor, body, now())
    return go("fleet_pages.connect_site", site_id=site.id, say=f"{site.name} is added. Now let it report.")


@pages.get(f"{SITE}/edit", needs=P.SITE_EDIT)
def edit_site(actor: Actor, site_id: UUID, form: Form | None = None) -> Response:
    """The site's own fields, to be changed."""
    site = queries.get_site(actor, site_id)
    actor.require(P.SITE_EDIT, site.organization_id)
    return page("fleet/site_edit.html", form=form or Form(), site=site,
                owners=queries.find_possible_owners(actor, [site.organization_id]),
                teams=team_choices(find_teams_to_choose(actor, [site.organization_id])),
                repositories=repository_choices([site.organization_id]))


@pages.post(f"{SITE}/edit", needs=P.SITE_EDIT, takes=SiteInput, again=edit_site)
def change_site(actor: Actor, site_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed; a description that was emptied is empty."""
    site = queries.get_site(actor, site_id, lock=True)
    changed = sites.change_site(actor, site, {"description": "", **body}, now())
    return go("fleet_pages.show_site", site_id=changed.id, say="Saved.")


@pages.post(f"{SITE}/delete", needs=P.SITE_DELETE)
def delete_site(actor: Actor, site_id: UUID) -> Response:
    """Deletes the site; its history stays."""
    site = sites.delete_site(actor, queries.get_site(actor, site_id, lock=True), now())
    return go("fleet_pages.list_sites", say=f"{site.name} is deleted. It can be restored from the deleted sites.")


@pages.post(f"{SITE}/restore", needs=P.SITE_DELETE)
def restore_site(actor: Actor, site_id: UUID) -> Response:
    """Brings a deleted site back."""
    site = sites.restore_site(actor, site_id, now())
    return go("fleet_pages.show_site", site_id=site.id, say=f"{site.name} is back.")


def organizations_of(actor: Actor) -> list[Any]:
    """The organizations in which the actor may register sites, by name."""
    where = actor.organizations(P.SITE_REGISTER)
    return [each for each in find_organizations(actor, {}).all() if where is None or each.id in where]


def repository_choices(organizations: list[UUID]) -> list[dict[str, str]]:
    """The repositories that a site may come from."""
    return [{"value": str(each.id), "label": each.name} for each in queries.repositories_to_choose(organizations)]
