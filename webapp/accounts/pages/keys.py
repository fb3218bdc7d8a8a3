"""`/api-keys`: the keys that you manage, making one, rotating, revoking and restoring it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from webapp.accounts import queries
from webapp.accounts.actions import keys
from webapp.accounts.models import ApiKey
from webapp.accounts.pages.doors import pages
from webapp.accounts.schemas import KeyForm, KeyQuery, RotateInput
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission, Scope
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

P = Permission
ONE = "accounts_pages.show_key"
TWIN = "/api/v1/api-keys"
SCOPES = [
    {"value": Scope.INGEST, "label": "Ingest", "hint": "Sends reports of what is installed."},
    {"value": Scope.READ, "label": "Read", "hint": "Reads sites, modules, patch runs and reports."},
    {"value": Scope.WRITE, "label": "Write", "hint": "Reads all that, changes sites and records patch runs."},
    {"value": Scope.ADMIN, "label": "Admin", "hint": "Whatever an admin of the organization may do."},
]


@pages.get("/api-keys", needs=P.API_KEY_MANAGE, query=KeyQuery)
def list_keys(actor: Actor, query: dict[str, Any]) -> Response:
    """The API keys that you manage."""
    asked = within(actor, query)
    actor.require(P.API_KEY_MANAGE, asked.get("organization_id"))
    listing = ListView(queries.find_keys(actor, asked), asked, TWIN)
    queries.with_places(listing.rows)
    place = asked.get("organization_id")
    return page("accounts/keys.html", block="content", listing=listing, place=place, scopes=SCOPES)


@pages.get("/api-keys/new", needs=P.API_KEY_MANAGE)
def new_key(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new key."""
    chosen, places = chosen_organization(actor), queries.organizations_with(actor, P.API_KEY_MANAGE)
    form = form or Form({name: request.args[name] for name in ("site", "organization_id") if name in request.args})
    return page("accounts/key_form.html", form=form, chosen=chosen, places=places, scopes=SCOPES,
                site_names=queries.site_names(chosen), today=now().date())


@pages.post("/api-keys/new", needs=P.API_KEY_MANAGE, takes=KeyForm, again=new_key)
def create_key(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes a key, and shows its secret this once."""
    words = body.pop("site", "")
    if words:
        body["site_id"] = queries.find_site_id(body["organization_id"], words)
    return _secret_once(keys.create_key(actor, body, current_app.config["SECRET_KEY"], now()), None)


@pages.get("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE)
def show_key(actor: Actor, key_id: UUID, form: Form | None = None) -> Response:
    """One key, revoked or not, without its secret."""
    found = queries.with_places([queries.get_any_key(actor, key_id)])[0]
    return page("accounts/key.html", found=found, form=form or Form(), scopes=SCOPES)


@pages.post("/api-keys/<uuid:key_id>/rotate", needs=P.API_KEY_MANAGE, takes=RotateInput, again=show_key)
def rotate_key(actor: Actor, key_id: UUID, body: dict[str, Any]) -> Response:
    """Makes a successor, shows its secret this once, and lets the old key work for a while."""
    found, overlap = queries.get_key(actor, key_id, lock=True), timedelta(hours=body["overlap_hours"])
    return _secret_once(keys.rotate_key(actor, found, overlap, current_app.config["SECRET_KEY"], now()), found)


@pages.post("/api-keys/<uuid:key_id>/revoke", needs=P.API_KEY_MANAGE)
def revoke_key(actor: Actor, key_id: UUID) -> Response:
    """Ends a key at once."""
    found = keys.revoke_key(actor, queries.get_key(actor, key_id, lock=True), now())
    return go("accounts_pages.list_keys", say=f"{found.name} is revoked.")


@pages.post("/api-keys/<uuid:key_id>/restore", needs=P.API_KEY_MANAGE)
def restore_key(actor: Actor, key_id: UUID) -> Response:
    """Brings a revoked key back, secret and all."""
    found = keys.restore_key(actor, queries.get_key(actor, key_id, lock=True, deleted=True), now())
    return go(ONE, say=f"{found.name} works again.", key_id=found.id)


def _secret_once(key: ApiKey, before: ApiKey | None) -> Response:
    queries.with_places([key])
    return page("accounts/key_made.html", key=key, before=before, address=request.host_url.rstrip("/"))
