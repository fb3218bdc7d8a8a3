"""Reading people and their roles."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.accounts.models import Membership, Organization, RecoveryCode, User
from webapp.accounts.policy import visible_users
from webapp.accounts.queries.finding import found_row
from webapp.kit.db import beyond_walls, db
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission, Role


def user_by_email(email: str) -> User | None:
    """The active user with this address, whatever its case."""
    return db.session.scalar(select(User).where(func.lower(User.email) == email.lower(), User.deleted_at.is_(None)))


def find_users(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The people whom the actor may manage, with their organizations."""
    statement = visible_users(actor, deleted=bool(asked.get("include_deleted")))
    if "email" in asked:
        statement = statement.where(func.lower(User.email) == asked["email"].lower())
    if "is_superuser" in asked:
        statement = statement.where(User.is_superuser == asked["is_superuser"])
    for name, column in (("suspended", User.suspended_at), ("two_factor_enabled", User.two_factor_at)):
        if name in asked:
            statement = statement.where(column.is_not(None) if asked[name] else column.is_(None))
    if "organization_id" in asked or "role" in asked:
        statement = statement.where(User.id.in_(_members(actor, asked)))
    if asked.get("q"):
        statement = statement.where(User.email.icontains(asked["q"], autoescape=True)
                                    | User.full_name.icontains(asked["q"], autoescape=True))
    sorts = {"email": func.lower(User.email), "full_name": func.lower(User.full_name), "created_at": User.created_at,
             "last_login_at": User.last_login_at}
    return Listing(statement, sorts, "email", User.id, prepare=lambda found: with_organizations(actor, found))


def _members(actor: Actor, asked: dict[str, Any]) -> Select[Any]:
    """The ids of those with a role (or with this one) in the asked organization, or in any that the actor manages."""
    members = select(Membership.user_id).where(Membership.deleted_at.is_(None))
    where = actor.organizations(Permission.USER_READ)
    if "organization_id" in asked:
        members = members.where(Membership.organization_id == asked["organization_id"])
    elif where is not None:
        members = members.where(Membership.organization_id.in_(where))
    return members.where(Membership.role == asked["role"]) if "role" in asked else members


def get_user(actor: Actor, user_id: UUID, lock: bool = False, deleted: bool = False) -> User:
    """One person whom the actor may manage, or NotFound."""
    statement = visible_users(actor, deleted=deleted).where(User.id == user_id)
    user = found_row(statement.where(User.deleted_at.is_not(None)) if deleted else statement, lock)
    return with_organizations(actor, [user])[0]


def get_self(actor: Actor, lock: bool = False) -> User:
    """The actor's own account, with the organizations that are held back from them too."""
    user = found_row(select(User).where(User.id == actor.id), lock)
    with beyond_walls() if actor.held_back else nullcontext():
        return with_organizations(actor, [user])[0]


def with_organizations(actor: Actor, users: list[User]) -> list[User]:
    """Gives each user `organizations`: those with a role that the actor may know of, by name."""
    statement = (select(Membership.user_id, Organization.id, Organization.name, Membership.role)
                 .join(Organization, Organization.id == Membership.organization_id)
                 .where(Membership.user_id.in_([user.id for user in users]), Membership.deleted_at.is_(None),
                        Organization.deleted_at.is_(None))
                 .order_by(func.lower(Organization.name)))
    below: dict[UUID, list[dict[str, Any]]] = {user.id: [] for user in users}
    for user_id, organization_id, name, role in db.session.execute(statement):
        if actor.sees_all or user_id == actor.id or organization_id in actor.roles:
            below[user_id].append({"id": organization_id, "name": name, "role": role})
    for user in users:
        user.organizations = below[user.id]  # type: ignore[attr-defined]
    return users


def role_of(user_id: UUID, organization_id: UUID) -> Role | None:
    """A person's role in an organization; None without one."""
    role = db.session.scalar(select(Membership.role).where(Membership.user_id == user_id, Membership.deleted_at.is_(None),
                                                           Membership.organization_id == organization_id))
    return Role(role) if role else None


def names_of(user_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """What people are called, by id: the name, or the address of those who gave none."""
    wanted = {each for each in user_ids if each}
    if not wanted:
        return {}
    name = func.coalesce(func.nullif(User.full_name, ""), User.email)
    return dict(db.session.execute(select(User.id, name).where(User.id.in_(wanted))).all())


def recovery_codes_left(user: User) -> int:
    """How many recovery codes somebody has not used yet."""
    return db.session.scalar(select(func.count()).select_from(RecoveryCode).where(RecoveryCode.user_id == user.id)) or 0
