"""Developers: named, linked to accounts, made one and taken apart again. Each verb checks, changes and records."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import Membership
from webapp.audit.actions import change, record
from webapp.insights.models import Developer
from webapp.insights.queries.developers import get_developer
from webapp.insights.values.words import Visibility
from webapp.kit.db import db, execute
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission

MOVE = "UPDATE developer_identities SET developer_id = :into WHERE developer_id = :developer"
RETURN = """
WITH RECURSIVE homes AS (SELECT CAST(:developer AS uuid) AS id UNION SELECT d.id FROM developers d JOIN homes h ON d.merged_into = h.id)
UPDATE developer_identities SET developer_id = :developer WHERE home_id IN (SELECT id FROM homes)
"""
"""What was theirs at first, and that of those who had become one with them before."""


def look_at(actor: Actor, developer: Developer) -> Developer:
    """Notes that somebody looked at another person's numbers: they see by whom, and when."""
    if developer.visibility in (Visibility.LEAD, Visibility.MEMBERS, Visibility.OPERATOR):  # type: ignore[attr-defined]
        record(actor, "developer.viewed", developer, changes={})
        db.session.flush()
    return developer


def change_developer(actor: Actor, developer: Developer, body: dict[str, Any], at: datetime) -> Developer:
    """Changes a developer's name, whether they are a program, or whose account is theirs."""
    actor.require(Permission.DEVELOPER_MANAGE, developer.organization_id)
    if body.get("user_id") and not _is_member(body["user_id"], developer.organization_id):
        raise Invalid.at("user_id", "This person does not belong to the organization.")
    change(actor, "developer.changed", developer, body, at)
    return get_developer(actor, developer.id)


def merge_developer(actor: Actor, developer: Developer, into_id: UUID, at: datetime) -> Developer:
    """Makes a developer one with another, who gets all that they are known by; the other comes back. Nothing that happened is rewritten."""
    actor.require(Permission.DEVELOPER_MANAGE, developer.organization_id)
    into = get_developer(actor, into_id, lock=True) if into_id != developer.id else developer
    if into.id == developer.id or into.organization_id != developer.organization_id:
        raise Invalid.at("into_id", "Choose another developer of the same organization.")
    if into.user_id and developer.user_id and into.user_id != developer.user_id:
        raise Conflict("Each of them has an account of their own here.")
    execute(MOVE, into=into.id, developer=developer.id)
    if into.user_id is None and developer.user_id is not None:
        change(actor, "developer.changed", into, {"user_id": developer.user_id}, at)
    change(actor, "developer.merged", developer, {"merged_into": into.id, "deleted_at": at}, at)
    return get_developer(actor, into.id)


def unmerge_developer(actor: Actor, developer_id: UUID, at: datetime) -> Developer:
    """Takes a developer who was made one with another out again, with what they were known by before."""
    developer = get_developer(actor, developer_id, lock=True, deleted=True)
    actor.require(Permission.DEVELOPER_MANAGE, developer.organization_id)
    other = db.session.get(Developer, developer.merged_into)
    execute(RETURN, developer=developer.id)
    if other is not None and developer.user_id is not None and other.user_id == developer.user_id:
        change(actor, "developer.changed", other, {"user_id": None}, at)
    change(actor, "developer.unmerged", developer, {"merged_into": None, "deleted_at": None}, at)
    return get_developer(actor, developer.id)


def _is_member(user_id: UUID, organization_id: UUID) -> bool:
    found = select(Membership.user_id).where(Membership.user_id == user_id, Membership.organization_id == organization_id,
                                             Membership.deleted_at.is_(None))
    return db.session.scalar(found) is not None
