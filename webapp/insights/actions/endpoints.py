"""Webhook endpoints: made, changed, given a new secret, deleted and restored. Each verb checks, changes and records."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.actions.belonging import refuse_deleted_organization
from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, change_many, record
from webapp.insights.models import WebhookEndpoint
from webapp.insights.queries.webhooks import get_webhook_endpoint
from webapp.insights.values.words import Provider
from webapp.kit.db import db
from webapp.kit.errors import Invalid
from webapp.kit.permissions import Actor, Permission

NAMES = {Provider.GITHUB: "GitHub", Provider.GITLAB: "GitLab"}


def create_webhook_endpoint(actor: Actor, body: dict[str, Any], at: datetime) -> WebhookEndpoint:
    """Makes an endpoint; its `secret` is on the object that comes back, and never shown again."""
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.WEBHOOK_MANAGE, organization.id)
    secret = _new_secret()
    values = {"name": NAMES[Provider(body["provider"])], **body}
    endpoint = WebhookEndpoint(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, signing_secret=secret, **values)
    db.session.add(endpoint)
    record(actor, "webhook_endpoint.created", endpoint)
    db.session.flush()
    return _showing(get_webhook_endpoint(actor, endpoint.id), secret)


def change_webhook_endpoint(actor: Actor, endpoint: WebhookEndpoint, body: dict[str, Any], at: datetime) -> WebhookEndpoint:
    """Changes its name. Provider and organization are what its address and its deliveries are about, and stay."""
    actor.require(Permission.WEBHOOK_MANAGE, endpoint.organization_id)
    for name in ("organization_id", "provider"):
        if body.get(name, getattr(endpoint, name)) != getattr(endpoint, name):
            raise Invalid.at(name, "This stays as it is. Make another endpoint.")
    change(actor, "webhook_endpoint.changed", endpoint, body, at)
    return get_webhook_endpoint(actor, endpoint.id)


def rotate_secret(actor: Actor, endpoint: WebhookEndpoint, overlap: timedelta, at: datetime) -> WebhookEndpoint:
    """Gives it a new `secret`, shown once; the present one is good for the overlap too. One before that is not any more."""
    actor.require(Permission.WEBHOOK_MANAGE, endpoint.organization_id)
    secret = _new_secret()
    former = endpoint.signing_secret if overlap else None
    values = {"signing_secret": secret, "former_secret": former, "former_until": at + overlap if overlap else None}
    change(actor, "webhook_endpoint.secret_rotated", endpoint, values, at)
    return _showing(get_webhook_endpoint(actor, endpoint.id), secret)


def delete_webhook_endpoint(actor: Actor, endpoint: WebhookEndpoint, at: datetime) -> WebhookEndpoint:
    """Deletes an endpoint: from now on nothing is taken there. What it was told stays."""
    actor.require(Permission.WEBHOOK_MANAGE, endpoint.organization_id)
    deleted: WebhookEndpoint = change(actor, "webhook_endpoint.deleted", endpoint, {"deleted_at": at}, at)
    return deleted


def restore_webhook_endpoint(actor: Actor, endpoint_id: UUID, at: datetime) -> WebhookEndpoint:
    """Brings a deleted endpoint back, with its secret; Conflict while its organization is deleted."""
    endpoint = get_webhook_endpoint(actor, endpoint_id, lock=True, deleted=True)
    refuse_deleted_organization(endpoint.organization_id)
    change(actor, "webhook_endpoint.restored", endpoint, {"deleted_at": None}, at)
    return get_webhook_endpoint(actor, endpoint.id)


def _new_secret() -> str:
    """A secret of 256 random bits, in letters that every provider's form takes."""
    return f"pbwh_{secrets.token_urlsafe(32)}"


def _showing(endpoint: WebhookEndpoint, secret: str) -> WebhookEndpoint:
    endpoint.secret = secret  # type: ignore[attr-defined]
    return endpoint


@organization_closed.connect
def _close_endpoints(actor: Actor, organization: Organization, at: datetime) -> None:
    held = select(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization.id,
                                         WebhookEndpoint.deleted_at.is_(None)).with_for_update()
    change_many(actor, "webhook_endpoint.deleted", [(each, {"deleted_at": at}) for each in db.session.scalars(held)], at)


@organization_reopened.connect
def _reopen_endpoints(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    held = select(WebhookEndpoint).where(WebhookEndpoint.organization_id == organization.id,
                                         WebhookEndpoint.deleted_at == closed_at).with_for_update()
    change_many(actor, "webhook_endpoint.restored", [(each, {"deleted_at": None}) for each in db.session.scalars(held)],
                organization.updated_at)
