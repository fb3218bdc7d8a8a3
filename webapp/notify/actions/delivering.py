"""Handing messages on, and keeping what came of every try.

The table of deliveries is the outbox. The scheduler takes what is due and asks for a job for each, in one transaction; the job tries
once and writes down what came of it, and when the next try is due. A worker that dies between the two is noticed by its heartbeat, and
the message is tried again: it may arrive twice, under the same id, and never not at all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.audit.actions import record
from webapp.kit import metrics
from webapp.kit.db import after_commit, db, execute, rows
from webapp.kit.errors import Conflict
from webapp.kit.events import announce
from webapp.kit.jobs import ask
from webapp.kit.permissions import SYSTEM, Actor, Permission
from webapp.notify.actions.composing import compose, compose_test
from webapp.notify.actions.noticing import DELIVER, QUEUE, call_for_matching
from webapp.notify.channels import KINDS, Means
from webapp.notify.models import NotificationAttempt, NotificationChannel, NotificationDelivery, NotificationRule
from webapp.notify.queries.channels import target_of
from webapp.notify.queries.deliveries import get_delivery
from webapp.notify.values import FAILING_FROM, TEST, DeliveryState, Message, Outcome, Target, backoff

LONGEST_ERROR = 500
MOST_DUE = 500
TAKE_DUE = """
UPDATE notification_deliveries SET state = 'sending', gathered_at = coalesce(gathered_at, :at), due_at = NULL
WHERE id = ANY (ARRAY(SELECT id FROM notification_deliveries WHERE state IN ('gathering', 'waiting') AND due_at <= :at
    ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED)) RETURNING id
"""
LEFT = "SELECT 1 FROM notification_facts WHERE matched_at IS NULL AND created_at < now() - interval '5 seconds' LIMIT 1"
WORKED = """
UPDATE notification_channels SET failures = 0, failing_since = NULL, last_error = NULL, last_tried_at = :at, last_delivered_at = :at
WHERE id = :id
"""
FAILED = """
UPDATE notification_channels SET failures = failures + 1, failing_since = coalesce(failing_since, :at), last_error = :error,
    last_tried_at = :at WHERE id = :id RETURNING failures
"""
OLD = """
DELETE FROM notification_deliveries WHERE id = ANY (ARRAY(SELECT id FROM notification_deliveries
    WHERE state IN ('delivered', 'dead') AND created_at < now() - make_interval(days => :days) LIMIT :most))
"""
OLD_FACTS = """
DELETE FROM notification_facts WHERE id = ANY (ARRAY(SELECT id FROM notification_facts
    WHERE matched_at < now() - make_interval(days => :days) LIMIT :most))
