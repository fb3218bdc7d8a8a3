"""`/webhook-endpoints`: where providers tell of what happens, what they told, and having it read again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from flask import Response, request

from webapp.accounts.queries import organizations_with
from webapp.insights import queries
from webapp.insights.actions import deliveries, endpoints
from webapp.insights.models import WebhookEndpoint
from webapp.insights.pages.doors import P, pages
from webapp.insights.schemas.webhooks import DeliveryQuery, RotateSecretInput, WebhookEndpointInput, WebhookEndpointQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

M = P.WEBHOOK_MANAGE
ONE = "/webhook-endpoints/<uuid:webhook_endpoint_id>"
DELIVERY = f"{ONE}/deliveries/<uuid:delivery_id>"
SHOW = "insights_pages.show_webhook_endpoint"
TWIN = "/api/v1/webhook-endpoints"
PROVIDERS = [{"value": "github", "label": "GitHub"}, {"value": "gitlab", "label": "GitLab"}]
STATES = [{"value": "done", "label": "Read"}, {"value": "ignored", "label": "Ignored"}, {"value": "failed", "label": "Failed"},
          {"value": "waiting", "label": "Waiting"}]


@pages.get("/webhook-endpoints", needs=M, query=WebhookEndpointQuery)
def list_webhook_endpoints(actor: Actor, query: dict[str, Any]) -> Response:
    """Where do GitHub and GitLab tell us of what happens?"""
    asked = within(actor, query)
    listing = ListView(queries.find_webhook_endpoints(actor, asked), asked, TWIN)
    return page("insights/webhook_endpoints.html", block="content", listing=listing, place=asked.get("organization_id"),
                providers=PROVIDERS)


@pages.get("/webhook-endpoints/new", needs=M)
def new_webhook_endpoint(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new endpoint."""
    return page("insights/webhook_endpoint_form.html", form=form or Form(), places=organizations_with(actor, M),
                chosen=chosen_organization(actor), providers=PROVIDERS)


@pages.post("/webhook-endpoints/new", needs=M, takes=WebhookEndpointInput, again=new_webhook_endpoint)
def create_webhook_endpoint(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes an endpoint, and shows its secret this once."""
    return _secret_once(endpoints.create_webhook_endpoint(actor, body, now()), is_new=True)


@pages.get(ONE, needs=M, query=DeliveryQuery)
def show_webhook_endpoint(actor: Actor, webhook_endpoint_id: UUID, query: dict[str, Any], form: Form | None = None) -> Response:
    """What did it tell, and what was made of it?"""
    found = queries.get_webhook_endpoint(actor, webhook_endpoint_id)
    listing = ListView(queries.find_deliveries(found, query), query, f"{TWIN}/{found.id}/deliveries")
    return page("insights/webhook_endpoint.html", block="results", found=found, listing=listing, form=form or Form(), states=STATES,
                address=_address())


@pages.post(f"{ONE}/rotate", needs=M, query=DeliveryQuery, takes=RotateSecretInput, again=show_webhook_endpoint)
def rotate_webhook_secret(actor: Actor, webhook_endpoint_id: UUID, query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Gives it a new secret, and shows that this once."""
    found = queries.get_webhook_endpoint(actor, webhook_endpoint_id, lock=True)
    return _secret_once(endpoints.rotate_secret(actor, found, timedelta(hours=body["overlap_hours"]), now()), is_new=False)


@pages.post(f"{ONE}/delete", needs=M)
def delete_webhook_endpoint(actor: Actor, webhook_endpoint_id: UUID) -> Response:
    """Deletes an endpoint: nothing is taken there any more."""
    found = endpoints.delete_webhook_endpoint(actor, queries.get_webhook_endpoint(actor, webhook_endpoint_id, lock=True), now())
    return go("insights_pages.list_webhook_endpoints", say=f"{found.name} is deleted. It can be restored from the deleted ones.")


@pages.post(f"{ONE}/restore", needs=M)
def restore_webhook_endpoint(actor: Actor, webhook_endpoint_id: UUID) -> Response:
    """Brings a deleted endpoint back, with its secret."""
    found = endpoints.restore_webhook_endpoint(actor, webhook_endpoint_id, now())
    return go(SHOW, say=f"{found.name} takes deliveries again.", webhook_endpoint_id=found.id)


@pages.get(DELIVERY, needs=M)
def show_delivery(actor: Actor, webhook_endpoint_id: UUID, delivery_id: UUID) -> Response:
    """One delivery: what it said, and what was made of it."""
    endpoint = queries.get_webhook_endpoint(actor, webhook_endpoint_id)
    found = queries.get_delivery(endpoint, delivery_id)
    text = None if found.body is None else orjson.dumps(orjson.loads(found.body), option=orjson.OPT_INDENT_2).decode()
    return page("insights/webhook_delivery.html", endpoint=endpoint, found=found, text=text)


@pages.post(f"{DELIVERY}/replay", needs=M)
def replay_delivery(actor: Actor, webhook_endpoint_id: UUID, delivery_id: UUID) -> Response:
    """Has a delivery read again."""
    endpoint = queries.get_webhook_endpoint(actor, webhook_endpoint_id)
    deliveries.replay(actor, endpoint, delivery_id, now())
    return go("insights_pages.show_delivery", say="It is read again. What is made of it stands here in a moment.",
              webhook_endpoint_id=webhook_endpoint_id, delivery_id=delivery_id)


def _secret_once(endpoint: WebhookEndpoint, *, is_new: bool) -> Response:
    return page("insights/webhook_secret.html", found=endpoint, is_new=is_new, address=_address())


def _address() -> str:
    """This server as the reader knows it, which is what providers have to reach too."""
    return request.host_url.rstrip("/")
