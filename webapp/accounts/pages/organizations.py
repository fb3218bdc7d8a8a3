"""`/organizations`: the list, one organization with its settings, making, changing, deleting and restoring one."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from flask import Response, session

from webapp.accounts import queries
from webapp.accounts.actions import organizations
from webapp.accounts.pages.doors import pages
from webapp.accounts.schemas import ConfirmInput, OrganizationInput, OrganizationQuery
from webapp.kit.clock import now
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import CHOSEN, ListView, go, page

P = Permission
ONE = "accounts_pages.show_organization"
TWIN = "/api/v1/organizations"
ZONES = sorted(available_timezones())


@pages.get("/organizations", needs=P.ORGANIZATION_READ, query=OrganizationQuery)
def list_organizations(actor: Actor, query: dict[str, Any]) -> Response:
    """The organizations that you belong to; those in one see that one."""
    if len(actor.roles) == 1 and not actor.is_superuser:
        return go(ONE, organization_id=next(iter(actor.roles)))
    listing = ListView(queries.find_organizations(actor, query), query, TWIN)
    queries.with_counts(listing.rows)
    return page("accounts/organizations.html", block="content", listing=listing)


@pages.get("/organizations/new", needs=P.ORGANIZATION_CREATE)
def new_organization(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new organization."""
    return page("accounts/organization_form.html", form=form or Form(), found=None, zones=ZONES)


@pages.post("/organizations/new", needs=P.ORGANIZATION_CREATE, takes=OrganizationInput, again=new_organization)
def create_organization(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes an organization."""
    made = organizations.create_organization(actor, body, now())
    return go(ONE, say=f"{made.name} is made. Its first admin comes next.", organization_id=made.id)


@pages.get("/organizations/<uuid:organization_id>", needs=P.ORGANIZATION_READ)
def show_organization(actor: Actor, organization_id: UUID, form: Form | None = None) -> Response:
    """One organization: its settings, and how much is in it."""
    found = queries.get_any_organization(actor, organization_id)
    return page("accounts/organization.html", found=found, form=form or Form(), role=actor.roles.get(found.id))


@pages.get("/organizations/<uuid:organization_id>/edit", needs=P.ORGANIZATION_EDIT)
def edit_organization(actor: Actor, organization_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of an organization."""
    found = queries.get_organization(actor, organization_id)
    actor.require(P.ORGANIZATION_EDIT, found.id)
    return page("accounts/organization_form.html", form=form or Form(), found=found, zones=ZONES)


@pages.post("/organizations/<uuid:organization_id>/edit", needs=P.ORGANIZATION_EDIT, takes=OrganizationInput,
            again=edit_organization)
def change_organization(actor: Actor, organization_id: UUID, body: dict[str, Any]) -> Response:
    """Changes an organization."""
    found = queries.get_organization(actor, organization_id, lock=True)
    organizations.change_organization(actor, found, body, now())
    return go(ONE, say="The organization is saved.", organization_id=organization_id)


@pages.post("/organizations/<uuid:organization_id>/delete", needs=P.ORGANIZATION_DELETE, takes=ConfirmInput,
            again=show_organization)
def delete_organization(actor: Actor, organization_id: UUID, body: dict[str, Any]) -> Response:
    """Deletes an organization whose name was typed."""
    found = queries.get_organization(actor, organization_id, lock=True)
    if body["confirm"] != found.name:
        raise Invalid("What you typed is not the name of the organization. Nothing was deleted.")
    organizations.delete_organization(actor, found, now())
    session.pop(CHOSEN, None)
    return go("accounts_pages.list_organizations" if actor.is_superuser else "accounts_pages.show_more",
              say=f"{found.name} is deleted.")


@pages.post("/organizations/<uuid:organization_id>/restore", needs=P.ORGANIZATION_DELETE)
def restore_organization(actor: Actor, organization_id: UUID) -> Response:
    """Brings back a deleted organization and what went with it."""
    found = organizations.restore_organization(actor, organization_id, now())
    return go(ONE, say=f"{found.name} is back, with what went with it.", organization_id=found.id)
