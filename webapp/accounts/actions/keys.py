"""Making, changing, rotating and revoking API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from webapp.accounts.models import ApiKey
from webapp.accounts.queries import get_organization
from webapp.accounts.values import NewSecret, is_within, new_secret
from webapp.audit.actions import change, record
from webapp.kit.db import db, rows
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.permissions import SCOPE_GRANTS, Actor, Permission, Scope


def create_key(actor: Actor, body: dict[str, Any], server_key: str, at: datetime) -> ApiKey:
    """Makes a key; its `secret` is on the answer this once. A key of a site reports for that site (`ingest`) by default."""
    organization = get_organization(actor, body["organization_id"])
    actor.require(Permission.API_KEY_MANAGE, organization.id)
    site_id = body.get("site_id")
    if site_id and not rows("SELECT 1 FROM sites WHERE id = :site AND organization_id = :organization AND deleted_at IS NULL",
                            site=site_id, organization=organization.id):
        raise NotFound("There is no such site in this organization.")
    scopes = body.get("scopes") or ([Scope.INGEST] if site_id else [])
    if not scopes:
        raise Invalid.at("scopes", "Say what the key is for.")
    values = {**body, "scopes": [str(scope) for scope in scopes]}
    _refuse_too_much(actor, values, at)
    fresh = new_secret(server_key)
    key = ApiKey(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, prefix=fresh.prefix,
                 secret_hash=fresh.digest, **values)
    db.session.add(key)
    record(actor, "api_key.created", key)
    key.signing_secret = fresh.text if set(scopes) == {Scope.INGEST} else None
    db.session.flush()
    return _shown(key, fresh)


def change_key(actor: Actor, key: ApiKey, body: dict[str, Any], at: datetime) -> ApiKey:
    """Changes the name, scopes, expiry or addresses of a key. One that is given more than reports is only signed with beside itself."""
    actor.require(Permission.API_KEY_MANAGE, key.organization_id)
    _refuse_too_much(actor, _limits_of(key) | body, at if "expires_at" in body else None)
    if set(body.get("scopes", key.scopes)) != {Scope.INGEST}:
        key.signing_secret = None
    return change(actor, "api_key.changed", key, body, at)


def rotate_key(actor: Actor, key: ApiKey, overlap: timedelta, server_key: str, at: datetime) -> ApiKey:
    """Makes a successor with a secret of its own, good for as long as the old key was; that one works on for the overlap at most."""
    fresh = create_key(actor, {"name": key.name, **_limits_of(key)}, server_key, at)
    change(actor, "api_key.rotated", key, {"expires_at": min(at + overlap, key.expires_at or at + overlap)}, at)
    return fresh


def revoke_key(actor: Actor, key: ApiKey, at: datetime) -> ApiKey:
    """Ends a key at once."""
    actor.require(Permission.API_KEY_MANAGE, key.organization_id)
    return change(actor, "api_key.revoked", key, {"deleted_at": at}, at)


def restore_key(actor: Actor, key: ApiKey, at: datetime) -> ApiKey:
    """Brings a revoked key back, secret and all."""
    actor.require(Permission.API_KEY_MANAGE, key.organization_id)
    _refuse_too_much(actor, _limits_of(key), None)
    return change(actor, "api_key.restored", key, {"deleted_at": None}, at)


def _shown(key: ApiKey, fresh: NewSecret) -> ApiKey:
    key.secret = fresh.text  # type: ignore[attr-defined]
    return key


def _limits_of(key: ApiKey) -> dict[str, Any]:
    """What a key is for, where and until when."""
    return {name: getattr(key, name) for name in ("scopes", "organization_id", "site_id", "allowed_ips", "expires_at")}


def _refuse_too_much(actor: Actor, values: dict[str, Any], at: datetime | None) -> None:
    """Nobody gives a key more than they have: Invalid for scopes beyond the actor's own permissions, and for an expiry before `at`.

    A key that makes keys gives them its own end and addresses at most.
    """
    scopes, expires = [Scope(scope) for scope in values["scopes"]], values.get("expires_at")
    if values.get("site_id") and Scope.ADMIN in scopes:
        raise Invalid.at("scopes", "A site's key cannot administer the organization.")
    if not all(actor.may(permission, values["organization_id"]) for scope in scopes for permission in SCOPE_GRANTS[scope]):
        raise Invalid.at("scopes", "A key cannot do more than whoever makes it.")
    if at is not None and expires and expires <= at:
        raise Invalid.at("expires_at", "This lies in the past.")
    maker = db.session.get(ApiKey, actor.id) if actor.kind == "api_key" else None
    if maker is None:
        return
    if maker.expires_at and (expires is None or expires > maker.expires_at):
        raise Invalid.at("expires_at", "A key cannot last longer than the key that makes it.")
    if maker.allowed_ips and not is_within(values.get("allowed_ips") or [], maker.allowed_ips):
        raise Invalid.at("allowed_ips", "A key cannot be used from where the key that makes it cannot.")
