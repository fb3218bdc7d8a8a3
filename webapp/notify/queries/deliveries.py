"""Reading what was delivered, with every try; and what waits, for the operator."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from webapp.accounts.models import Organization
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.notify.models import NotificationAttempt, NotificationChannel, NotificationDelivery, NotificationRule
from webapp.notify.policy import visible_deliveries

Delivery, Channel, Rule = NotificationDelivery, NotificationChannel, NotificationRule
NAMES = ("channel_name", "channel_kind", "rule_name", "organization_name")
WAITING = """
SELECT state, count(*) AS deliveries, min(CASE state WHEN 'sending' THEN coalesce(gathered_at, created_at) ELSE due_at END) AS oldest
FROM notification_deliveries WHERE state IN ('gathering', 'waiting', 'sending') GROUP BY state
UNION ALL SELECT 'unmatched', count(*), min(created_at) FROM notification_facts WHERE matched_at IS NULL
"""


def _shown(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Channel, Channel.id == Delivery.channel_id).outerjoin(Rule, Rule.id == Delivery.rule_id)
            .join(Organization, Organization.id == Delivery.organization_id)
            .add_columns(Channel.name.label("channel_name"), Channel.kind.label("channel_kind"), Rule.name.label("rule_name"),
                         Organization.name.label("organization_name")))


def _shape(row: Any) -> NotificationDelivery:
    delivery: Any = row[0]
    for name in NAMES:
        setattr(delivery, name, getattr(row, name))
    return delivery


def find_deliveries(actor: Actor, asked: dict[str, Any]) -> Listing:
    """What was delivered in the actor's organizations, or is to be, newest first; it takes a cursor."""
    statement = _shown(visible_deliveries(actor))
    for name in ("organization_id", "channel_id", "rule_id", "event"):
        if name in asked:
            statement = statement.where(getattr(Delivery, name) == asked[name])
    if "state" in asked:
        statement = statement.where(Delivery.state.in_(asked["state"]))
    if "since" in asked:
        statement = statement.where(Delivery.created_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(Delivery.created_at < asked["until"])
    if asked.get("q"):
        statement = statement.where(Delivery.title.icontains(asked["q"], autoescape=True))
    sorts = {"created_at": Delivery.created_at, "due_at": Delivery.due_at, "delivered_at": Delivery.delivered_at, "tries": Delivery.tries}
    return Listing(statement, sorts, "-created_at", Delivery.id.desc(), cursor=(Delivery.created_at, Delivery.id), shape=_shape)


def get_delivery(actor: Actor, delivery_id: UUID, lock: bool = False) -> NotificationDelivery:
    """One delivery with its attempts, the first first, or NotFound."""
    statement = _shown(visible_deliveries(actor)).where(Delivery.id == delivery_id)
    row = db.session.execute(statement.with_for_update(of=Delivery) if lock else statement).first()
    if row is None:
        raise NotFound()
    found: Any = _shape(row)
    found.attempts = attempts_of(found.id)
    return found


def attempts_of(delivery_id: UUID) -> list[NotificationAttempt]:
    """Every try to deliver this, the first first."""
    statement = select(NotificationAttempt).where(NotificationAttempt.delivery_id == delivery_id)
    return list(db.session.scalars(statement.order_by(NotificationAttempt.at, NotificationAttempt.id)))


def find_waiting(at: datetime) -> dict[str, tuple[int, float]]:
    """How much waits to be told, by state: how many, and for how many seconds the oldest is overdue; for the operator."""
    return {row.state: (row.deliveries, max((at - row.oldest).total_seconds(), 0.0) if row.oldest else 0.0) for row in rows(WAITING)}


def last_of_channel(channel_id: UUID, most: int) -> list[NotificationDelivery]:
    """The newest deliveries to a channel."""
    statement = _shown(select(Delivery)).where(Delivery.channel_id == channel_id).order_by(Delivery.created_at.desc(), Delivery.id.desc())
    return [_shape(row) for row in db.session.execute(statement.limit(most))]
