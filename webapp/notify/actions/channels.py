"""Making, changing, deleting and restoring channels, and changing the secret of a webhook."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.actions.belonging import refuse_deleted_organization, refuse_taken_name
from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, change_many, record
from webapp.kit.db import db
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.notify.channels import KINDS
from webapp.notify.models import NotificationChannel, NotificationRule
from webapp.notify.queries.channels import get_channel
from webapp.notify.values import new_webhook_secret

Channel = NotificationChannel
TAKEN = "There is a channel of this name in the organization."
WELL: dict[str, Any] = {"failures": 0, "failing_since": None, "last_error": None}
MOST = 200
"""How many channels an organization can have: a program that makes them in a circle is stopped."""


def create_channel(actor: Actor, body: dict[str, Any], at: datetime) -> NotificationChannel:
    """Makes a channel. The secret of one that signs is on the answer this once, as `shown_secret`."""
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.NOTIFICATION_MANAGE, organization.id)
    refuse_taken_name(Channel, organization.id, body["name"], TAKEN)
    count = select(func.count()).select_from(Channel).where(Channel.organization_id == organization.id, Channel.deleted_at.is_(None))
    if int(db.session.scalar(count) or 0) >= MOST:
        raise Conflict(f"An organization has {MOST} channels at most.")
    kind = KINDS[body["kind"]]
    values = _placed(kind.name, {name: value for name, value in body.items() if name not in ("url", "recipients")}, body)
    secret = new_webhook_secret() if kind.signs else None
    channel = Channel(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, secret=secret, **values)
    db.session.add(channel)
    record(actor, "notification_channel.created", channel)
    db.session.flush()
    return _with_secret(get_channel(actor, channel.id), secret)


def change_channel(actor: Actor, channel: NotificationChannel, body: dict[str, Any], at: datetime) -> NotificationChannel:
    """Changes a channel; it stays of its kind and in its organization. One that is given a new address, or switched on, starts afresh."""
    actor.require(Permission.NOTIFICATION_MANAGE, channel.organization_id)
    for name, words in (("organization_id", "A channel stays in its organization."), ("kind", "A channel stays of its kind.")):
        if body.get(name, getattr(channel, name)) != getattr(channel, name):
            raise Invalid.at(name, f"{words} Make another one.")
    if body.get("name", channel.name).lower() != channel.name.lower():
        refuse_taken_name(Channel, channel.organization_id, body["name"], TAKEN)
    values: dict[str, Any] = {name: body[name] for name in ("name", "is_enabled") if name in body}
    if body.get("url") or body.get("recipients"):
        values = _placed(channel.kind, values, body)
    moved = any(values.get(name, getattr(channel, name)) != getattr(channel, name) for name in ("endpoint", "recipients"))
    if moved or (values.get("is_enabled") and not channel.is_enabled):
        values |= {**WELL, "disabled_reason": None}
    change(actor, "notification_channel.changed", channel, values, at)
    return get_channel(actor, channel.id)


def rotate_secret(actor: Actor, channel: NotificationChannel, overlap: timedelta, at: datetime) -> NotificationChannel:
    """Gives a channel that signs a new secret, shown this once; until the overlap is over, messages are signed with both."""
    actor.require(Permission.NOTIFICATION_MANAGE, channel.organization_id)
    if not KINDS[channel.kind].signs:
        raise Conflict("Only what a webhook sends is signed.")
    secret = new_webhook_secret()
    values = {"former_secret": channel.secret, "former_secret_until": at + overlap, "secret": secret}
    change(actor, "notification_channel.secret_rotated", channel, values, at)
    return _with_secret(get_channel(actor, channel.id), secret)


def delete_channel(actor: Actor, channel: NotificationChannel, at: datetime) -> NotificationChannel:
    """Deletes a channel; Conflict while rules use it, so that nobody waits in vain to be told."""
    actor.require(Permission.NOTIFICATION_MANAGE, channel.organization_id)
    used = select(func.count()).select_from(NotificationRule).where(
        NotificationRule.channel_id == channel.id, NotificationRule.deleted_at.is_(None))
    count = int(db.session.scalar(used) or 0)
    if count:
        words = "1 rule uses this channel. Change or delete it first."
        raise Conflict(words if count == 1 else f"{count} rules use this channel. Change or delete them first.")
    changed: NotificationChannel = change(actor, "notification_channel.deleted", channel, {"deleted_at": at}, at)
    return changed


def restore_channel(actor: Actor, channel_id: UUID, at: datetime) -> NotificationChannel:
    """Brings a deleted channel back, secret and all; Conflict when its name or its organization is gone."""
    channel = get_channel(actor, channel_id, lock=True, deleted=True)
    actor.require(Permission.NOTIFICATION_MANAGE, channel.organization_id)
    refuse_deleted_organization(channel.organization_id)
    refuse_taken_name(Channel, channel.organization_id, channel.name, TAKEN)
    change(actor, "notification_channel.restored", channel, {"deleted_at": None}, at)
    return get_channel(actor, channel.id)


def _placed(name: str, values: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """The values with where the channel delivers to, as its kind has it; Invalid where that is missing, or of another kind."""
    kind = KINDS[name]
    other = {"recipients": "url", "endpoint": "recipients"}[kind.takes]
    if body.get(other):
        raise Invalid.at(other, f"This kind of channel has no {'address to post to' if other == 'url' else 'recipients'}.")
    if kind.takes == "recipients":
        if not body.get("recipients"):
            raise Invalid.at("recipients", "Say who gets it.")
        return {**values, "recipients": list(dict.fromkeys(body["recipients"]))}
    if not body.get("url"):
        raise Invalid.at("url", "Say where it is posted to.")
    return {**values, "endpoint": body["url"], "address": kind.shown(body["url"])}


def _with_secret(channel: NotificationChannel, secret: str | None) -> NotificationChannel:
    channel.shown_secret = secret  # type: ignore[attr-defined]
    return channel


@organization_closed.connect
def _close(actor: Actor, organization: Organization, at: datetime) -> None:
    """Rules and channels go with their organization."""
    for kind, word in ((NotificationRule, "notification_rule"), (Channel, "notification_channel")):
        found = db.session.scalars(select(kind).where(kind.organization_id == organization.id, kind.deleted_at.is_(None)).with_for_update())
        change_many(actor, f"{word}.deleted", [(each, {"deleted_at": at}) for each in found], at)


@organization_reopened.connect
def _reopen(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    for kind, word in ((Channel, "notification_channel"), (NotificationRule, "notification_rule")):
        gone = select(kind).where(kind.organization_id == organization.id, kind.deleted_at == closed_at)
        found = db.session.scalars(gone.with_for_update())
        change_many(actor, f"{word}.restored", [(each, {"deleted_at": None}) for each in found], organization.updated_at)
