"""Reading webhook endpoints and what was delivered to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import defer

from webapp.accounts.models import Organization
from webapp.insights.models import WebhookDelivery, WebhookEndpoint
from webapp.insights.policy import visible_webhook_endpoints
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

LAST = (select(func.max(WebhookDelivery.received_at)).where(WebhookDelivery.endpoint_id == WebhookEndpoint.id)
        .correlate(WebhookEndpoint).scalar_subquery())
SORTS: dict[str, Any] = {"name": func.lower(WebhookEndpoint.name), "last_delivery_at": LAST,
                         **{name: getattr(WebhookEndpoint, name) for name in ("provider", "created_at", "updated_at")}}


def _shown(statement: Select[Any]) -> Select[Any]:
    """Endpoints with the name of their organization, and when something came last."""
    return (statement.join(Organization, Organization.id == WebhookEndpoint.organization_id)
            .add_columns(LAST.label("last_delivery_at"), Organization.name.label("organization_name")))


def _shape(row: Any) -> WebhookEndpoint:
    endpoint: WebhookEndpoint = row[0]
    endpoint.last_delivery_at, endpoint.organization_name = row.last_delivery_at, row.organization_name  # type: ignore[attr-defined]
    return endpoint


def find_webhook_endpoints(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The webhook endpoints of the organizations whose webhooks the actor manages, by name."""
    statement = _shown(visible_webhook_endpoints(actor, deleted=bool(asked.get("include_deleted"))))
    for name in ("name", "provider", "organization_id"):
        if name in asked:
            statement = statement.where(getattr(WebhookEndpoint, name) == asked[name])
    if asked.get("q"):
        statement = statement.where(WebhookEndpoint.name.icontains(asked["q"], autoescape=True))
    return Listing(statement, SORTS, "name", WebhookEndpoint.id, shape=_shape)


def get_webhook_endpoint(actor: Actor, endpoint_id: UUID, lock: bool = False, deleted: bool = False) -> WebhookEndpoint:
    """One webhook endpoint, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown(visible_webhook_endpoints(actor, deleted=deleted)).where(WebhookEndpoint.id == endpoint_id)
    if deleted:
        statement = statement.where(WebhookEndpoint.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=WebhookEndpoint) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def find_deliveries(endpoint: WebhookEndpoint, asked: dict[str, Any]) -> Listing:
    """What was delivered to an endpoint, the newest first, without the bodies."""
    statement = select(WebhookDelivery).options(defer(WebhookDelivery.body, raiseload=True)).where(
        WebhookDelivery.endpoint_id == endpoint.id)
    for name in ("event", "delivery_id", "repository"):
        if name in asked:
            statement = statement.where(getattr(WebhookDelivery, name) == asked[name])
    if "state" in asked:
        statement = statement.where(WebhookDelivery.state.in_(asked["state"]))
    if "since" in asked:
        statement = statement.where(WebhookDelivery.received_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(WebhookDelivery.received_at < asked["until"])
    sorts = {"received_at": WebhookDelivery.received_at}
    return Listing(statement, sorts, "-received_at", WebhookDelivery.id, cursor=(WebhookDelivery.received_at, WebhookDelivery.id))


def get_delivery(endpoint: WebhookEndpoint, delivery_id: UUID, lock: bool = False) -> WebhookDelivery:
    """One delivery to an endpoint, with its body, or NotFound."""
    statement = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.id == delivery_id)
    found: WebhookDelivery | None = db.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound()
    return found
