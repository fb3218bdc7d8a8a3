"""Changing organizations and the roles in them. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select

from webapp.accounts.actions.teams import leave_teams
from webapp.accounts.models import Membership, Organization, User
from webapp.accounts.policy import visible_users
from webapp.accounts.queries import get_organization
from webapp.accounts.values import organization_changed, organization_closed, organization_reopened, settings_in_force, slug_of
from webapp.audit.actions import change, record
from webapp.kit.db import db
from webapp.kit.errors import Conflict, Invalid, NotFound
from webapp.kit.permissions import Actor, Permission, Role


def create_organization(actor: Actor, body: dict[str, Any], at: datetime) -> Organization:
    """Makes an organization; Conflict when the name is taken."""
    _refuse_taken_name(body["name"])
    values = {**body, "slug": _free_slug(body.get("slug") or slug_of(body["name"]))}
    organization = Organization(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **values)
    db.session.add(organization)
    record(actor, "organization.created", organization)
    db.session.flush()
    return organization


def change_organization(actor: Actor, organization: Organization, body: dict[str, Any], at: datetime) -> Organization:
    """Changes any of name, slug, description and settings."""
    actor.require(Permission.ORGANIZATION_EDIT, organization.id)
    if body.get("name", organization.name).lower() != organization.name.lower():
        _refuse_taken_name(body["name"])
    if body.get("slug", organization.slug) != organization.slug and _slug_is_taken(body["slug"]):
        raise Conflict("This short name is taken.", [{"field": "slug", "message": "This short name is taken."}])
    if "settings" in body:
        _refuse_lockout(actor, organization, body["settings"])
        body = {**body, "settings": _chosen(organization.settings, body["settings"])}
    before = dict(organization.settings)
    change(actor, "organization.changed", organization, body, at)
    organization_changed.send(actor, organization=organization, before=before, at=at)
    return organization


def _chosen(before: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What is chosen after this was said. To say what holds by default is no choice: who sends all back that they read changes nothing."""
    after = {**before, **said}
    return before if settings_in_force(after) == settings_in_force(before) else after


def _refuse_lockout(actor: Actor, organization: Organization, settings: dict[str, Any]) -> None:
    """Nobody asks others for a second factor who has none: they would be out themselves."""
    if not settings.get("require_two_factor") or organization.settings.get("require_two_factor") or organization.id not in actor.roles:
        return
    person = db.session.get(User, actor.id)
    if person is not None and person.two_factor_at is None and not actor.is_superuser:
        raise Invalid.at("settings.require_two_factor", "Set your own second factor up first: you would be out yourself.")


def delete_organization(actor: Actor, organization: Organization, at: datetime) -> Organization:
    """Deletes an organization, and with it its memberships and whatever listens to `organization_closed`."""
    actor.require(Permission.ORGANIZATION_DELETE, organization.id)
    members = db.session.scalars(select(Membership).where(Membership.organization_id == organization.id,
                                                          Membership.deleted_at.is_(None)).with_for_update())
    for membership in members:
        membership.deleted_at = at
    organization_closed.send(actor, organization=organization, at=at)
    return change(actor, "organization.deleted", organization, {"deleted_at": at}, at)


def restore_organization(actor: Actor, organization_id: UUID, at: datetime) -> Organization:
    """Brings back a deleted organization and just what went with it."""
    organization = get_organization(actor, organization_id, lock=True, deleted=True)
    actor.require(Permission.ORGANIZATION_DELETE, organization.id)
    _refuse_taken_name(organization.name)
    members = db.session.scalars(select(Membership).where(Membership.organization_id == organization.id,
                                                          Membership.deleted_at == organization.deleted_at))
    for membership in members:
        membership.deleted_at = None
    organization.updated_at = at  # so that what comes back with it is stamped alike
    organization_reopened.send(actor, organization=organization, closed_at=organization.deleted_at)
    return change(actor, "organization.restored", organization, {"deleted_at": None}, at)


