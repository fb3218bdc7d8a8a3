"""`/api/v1/webhook-endpoints`, what was delivered to them, and having it read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from webapp.insights import queries
from webapp.insights.actions import deliveries, endpoints
from webapp.insights.api.door import P, api
from webapp.insights.models import WebhookDelivery, WebhookEndpoint
from webapp.insights.schemas.webhooks import (
    DeliveryQuery,
    DeliverySchema,
    NewWebhookEndpointSchema,
    RotateSecretInput,
    WebhookEndpointInput,
    WebhookEndpointQuery,
    WebhookEndpointSchema,
    WholeDeliverySchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.resources import Resource, open_doors

M = P.WEBHOOK_MANAGE
ENDPOINTS = Resource(
    path="/webhook-endpoints", one="webhook_endpoint", many="webhook_endpoints", reads=M, manages=M, query=WebhookEndpointQuery,
    takes=WebhookEndpointInput, gives=WebhookEndpointSchema(), made=NewWebhookEndpointSchema(), find=queries.find_webhook_endpoints,
    get=queries.get_webhook_endpoint, create=endpoints.create_webhook_endpoint, change=endpoints.change_webhook_endpoint,
    delete=endpoints.delete_webhook_endpoint, restore=endpoints.restore_webhook_endpoint,
    says={"create": "A new webhook endpoint; its secret is in this answer, and never shown again.",
          "change": "Changes the name of a webhook endpoint.", "delete": "Deletes a webhook endpoint: nothing is taken there any more.",
          "restore": "Brings a deleted webhook endpoint back, with its secret."},
    told={"create": {"idempotent": False}})  # an answer that is kept would keep the secret
DELIVERIES = f"{ENDPOINTS.rule}/deliveries"
DELIVERY = f"{DELIVERIES}/<uuid:delivery_id>"
open_doors(api, ENDPOINTS)


@api.post(f"{ENDPOINTS.rule}/rotate", needs=M, finds=queries.get_webhook_endpoint, takes=RotateSecretInput,
          gives=NewWebhookEndpointSchema(), idempotent=False)
def rotate_webhook_secret(actor: Actor, found: WebhookEndpoint, body: dict[str, Any]) -> WebhookEndpoint:
    """Gives a webhook endpoint a new secret; the present one is good for `overlap_hours` too."""
    return endpoints.rotate_secret(actor, found, timedelta(hours=body["overlap_hours"]), now())


@api.get(DELIVERIES, needs=M, finds=queries.get_webhook_endpoint, query=DeliveryQuery, gives=DeliverySchema(), lists=True)
def list_deliveries(actor: Actor, found: WebhookEndpoint, query: dict[str, Any]) -> Listing:
    """What was delivered to a webhook endpoint, the newest first, and what was made of it."""
    return queries.find_deliveries(found, query)


@api.get(DELIVERY, needs=M, finds=queries.get_webhook_endpoint, gives=WholeDeliverySchema())
def show_delivery(actor: Actor, found: WebhookEndpoint, delivery_id: UUID) -> WebhookDelivery:
    """One delivery with what it said, as long as that is kept."""
    delivery = queries.get_delivery(found, delivery_id)
    delivery.payload = None if delivery.body is None else orjson.loads(delivery.body)  # type: ignore[attr-defined]
    return delivery


@api.post(f"{DELIVERY}/replay", needs=M, finds=queries.get_webhook_endpoint, gives=DeliverySchema(), status=202,
          at="/webhook-endpoints/{endpoint_id}/deliveries/{id}")
def replay_delivery(actor: Actor, found: WebhookEndpoint, delivery_id: UUID) -> WebhookDelivery:
    """Has a delivery read again, as if it came now: after a repository was registered, or what could not be read was mended."""
    return deliveries.replay(actor, found, delivery_id, now())
