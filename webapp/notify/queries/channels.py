"""Reading channels and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, literal, select

from webapp.accounts.models import Organization
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.notify.models import NotificationChannel, NotificationRule
from webapp.notify.policy import visible_channels
from webapp.notify.values import FAILING_FROM, ChannelState, Target

CHOICES = 200
Channel = NotificationChannel
STATE = case((Channel.is_enabled.is_(False), literal(ChannelState.OFF)),
             ((Channel.failures >= FAILING_FROM) | ((Channel.failures > 0) & Channel.last_delivered_at.is_(None)),
              literal(ChannelState.FAILING)),
             (Channel.last_tried_at.is_(None), literal(ChannelState.UNUSED)), else_=literal(ChannelState.WORKING))
RULES = (select(func.count()).select_from(NotificationRule)
         .where(NotificationRule.channel_id == Channel.id, NotificationRule.deleted_at.is_(None)).correlate(Channel).scalar_subquery())


def _shown(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Organization, Organization.id == Channel.organization_id)
            .add_columns(STATE.label("state"), RULES.label("rules_count"), Organization.name.label("organization_name")))


def _shape(row: Any) -> NotificationChannel:
    channel: Any = row[0]
    channel.state, channel.rules_count, channel.organization_name = row.state, row.rules_count, row.organization_name
    return channel


def find_channels(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The channels of the actor's organizations, those that fail first; admins also find those that were deleted."""
    statement = _shown(visible_channels(actor, deleted=bool(asked.get("include_deleted"))))
    for name in ("name", "organization_id", "kind", "is_enabled"):
        if name in asked:
            statement = statement.where(getattr(Channel, name) == asked[name])
    if "state" in asked:
        statement = statement.where(asked["state"] == STATE)
    if asked.get("q"):
        words = (Channel.name, Channel.address)
        statement = statement.where(words[0].icontains(asked["q"], autoescape=True) | words[1].icontains(asked["q"], autoescape=True))
    first = case({state: place for place, state in enumerate(("failing", "off", "working", "unused"))}, value=STATE)
    sorts = {"name": func.lower(Channel.name), "kind": Channel.kind, "state": first, "rules_count": RULES,
             "last_delivered_at": Channel.last_delivered_at, "created_at": Channel.created_at, "updated_at": Channel.updated_at}
    return Listing(statement, sorts, "state,name", Channel.id, shape=_shape)


def get_channel(actor: Actor, channel_id: UUID, lock: bool = False, deleted: bool = False) -> NotificationChannel:
    """One channel, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown(visible_channels(actor, deleted=deleted)).where(Channel.id == channel_id)
    if deleted:
        statement = statement.where(Channel.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=Channel) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def get_any_channel(actor: Actor, channel_id: UUID) -> NotificationChannel:
    """One channel, for admins also when it is deleted, or NotFound."""
    row = db.session.execute(_shown(visible_channels(actor, deleted=True)).where(Channel.id == channel_id)).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def target_of(channel: NotificationChannel, at: Any) -> Target:
    """Where the channel delivers to, with every secret that is valid now, the newest first."""
    secrets = [channel.secret] if channel.secret else []
    if channel.former_secret and channel.former_secret_until and channel.former_secret_until > at:
        secrets.append(channel.former_secret)
    return Target(channel.kind, tuple(channel.recipients), channel.endpoint or "", tuple(secrets))


def find_channels_to_choose(actor: Actor, organization_id: UUID | None = None) -> Sequence[Any]:
    """The channels that a rule may use, as `id`, `name`, `kind` and `organization_name`: for a form."""
    where = actor.organizations(Permission.NOTIFICATION_MANAGE)
    statement: Select[Any] = visible_channels(actor).join(Organization, Organization.id == Channel.organization_id)
    if where is not None:
        statement = statement.where(Channel.organization_id.in_(where))
    if organization_id is not None:
        statement = statement.where(Channel.organization_id == organization_id)
    shown = statement.with_only_columns(Channel.id, Channel.name, Channel.kind, Channel.organization_id,
                                        Organization.name.label("organization_name"))
    return db.session.execute(shown.order_by(func.lower(Channel.name), Organization.name).limit(CHOICES)).all()


def count_failing(actor: Actor, organization_id: UUID | None = None) -> int:
    """How many channels fail again and again, or were switched off because their receiver is gone."""
    statement = visible_channels(actor).where((STATE == ChannelState.FAILING) | Channel.disabled_reason.is_not(None))
    if organization_id is not None:
        statement = statement.where(Channel.organization_id == organization_id)
    return int(db.session.scalar(select(func.count()).select_from(statement.with_only_columns(Channel.id).subquery())) or 0)
