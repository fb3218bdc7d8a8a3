"""Who may see channels, rules and deliveries: those who work on the sites of an organization; its admins manage them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, false, or_, select

from webapp.kit.permissions import Actor, Permission
from webapp.notify.models import NotificationChannel, NotificationDelivery, NotificationRule


def visible_channels(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The channels of the actor's organizations; with `deleted`, also the deleted ones of those that they administer."""
    return _visible(actor, NotificationChannel, deleted)


def visible_rules(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The rules of the actor's organizations; with `deleted`, also the deleted ones of those that they administer."""
    return _visible(actor, NotificationRule, deleted)


def visible_deliveries(actor: Actor) -> Select[Any]:
    """What was delivered, or is to be, in the actor's organizations."""
    return _within(actor, NotificationDelivery)


def _within(actor: Actor, kind: Any) -> Select[Any]:
    if actor.site_id is not None:
        return select(kind).where(false())  # a site's key is about that site alone
    where = actor.organizations(Permission.NOTIFICATION_READ)
    return select(kind) if where is None else select(kind).where(kind.organization_id.in_(where))


def _visible(actor: Actor, kind: Any, deleted: bool) -> Select[Any]:
    statement = _within(actor, kind)
    if not deleted:
        return statement.where(kind.deleted_at.is_(None))
    managed = actor.organizations(Permission.NOTIFICATION_MANAGE)
    return statement if managed is None else statement.where(or_(kind.deleted_at.is_(None), kind.organization_id.in_(managed)))
