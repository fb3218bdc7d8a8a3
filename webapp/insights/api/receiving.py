"""`/api/v1/webhooks/github/{id}` and `/gitlab/{id}`: where providers tell of what happens. Answered at once, read by a worker.

Nobody is known here but by the secret of the endpoint. A right one is charged to the endpoint (providers send from few addresses), a
wrong one to the address that it came from, as everywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from flask import request

from webapp.insights.actions import deliveries
from webapp.insights.models import WebhookDelivery, WebhookEndpoint
from webapp.insights.schemas.webhooks import ReceiptSchema
from webapp.insights.values.words import Provider
from webapp.kit.clock import now
from webapp.kit.errors import Invalid, Malformed, NotAuthenticated
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web import limits
from webapp.kit.web.bodies import parse_json, sent_bytes
from webapp.kit.web.doors import Doors

hooks_api = Doors("insights_hooks", __name__, tag="Webhooks")
TAKEN: dict[str, Any] = {
    "needs": Permission.PUBLIC, "gives": ReceiptSchema(), "status": 202, "idempotent": False,
    "at": "/webhook-endpoints/{endpoint_id}/deliveries/{id}"}
GITHUB = {"X-Hub-Signature-256": "`sha256=` and the HMAC-SHA-256 of the body's bytes under the endpoint's secret.",
          "X-GitHub-Event": "What happened: `push`, `pull_request`, …; what nobody reads is kept as ignored.",
          "X-GitHub-Delivery": "Which delivery it is; the same one again is not kept again."}
GITLAB = {"X-Gitlab-Token": "The endpoint's secret.", "X-Gitlab-Event": "What happened: `Push Hook`, `Merge Request Hook`, …"}
REFUSED = {"401": {"$ref": "#/components/responses/NotAuthenticated"}}
BODY = {"type": "object", "description": "As the provider sends it."}


@hooks_api.post("/webhooks/github/<uuid:webhook_endpoint_id>", **TAKEN,
                extra={"headers": GITHUB, "request_schema": BODY, "responses": REFUSED})
def receive_from_github(actor: Actor, webhook_endpoint_id: UUID) -> WebhookDelivery:
    """Takes a delivery of GitHub."""
    raw = sent_bytes()
    endpoint = _let_in(Provider.GITHUB, webhook_endpoint_id, lambda found: deliveries.is_signed(
        found, raw, request.headers.get("X-Hub-Signature-256"), now()))
    event = _header("X-GitHub-Event")
    return _receive(endpoint, event, request.headers.get("X-GitHub-Delivery") or _digest(raw), raw)


@hooks_api.post("/webhooks/gitlab/<uuid:webhook_endpoint_id>", **TAKEN,
                extra={"headers": GITLAB, "request_schema": BODY, "responses": REFUSED})
def receive_from_gitlab(actor: Actor, webhook_endpoint_id: UUID) -> WebhookDelivery:
    """Takes a delivery of GitLab."""
    endpoint = _let_in(Provider.GITLAB, webhook_endpoint_id, lambda found: deliveries.has_token(
        found, request.headers.get("X-Gitlab-Token"), now()))
    raw = sent_bytes()
    event = _header("X-Gitlab-Event").removesuffix(" Hook").lower().replace(" ", "_")
    # Retries of one webhook share `Idempotency-Key`; events that follow from one another share only the UUID, and differ in the body.
    said = request.headers.get("Idempotency-Key")
    return _receive(endpoint, event, said or f"{request.headers.get('X-Gitlab-Event-UUID', '')} {_digest(raw)}".strip(), raw)


def _let_in(provider: Provider, endpoint_id: UUID, knows: Callable[[WebhookEndpoint], bool]) -> WebhookEndpoint:
    """The endpoint, for who knows its secret; who does not is not told whether there is one."""
    endpoint = deliveries.endpoint_for(provider, endpoint_id)
    if endpoint is None or not knows(endpoint):
        limits.charge_address()
        raise NotAuthenticated("This was not sent with the secret of a webhook endpoint.", code="invalid_signature")
    limits.spend("requests", "LIMIT_WEBHOOKS", f"webhook:{endpoint.id}")
    return endpoint


def _receive(endpoint: WebhookEndpoint, event: str, delivery_id: str, raw: bytes) -> WebhookDelivery:
    if not 0 < len(delivery_id) <= 200 or not delivery_id.isprintable():
        raise Malformed("The id of the delivery has 1 to 200 printable characters.")
    said = _document(raw)
    document = parse_json(said)
    if not isinstance(document, dict):
        raise Malformed("The body is not a JSON object.")
    return deliveries.receive(endpoint, event, delivery_id, said, document, now())


def _document(raw: bytes) -> bytes:
    """The JSON of a body; GitHub also sends it as the field `payload` of a form, which is what it offers first."""
    if request.mimetype != "application/x-www-form-urlencoded":
        return raw
    try:
        return parse_qs(raw.decode(), strict_parsing=True, max_num_fields=8)["payload"][0].encode()
    except (KeyError, ValueError):
        raise Malformed("The form has no payload.") from None


def _header(name: str) -> str:
    found = request.headers.get(name, "")
    if not 0 < len(found) <= 100 or not found.isprintable():
        raise Invalid.at(name, "This header says what happened.")
    return found


def _digest(raw: bytes) -> str:
    return f"sha256:{hashlib.sha256(raw).hexdigest()}"
