"""What of accounts an actor may see: organizations they belong to, and the people and keys of those they administer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, or_, select

from webapp.accounts.models import ApiKey, Membership, Organization, Team, User
from webapp.kit.permissions import Actor, Permission


def visible_organizations(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Organizations in which the actor has any role; with `deleted`, also deleted ones."""
    where = actor.organizations(Permission.ORGANIZATION_READ)
    statement = select(Organization) if deleted else select(Organization).where(Organization.deleted_at.is_(None))
    return statement if where is None else statement.where(Organization.id.in_(where))


def may_see_organization(actor: Actor, organization_id: UUID) -> bool:
    """Whether `visible_organizations` holds this one, if it is there and not deleted."""
    where = actor.organizations(Permission.ORGANIZATION_READ)
    return where is None or organization_id in where


def visible_users(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Everybody for a superuser; the people of their organizations for admins."""
    where = actor.organizations(Permission.USER_READ)
    statement = select(User) if deleted else select(User).where(User.deleted_at.is_(None))
    if where is None:
        return statement
    members = select(Membership.user_id).where(Membership.organization_id.in_(where), Membership.deleted_at.is_(None))
    return statement.where(User.id.in_(members))


def visible_keys(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """API keys of the organizations that the actor manages keys in."""
    where = actor.organizations(Permission.API_KEY_MANAGE)
    statement = select(ApiKey) if deleted else select(ApiKey).where(ApiKey.deleted_at.is_(None))
    return statement if where is None else statement.where(ApiKey.organization_id.in_(where))


def visible_teams(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The teams of the actor's organizations; with `deleted`, also the deleted ones of those that they administer."""
    statement = select(Team)
    if actor.site_id is not None:
        return statement.where(false())  # a site's key is about that site alone
    where, managed = actor.organizations(Permission.TEAM_READ), actor.organizations(Permission.TEAM_MANAGE)
    if where is not None:
        statement = statement.where(Team.organization_id.in_(where))
    if not deleted:
        return statement.where(Team.deleted_at.is_(None))
    return statement if managed is None else statement.where(or_(Team.deleted_at.is_(None), Team.organization_id.in_(managed)))
