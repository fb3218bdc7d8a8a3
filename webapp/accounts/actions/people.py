"""Changing accounts of people. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.actions.organizations import give_role, keep_admins
from webapp.accounts.actions.passwords import set_password
from webapp.accounts.actions.proving import hashed
from webapp.accounts.actions.signing import end_sign_ins
from webapp.accounts.actions.suspension import keep_a_superuser
from webapp.accounts.models import Membership, Organization, User
from webapp.accounts.queries import get_organization, with_organizations
from webapp.audit.actions import change, record
from webapp.kit.db import beyond_walls, db
from webapp.kit.errors import Conflict, Invalid, PermissionDenied
from webapp.kit.permissions import Actor, Permission, Role


def create_user(actor: Actor, body: dict[str, Any], at: datetime) -> User:
    """Makes an account, and a role in `organization_id` with it; only superusers make superusers or people without a place."""
    organization_id, role = body.pop("organization_id", None), body.pop("role", None)
    password = body.pop("password")
    if not actor.is_superuser:
        if body.get("is_superuser"):
            raise PermissionDenied("Only superusers make superusers.")
        if organization_id is None:
            raise Invalid.at("organization_id", "Say which organization this person belongs to.")
    if organization_id is not None:
        _administered(actor, organization_id)
    user = _new_user(body, password, actor.id, at)
    record(actor, "user.created", user, organization_id=organization_id)
    db.session.flush()
    if organization_id is not None:
        give_role(actor, organization_id, user, Role(role or Role.VIEWER), at)
    return with_organizations(actor, [user])[0]


def register(actor: Actor, body: dict[str, Any], at: datetime) -> User:
    """Makes an ordinary account for whoever asks."""
    user = _new_user({"email": body["email"], "full_name": body.get("full_name", "")}, body["password"], None, at)
    record(actor, "user.registered", user)
    db.session.flush()
    return with_organizations(actor, [user])[0]


def change_user(actor: Actor, user: User, body: dict[str, Any], at: datetime) -> User:
    """Changes an account. Superusers change all of it, admins the names of those who belong to them alone; one's own password
    is changed by who knows it (`change_password`).
    """
    if user.id == actor.id and ("password" in body or (not actor.is_superuser and "is_superuser" in body)):
        raise PermissionDenied("Your own rights and password are not changed here.")
    if not actor.is_superuser and user.id != actor.id:
        theirs = {each["id"] for each in user.organizations}  # type: ignore[attr-defined]
        with beyond_walls():
            alone = db.session.scalar(select(func.count()).where(Membership.user_id == user.id, Membership.deleted_at.is_(None)))
        if user.is_superuser or set(body) - {"full_name"} or len(theirs) != alone:
            raise PermissionDenied("Only superusers may change that.")
        for organization_id in theirs:
            actor.require(Permission.USER_MANAGE, organization_id)
    if "email" in body and body["email"].lower() != user.email.lower():
        _refuse_taken_email(body["email"])
    if body.get("is_superuser") is False:
        keep_a_superuser(user)
    password = body.pop("password", None)
    if body or password is None:
        change(actor, "user.changed", user, body, at)
    if password is not None:
        set_password(actor, user, password, at)
    return user


def change_own_account(actor: Actor, user: User, body: dict[str, Any], at: datetime) -> User:
    """Changes one's own name or e-mail address."""
    if "email" in body and body["email"].lower() != user.email.lower():
        _refuse_taken_email(body["email"])
    return change(actor, "user.changed", user, body, at)


def delete_user(actor: Actor, user: User, at: datetime) -> User:
    """Deletes an account; nobody deletes their own, nor the last admin of an organization (Conflict)."""
    if user.id == actor.id:
        raise Conflict("You cannot delete your own account.")
    if not actor.is_superuser:
        raise PermissionDenied("Only superusers delete accounts. Remove the person from the organization instead.")
    keep_a_superuser(user)
    keep_admins(user)
    deleted: User = change(actor, "user.deleted", user, {"deleted_at": at}, at)
    end_sign_ins(user.id, at)
    return deleted


def restore_user(actor: Actor, user: User, at: datetime) -> User:
    """Brings a deleted account back."""
    if not actor.is_superuser:
        raise PermissionDenied()
    return change(actor, "user.restored", user, {"deleted_at": None}, at)


def _new_user(values: dict[str, Any], password: str, by: UUID | None, at: datetime) -> User:
    _refuse_taken_email(values["email"])
    user = User(created_at=at, created_by=by, updated_at=at, updated_by=by, password_hash=hashed(password, values["email"]), **values)
    db.session.add(user)
    return user


def _administered(actor: Actor, organization_id: UUID) -> Organization:
    """The organization, where the actor may manage people; NotFound or PermissionDenied otherwise."""
    organization = get_organization(actor, organization_id)
    actor.require(Permission.USER_MANAGE, organization_id)
    return organization


def _refuse_taken_email(email: str) -> None:
    if db.session.scalar(select(User.id).where(func.lower(User.email) == email.lower())):
        raise Conflict("There is an account with this address.", [{"field": "email", "message": "There is an account with this address."}])