"""
CHANNEL_OFF = "The channel was switched off or deleted before this was told."
RULE_OFF = "The rule was switched off or deleted before this was told."
NOTHING_LEFT = "Nothing is left of what this was about."
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Errand:
    """One try that is to be made: what, and where to."""

    delivery_id: UUID
    message: Message
    target: Target


def hand_over_due(at: datetime) -> int:
    """Asks for a job for every delivery whose time has come, and for the rules to be asked where that was forgotten."""
    due = [row.id for row in rows(TAKE_DUE, at=at, most=MOST_DUE)]
    for delivery_id in due:
        ask(DELIVER, {"delivery_id": str(delivery_id)}, at, QUEUE)
    if rows(LEFT):
        call_for_matching(at)
    return len(due)


def begin(delivery_id: UUID, base: str, at: datetime) -> Errand | None:
    """What is to be tried now; None where there is nothing to be done any more. What the message says is fixed here, the first time."""
    delivery = db.session.scalar(select(NotificationDelivery).where(NotificationDelivery.id == delivery_id).with_for_update())
    if delivery is None or delivery.state != DeliveryState.SENDING:
        return None
    channel = db.session.get_one(NotificationChannel, delivery.channel_id)
    why_not = _why_not(delivery, channel)
    if why_not is None and delivery.payload is None:
        delivery.payload = compose(delivery, base, at)
        delivery.title, delivery.items_count = delivery.payload["data"]["title"], delivery.payload["data"]["items_count"]
        why_not = None if delivery.items_count else NOTHING_LEFT
    if why_not is not None:
        delivery.state, delivery.last_error, delivery.due_at = DeliveryState.DEAD, why_not, None
    db.session.flush()
    if why_not is not None or delivery.payload is None:
        return None
    return Errand(delivery.id, Message(delivery.id, at, delivery.payload), target_of(channel, at))


def _why_not(delivery: NotificationDelivery, channel: NotificationChannel) -> str | None:
    """Why a message is not to be sent any more; None where it is. A test is also for channels that are switched off."""
    if channel.deleted_at is not None or not (channel.is_enabled or delivery.event == TEST):
        return CHANNEL_OFF
    if delivery.payload is not None:
        return None
    rule = db.session.get_one(NotificationRule, delivery.rule_id)
    return RULE_OFF if rule.deleted_at is not None or not rule.is_enabled else None


def attempt(errand: Errand, means: Means) -> tuple[Outcome, int]:
    """Tries once, outside of every transaction: what came of it, and how many milliseconds it took."""
    began = time.monotonic()
    outcome = KINDS[errand.target.kind].send(errand.target, errand.message, means)
    return outcome, round((time.monotonic() - began) * 1000)


def note_outcome(delivery_id: UUID, outcome: Outcome, milliseconds: int, at: datetime) -> NotificationDelivery | None:
    """Writes down what came of a try, and what follows: it is delivered, due again later, or dead."""
    delivery = db.session.scalar(select(NotificationDelivery).where(NotificationDelivery.id == delivery_id).with_for_update())
    if delivery is None:
        return None
    delivery.tries += 1
    delivery.last_code, delivery.last_error = outcome.code, (outcome.error or "")[:LONGEST_ERROR] or None
    db.session.add(NotificationAttempt(
        organization_id=delivery.organization_id, delivery_id=delivery.id, number=delivery.tries, at=at, code=outcome.code,
        outcome="delivered" if outcome.ok else "failed", error=delivery.last_error, milliseconds=milliseconds))
    if outcome.ok:
        delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, at
    else:
        wait = None if outcome.is_final or delivery.event == TEST else backoff(delivery.tries - delivery.tries_before, outcome.retry_after)
        delivery.state = DeliveryState.DEAD if wait is None else DeliveryState.WAITING
        delivery.due_at = None if wait is None else at + wait
    db.session.flush()
    _note_channel(delivery, outcome, at)
    announce("notification.tried", (f"org:{delivery.organization_id}",), {
        "organization_id": str(delivery.organization_id), "notification_delivery_id": str(delivery.id), "state": delivery.state}, at,
        delivery.organization_id)
    return delivery


def _note_channel(delivery: NotificationDelivery, outcome: Outcome, at: datetime) -> None:
    """The channel works, or has failed once more; one whose receiver is gone is switched off."""
    channel = db.session.get_one(NotificationChannel, delivery.channel_id, populate_existing=True)
    result = "delivered" if outcome.ok else "dead" if delivery.state == DeliveryState.DEAD else "failed"
    after_commit(partial(_count, channel.kind, result))
    if outcome.ok:
        execute(WORKED, id=channel.id, at=at)
    elif rows(FAILED, id=channel.id, at=at, error=delivery.last_error)[0].failures == FAILING_FROM:
        record(SYSTEM, "notification_channel.failing", channel, status="failure", changes={"last_error": [None, delivery.last_error]})
    if outcome.is_gone and channel.is_enabled:
        channel.is_enabled, channel.disabled_reason = False, delivery.last_error
        channel.updated_at, channel.updated_by = at, None
        record(SYSTEM, "notification_channel.disabled", channel)
    db.session.flush()
    db.session.refresh(channel)


def _count(kind: str, result: str) -> None:
    metrics.NOTIFICATIONS.labels(kind, result).inc()


def give_up(delivery_id: UUID, error: str, at: datetime) -> None:
    """The delivery is dead because its job, which was begun again and again, never finished."""
    execute("UPDATE notification_deliveries SET state = 'dead', due_at = NULL, last_error = :error WHERE id = :id AND state = 'sending'",
            id=delivery_id, error=error)


def redeliver(actor: Actor, delivery: NotificationDelivery, at: datetime) -> NotificationDelivery:
    """Sends a message again, as it was, under the same id; at once, and with as many tries as at first.

    Conflict for one that is on its way, or has not gone out yet.
    """
    actor.require(Permission.NOTIFICATION_MANAGE, delivery.organization_id)
    if delivery.state == DeliveryState.SENDING:
        raise Conflict("This message is on its way.")
    if delivery.payload is None:
        raise Conflict("This message has not been sent yet." if delivery.state == DeliveryState.GATHERING
                       else "This message was never written: there is nothing to send again.")
    before = delivery.state
    delivery.state, delivery.due_at, delivery.tries_before, delivery.delivered_at = DeliveryState.SENDING, None, delivery.tries, None
    record(actor, "notification_delivery.redelivered", delivery, changes={"state": [before, "sending"]})
    db.session.flush()
    ask(DELIVER, {"delivery_id": str(delivery.id)}, at, QUEUE)
    return get_delivery(actor, delivery.id)


def send_test(actor: Actor, channel: NotificationChannel, base: str, at: datetime) -> NotificationDelivery:
    """Sends a message to a channel to see that it arrives; it is tried once."""
    actor.require(Permission.NOTIFICATION_MANAGE, channel.organization_id)
    payload = compose_test(channel.organization_id, channel.name, base, at)
    delivery = NotificationDelivery(
        organization_id=channel.organization_id, channel_id=channel.id, event=TEST, state=DeliveryState.SENDING, created_at=at,
        created_by=actor.id, gathered_at=at, payload=payload, title=payload["data"]["title"], items_count=1)
    db.session.add(delivery)
    record(actor, "notification_channel.tested", channel)
    db.session.flush()
    ask(DELIVER, {"delivery_id": str(delivery.id)}, at, QUEUE)
    return get_delivery(actor, delivery.id)


def forget_deliveries(days: int, most: int) -> int:
    """Removes up to `most` deliveries that were over so many days ago, with their attempts, and facts as old; tells how many."""
    values: dict[str, Any] = {"days": days, "most": most}
    return max(execute(OLD, **values), execute(OLD_FACTS, **values))
