"""`/api/v1/api-keys`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app

from webapp.accounts import queries
from webapp.accounts.actions import keys
from webapp.accounts.api.door import P, api
from webapp.accounts.models import ApiKey
from webapp.accounts.schemas import (
    KeyInput,
    KeyPatch,
    KeyQuery,
    KeySchema,
    NewKeySchema,
    RotateInput,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor


@api.get("/api-keys", needs=P.API_KEY_MANAGE, query=KeyQuery, gives=KeySchema(), lists=True)
def list_keys(actor: Actor, query: dict[str, Any]) -> Listing:
    """The API keys that you manage."""
    return queries.find_keys(actor, query)


@api.post("/api-keys", needs=P.API_KEY_MANAGE, takes=KeyInput, gives=NewKeySchema(), status=201, at="/api-keys/{id}",
          idempotent=False)
def create_key(actor: Actor, body: dict[str, Any]) -> ApiKey:
    """A new API key; its secret is in this answer and nowhere else."""
    return keys.create_key(actor, body, current_app.config["SECRET_KEY"], now())


@api.get("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE, finds=queries.get_key, gives=KeySchema())
def show_key(actor: Actor, found: ApiKey) -> ApiKey:
    """One API key, without its secret."""
    return found


@api.change("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE, finds=queries.get_key, takes=KeyPatch, gives=KeySchema())
def change_key(actor: Actor, found: ApiKey, body: dict[str, Any]) -> ApiKey:
    """Changes an API key."""
    return keys.change_key(actor, found, body, now())


@api.delete("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE, finds=queries.get_key, gives=KeySchema())
def revoke_key(actor: Actor, found: ApiKey) -> ApiKey:
    """Revokes an API key at once."""
    return keys.revoke_key(actor, found, now())


@api.post("/api-keys/<uuid:key_id>/restore", needs=P.API_KEY_MANAGE, gives=KeySchema())
def restore_key(actor: Actor, key_id: UUID) -> ApiKey:
    """Brings a revoked API key back."""
    return keys.restore_key(actor, queries.get_key(actor, key_id, lock=True, deleted=True), now())


@api.post("/api-keys/<uuid:key_id>/rotate", needs=P.API_KEY_MANAGE, finds=queries.get_key, takes=RotateInput, gives=NewKeySchema(),
          status=201, at="/api-keys/{id}", idempotent=False)
def rotate_key(actor: Actor, found: ApiKey, body: dict[str, Any]) -> ApiKey:
    """A successor with a new secret; the old key works on for `overlap_hours`."""
    return keys.rotate_key(actor, found, timedelta(hours=body["overlap_hours"]), current_app.config["SECRET_KEY"], now())
