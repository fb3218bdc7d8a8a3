"""Deliveries to webhook endpoints: let in by their secret, kept once, read by a worker, and read again when somebody asks for it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from webapp.audit.actions import record
from webapp.insights.actions.events import EVENTS
from webapp.insights.actions.news import Ignored, News
from webapp.insights.models import WebhookDelivery, WebhookEndpoint
from webapp.insights.queries.webhooks import get_delivery
from webapp.insights.values.payloads import Payload, Unreadable
from webapp.insights.values.words import DeliveryState, Provider
from webapp.kit.db import beyond_walls, db, enter_scope, execute, rows, scope_of
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.ids import new_id
from webapp.kit.jobs import ask
from webapp.kit.permissions import Actor, Permission

KEEP = """
INSERT INTO webhook_deliveries
(id, organization_id, endpoint_id, delivery_id, event, action, repository, body, bytes_count, received_at, state, outcome)
VALUES (:id, :organization, :endpoint, :delivery, :event, :action, :repository, :body, :bytes, :at, :state, :outcome)
ON CONFLICT (endpoint_id, delivery_id) DO NOTHING
"""
FORGET = """
UPDATE webhook_deliveries SET body = NULL WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM webhook_deliveries
  WHERE body IS NOT NULL AND state <> 'waiting' AND received_at < now() - make_interval(days => :days) LIMIT :most))
"""


def endpoint_for(provider: Provider, endpoint_id: UUID) -> WebhookEndpoint | None:
    """The endpoint that a delivery is addressed to, if there is one. From here on this transaction sees its organization, and no other."""
    with beyond_walls():
        found: WebhookEndpoint | None = db.session.scalar(select(WebhookEndpoint).where(
            WebhookEndpoint.id == endpoint_id, WebhookEndpoint.provider == provider.value, WebhookEndpoint.deleted_at.is_(None)))
    if found is not None:
        enter_scope(scope_of([found.organization_id]))
    return found


def secrets_of(endpoint: WebhookEndpoint, at: datetime) -> list[bytes]:
    """The secrets that are good at a moment: the present one, and the former one while a rotation lasts."""
    both = [endpoint.signing_secret]
    if endpoint.former_secret and endpoint.former_until and at < endpoint.former_until:
        both.append(endpoint.former_secret)
    return [each.encode() for each in both]


def is_signed(endpoint: WebhookEndpoint, body: bytes, given: str | None, at: datetime) -> bool:
    """Whether `given` is `sha256=` and the HMAC of the very bytes that came, under a secret that is good.

    Compared as bytes: `compare_digest` raises for text that is not ASCII, and a header may be anything.
    """
    said = (given or "").encode("utf-8", "surrogateescape")
    signatures = [b"sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode() for secret in secrets_of(endpoint, at)]
    return any(hmac.compare_digest(each, said) for each in signatures)


def has_token(endpoint: WebhookEndpoint, given: str | None, at: datetime) -> bool:
    """Whether `given` is a secret that is good; GitLab sends it as it is."""
    said = (given or "").encode("utf-8", "surrogateescape")
    return any(hmac.compare_digest(secret, said) for secret in secrets_of(endpoint, at))


def receive(endpoint: WebhookEndpoint, event: str, delivery_id: str, body: bytes, document: Any, at: datetime) -> WebhookDelivery:
    """Keeps a delivery and asks a worker to read it. The same one again is the one that is kept, and asks for nothing.

    Events that nobody reads are kept as ignored. Reading waits for the worker: providers wait ten seconds at most.
    """
    provider, payload = Provider(endpoint.provider), Payload(document)
    known = (provider, event) in EVENTS
    path = "repository.full_name" if provider is Provider.GITHUB else "project.path_with_namespace"
    said: Mapping[str, Any] = {"action": payload.value("action"), "repository": payload.value(path)}
    values = {name: value[:200].replace("\0", "") if isinstance(value, str) else None for name, value in said.items()}
    key = new_id()
    taken = execute(KEEP, id=key, organization=endpoint.organization_id, endpoint=endpoint.id, delivery=delivery_id, event=event,
                    body=body, bytes=len(body), at=at, state=DeliveryState.WAITING if known else DeliveryState.IGNORED,
                    outcome=None if known else "Nothing here reads this event.", **values)
    if taken and known:
        ask("insights.read_delivery", {"delivery_id": str(key)}, at)
    found: WebhookDelivery = db.session.scalars(select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.delivery_id == delivery_id)).one()
    return found


def read_delivery(delivery_id: UUID, at: datetime) -> None:
    """Reads a delivery that waits, whatever comes of it; one that does not wait was read by somebody else.

    What an event has written before it could not go on is taken back; what went wrong is kept beside the delivery.
    """
    found = db.session.scalar(select(WebhookDelivery).where(WebhookDelivery.id == delivery_id).with_for_update())
    if found is None or found.state != DeliveryState.WAITING or found.body is None:
        return
    endpoint = db.session.get_one(WebhookEndpoint, found.endpoint_id)
    point = db.session.begin_nested()
    try:
        provider = Provider(endpoint.provider)
        actor = Actor(kind="system", label=f"webhook {endpoint.name}")
        news = News(actor, found.organization_id, provider, Payload(orjson.loads(found.body)), found.received_at, at)
        outcome = EVENTS[provider, found.event](news)
        point.commit()
        _finish(found, DeliveryState.DONE, outcome, at)
    except Ignored as reason:
        point.rollback()
        _finish(found, DeliveryState.IGNORED, str(reason), at)
    except (Unreadable, Invalid, Conflict) as problem:
        point.rollback()
        _finish(found, DeliveryState.FAILED, str(problem), at)


def fail_delivery(delivery_id: UUID, error: str, at: datetime) -> None:
    """Notes that a delivery was begun again and again and never read to its end."""
    found = db.session.get_one(WebhookDelivery, delivery_id)
    if found.state == DeliveryState.WAITING:
        _finish(found, DeliveryState.FAILED, error, at)


def replay(actor: Actor, endpoint: WebhookEndpoint, delivery_id: UUID, at: datetime) -> WebhookDelivery:
    """Has a delivery read again, as if it came now; Conflict where its body is forgotten, or it waits already."""
    actor.require(Permission.WEBHOOK_MANAGE, endpoint.organization_id)
    found = get_delivery(endpoint, delivery_id, lock=True)
    if found.body is None:
        raise Conflict("What it said is forgotten. The provider may send it again.")
    if found.state == DeliveryState.WAITING:
        raise Conflict("It waits to be read already.")
    if (Provider(endpoint.provider), found.event) not in EVENTS:
        raise Conflict("Nothing here reads this event.")
    before, found.state, found.outcome, found.finished_at = found.state, DeliveryState.WAITING.value, None, None
    found.replays += 1
    record(actor, "webhook_delivery.replayed", found, changes={"state": [before, found.state]})
    db.session.flush()
    ask("insights.read_delivery", {"delivery_id": str(found.id)}, at)
    return found


def forget_bodies(days: int, most: int) -> int:
    """Forgets what deliveries said so many days ago, and tells of how many; that they came, and what was made of them, stays."""
    return execute(FORGET, days=days, most=most)


def organization_of(delivery_id: UUID) -> UUID | None:
    """In whose organization a delivery lies; None where it is gone."""
    found = rows("SELECT organization_id FROM webhook_deliveries WHERE id = :id", id=delivery_id)
    return found[0].organization_id if found else None


def _finish(delivery: WebhookDelivery, state: DeliveryState, outcome: str, at: datetime) -> None:
    delivery.state, delivery.outcome, delivery.finished_at = state.value, outcome, at
    db.session.flush()