def set_role(actor: Actor, organization: Organization, user_id: UUID, role: Role, at: datetime) -> dict[str, Any]:
    """Gives a person a role; the last admin keeps theirs (Conflict).

    NotFound for those whom the actor does not see and who never had a role there: an id alone is no invitation. Others are added by
    their e-mail address.
    """
    actor.require(Permission.USER_MANAGE, organization.id)
    _hold(organization)
    was_here = select(Membership.user_id).where(Membership.organization_id == organization.id)
    seen = visible_users(actor).with_only_columns(User.id)
    known = or_(User.id.in_(seen), User.id.in_(was_here))
    user = db.session.scalar(select(User).where(User.id == user_id, User.deleted_at.is_(None), known))
    if user is None:
        raise NotFound()
    _keep_an_admin(organization.id, user_id, role)
    give_role(actor, organization.id, user, role, at)
    return {"user_id": user.id, "organization_id": organization.id, "email": user.email, "full_name": user.full_name, "role": role}


def remove_member(actor: Actor, organization: Organization, user_id: UUID, at: datetime) -> dict[str, Any]:
    """Takes a person's role away; the last admin stays (Conflict)."""
    actor.require(Permission.USER_MANAGE, organization.id)
    _hold(organization)
    membership = db.session.scalar(select(Membership).where(
        Membership.organization_id == organization.id, Membership.user_id == user_id, Membership.deleted_at.is_(None)))
    if membership is None:
        raise NotFound()
    _keep_an_admin(organization.id, user_id, None)
    membership.deleted_at = at
    leave_teams(organization.id, user_id, at)
    record(actor, "member.removed", organization, changes={str(user_id): [membership.role, None]})
    return {"user_id": user_id, "organization_id": organization.id, "role": None}


def _hold(organization: Organization) -> None:
    """Lets nobody else change who is in the organization meanwhile; NotFound where it was deleted in this moment."""
    held = select(Organization.id).where(Organization.id == organization.id, Organization.deleted_at.is_(None))
    if db.session.scalar(held.with_for_update()) is None:
        raise NotFound()


def keep_admins(user: User) -> None:
    """Conflict where an organization would have no admin without this person; it says which. None loses another meanwhile."""
    theirs = db.session.scalars(
        select(Organization).join(Membership, Membership.organization_id == Organization.id)
        .where(Membership.user_id == user.id, Membership.role == Role.ADMIN, Membership.deleted_at.is_(None),
               Organization.deleted_at.is_(None))
        .order_by(Organization.id).with_for_update(of=Organization)).all()
    left = [organization.name for organization in theirs if _admins(organization.id) == {user.id}]
    if left:
        raise Conflict(f"This is the last admin of {', '.join(left)}. Make somebody else admin there first.")


def _keep_an_admin(organization_id: UUID, user_id: UUID, role: Role | None) -> None:
    if role is not Role.ADMIN and _admins(organization_id) == {user_id}:
        raise Conflict("This is the last admin of the organization. Make somebody else admin first.")


def _admins(organization_id: UUID) -> set[UUID]:
    """The admins who can sign in."""
    found = select(Membership.user_id).join(User, User.id == Membership.user_id).where(
        Membership.organization_id == organization_id, Membership.role == Role.ADMIN, Membership.deleted_at.is_(None),
        User.deleted_at.is_(None), User.suspended_at.is_(None))
    return set(db.session.scalars(found))


def _refuse_taken_name(name: str) -> None:
    taken = select(Organization.id).where(func.lower(Organization.name) == name.lower(), Organization.deleted_at.is_(None))
    if db.session.scalar(taken):
        raise Conflict("There is an organization of this name.", [{"field": "name", "message": "There is an organization of this name."}])


def _slug_is_taken(slug: str) -> bool:
    return db.session.scalar(select(Organization.id).where(Organization.slug == slug, Organization.deleted_at.is_(None))) is not None


def _free_slug(slug: str) -> str:
    number, wanted = 1, slug
    while _slug_is_taken(wanted):
        number += 1
        wanted = f"{slug}-{number}"
    return wanted


def give_role(actor: Actor, organization_id: UUID, user: User, role: Role, at: datetime) -> None:
    """Gives somebody a role in an organization; whoever has it keeps it, and there is nothing to write down."""
    membership = db.session.get(Membership, (organization_id, user.id))
    before = membership.role if membership and membership.deleted_at is None else None
    if before == role:
        return
    if membership is None:
        membership = Membership(organization_id=organization_id, user_id=user.id, created_at=at)
        db.session.add(membership)
    membership.role, membership.deleted_at = role.value, None
    record(actor, "member.role_set", user, organization_id=organization_id, changes={"role": [before, role.value]})
    db.session.flush()
