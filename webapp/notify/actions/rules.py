"""Making, changing, deleting and restoring rules. What has gathered for a rule follows it when it changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.actions.belonging import refuse_deleted_organization, refuse_taken_name
from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization
from webapp.accounts.queries.teams import is_team_of
from webapp.audit.actions import change, record
from webapp.kit.db import db, execute
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.notify.models import NotificationChannel, NotificationRule
from webapp.notify.queries.rules import get_rule
from webapp.notify.values import DIGEST, Timing, next_digest

Rule, Channel = NotificationRule, NotificationChannel
TAKEN = "There is a rule of this name in the organization."
MOST = 500
FOLLOW = """
UPDATE notification_deliveries SET channel_id = :channel, due_at = CASE WHEN event = :digest THEN :due ELSE due_at END
WHERE rule_id = :rule AND state = 'gathering'
"""


def create_rule(actor: Actor, body: dict[str, Any], at: datetime) -> NotificationRule:
    """Makes a rule; it is told of what happens from now on."""
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.NOTIFICATION_MANAGE, organization.id)
    refuse_taken_name(Rule, organization.id, body["name"], TAKEN)
    _refuse_strangers(organization.id, body)
    count = select(func.count()).select_from(Rule).where(Rule.organization_id == organization.id, Rule.deleted_at.is_(None))
    if int(db.session.scalar(count) or 0) >= MOST:
        raise Conflict(f"An organization has {MOST} rules at most.")
    rule = Rule(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **_tidy(body))
    db.session.add(rule)
    record(actor, "notification_rule.created", rule)
    db.session.flush()
    return get_rule(actor, rule.id)


def change_rule(actor: Actor, rule: NotificationRule, body: dict[str, Any], at: datetime) -> NotificationRule:
    """Changes a rule; it stays in its organization. What has gathered goes through its new channel, at its new time."""
    actor.require(Permission.NOTIFICATION_MANAGE, rule.organization_id)
    if body.get("organization_id", rule.organization_id) != rule.organization_id:
        raise Invalid.at("organization_id", "A rule stays in its organization. Make another one there.")
    if body.get("name", rule.name).lower() != rule.name.lower():
        refuse_taken_name(Rule, rule.organization_id, body["name"], TAKEN)
    _refuse_strangers(rule.organization_id, body)
    before = (rule.channel_id, rule.timing, rule.hour, rule.weekday)
    change(actor, "notification_rule.changed", rule, _tidy(body), at)
    if before != (rule.channel_id, rule.timing, rule.hour, rule.weekday):
        _bring_along(rule, at)
    return get_rule(actor, rule.id)


def delete_rule(actor: Actor, rule: NotificationRule, at: datetime) -> NotificationRule:
    """Deletes a rule: nobody is told by it any more, not even of what has gathered."""
    actor.require(Permission.NOTIFICATION_MANAGE, rule.organization_id)
    changed: NotificationRule = change(actor, "notification_rule.deleted", rule, {"deleted_at": at}, at)
    return changed


def restore_rule(actor: Actor, rule_id: UUID, at: datetime) -> NotificationRule:
    """Brings a deleted rule back; Conflict when its name, its channel or its organization is gone."""
    rule = get_rule(actor, rule_id, lock=True, deleted=True)
    actor.require(Permission.NOTIFICATION_MANAGE, rule.organization_id)
    refuse_deleted_organization(rule.organization_id)
    if db.session.scalar(select(Channel.deleted_at).where(Channel.id == rule.channel_id)):
        raise Conflict("Its channel is deleted. Restore that first.")
    refuse_taken_name(Rule, rule.organization_id, rule.name, TAKEN)
    change(actor, "notification_rule.restored", rule, {"deleted_at": None}, at)
    return get_rule(actor, rule.id)


def _tidy(body: dict[str, Any]) -> dict[str, Any]:
    """Lists without what is said twice, in the order of the words."""
    return {name: sorted(set(value)) if isinstance(value, list) else value for name, value in body.items()}


def _refuse_strangers(organization_id: UUID, body: dict[str, Any]) -> None:
    """Channel and team must be of the rule's organization. The channel is held, so that nobody deletes it at the same moment."""
    if "channel_id" in body:
        found = select(Channel.id).where(Channel.id == body["channel_id"], Channel.organization_id == organization_id,
                                         Channel.deleted_at.is_(None)).with_for_update(read=True)
        if db.session.scalar(found) is None:
            raise Invalid.at("channel_id", "There is no such channel in this organization.")
    if body.get("team_id") and not is_team_of(body["team_id"], organization_id):
        raise Invalid.at("team_id", "There is no such team in this organization.")


def _bring_along(rule: NotificationRule, at: datetime) -> None:
    zone = db.session.scalar(select(Organization.settings["timezone"].astext).where(Organization.id == rule.organization_id)) or "UTC"
    due = at if rule.timing == Timing.AT_ONCE else next_digest(Timing(rule.timing), rule.hour, rule.weekday, zone, at)
    execute(FOLLOW, channel=rule.channel_id, digest=DIGEST, due=due, rule=rule.id)
