"""Reading rules, with the names of what they refer to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func

from webapp.accounts.models import Organization, Team
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.notify.models import NotificationChannel, NotificationRule
from webapp.notify.policy import visible_rules

Rule, Channel = NotificationRule, NotificationChannel


def _shown(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Organization, Organization.id == Rule.organization_id).join(Channel, Channel.id == Rule.channel_id)
            .outerjoin(Team, (Team.id == Rule.team_id) & Team.deleted_at.is_(None))
            .add_columns(Channel.name.label("channel_name"), Channel.kind.label("channel_kind"), Team.name.label("team_name"),
                         Organization.name.label("organization_name"), Channel.is_enabled.label("channel_enabled")))


def _shape(row: Any) -> NotificationRule:
    rule: Any = row[0]
    for name in ("channel_name", "channel_kind", "channel_enabled", "team_name", "organization_name"):
        setattr(rule, name, getattr(row, name))
    return rule


def find_rules(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The rules of the actor's organizations, by name; admins also find those that were deleted."""
    statement = _shown(visible_rules(actor, deleted=bool(asked.get("include_deleted"))))
    for name in ("name", "organization_id", "channel_id", "team_id", "timing", "is_enabled"):
        if name in asked:
            statement = statement.where(getattr(Rule, name) == asked[name])
    if "event" in asked:
        statement = statement.where(Rule.events.contains([asked["event"]]))
    if asked.get("q"):
        statement = statement.where(Rule.name.icontains(asked["q"], autoescape=True) | Channel.name.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(Rule.name), "channel": func.lower(Channel.name), "timing": Rule.timing, "created_at": Rule.created_at,
             "updated_at": Rule.updated_at}
    return Listing(statement, sorts, "name", Rule.id, shape=_shape)


def get_rule(actor: Actor, rule_id: UUID, lock: bool = False, deleted: bool = False) -> NotificationRule:
    """One rule, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown(visible_rules(actor, deleted=deleted)).where(Rule.id == rule_id)
    if deleted:
        statement = statement.where(Rule.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=Rule) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def get_any_rule(actor: Actor, rule_id: UUID) -> NotificationRule:
    """One rule, for admins also when it is deleted, or NotFound."""
    row = db.session.execute(_shown(visible_rules(actor, deleted=True)).where(Rule.id == rule_id)).first()
    if row is None:
        raise NotFound()
    return _shape(row)
