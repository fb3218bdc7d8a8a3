"""Keeping somebody out for a while, letting them in again, and the rule that one superuser always stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.actions.signing import end_sign_ins
from webapp.accounts.models import User
from webapp.audit.actions import record
from webapp.kit.db import db, execute
from webapp.kit.errors import Conflict, PermissionDenied
from webapp.kit.permissions import Actor

ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtext('patchboard superusers'))"
LAST = "This is the last superuser who can sign in. Make somebody else one first."


def suspend(actor: Actor, user: User, reason: str, at: datetime) -> User:
    """Keeps a person out: ends all sign-ins and refuses new ones. API keys that they made belong to their organization and stay."""
    _superusers_only(actor)
    if user.suspended_at is not None:
        raise Conflict("This account is suspended already.")
    keep_a_superuser(user)
    user.suspended_at = user.updated_at = at
    user.updated_by = actor.id
    end_sign_ins(user.id, at)
    record(actor, "user.suspended", user, changes={"reason": [None, reason]} if reason else {})
    db.session.flush()
    return user


def reinstate(actor: Actor, user: User, at: datetime) -> User:
    """Lets a suspended person in again; they sign in anew."""
    _superusers_only(actor)
    if user.suspended_at is None:
        raise Conflict("This account is not suspended.")
    user.suspended_at, user.updated_at, user.updated_by = None, at, actor.id
    record(actor, "user.reinstated", user, changes={})
    db.session.flush()
    return user


def keep_a_superuser(user: User) -> None:
    """Conflict when nobody but this person could do everything; of two who take the power from each other one comes second.

    A lock of its own, for the rows of persons are locked already, in the order that requests came.
    """
    if not user.is_superuser or user.suspended_at is not None:
        return
    execute(ONE_AT_A_TIME)
    if not others_with_all_power(user.id):
        raise Conflict(LAST)


def others_with_all_power(user_id: UUID) -> int:
    """How many other superusers can sign in."""
    return db.session.scalar(select(func.count()).select_from(User).where(
        User.is_superuser, User.deleted_at.is_(None), User.suspended_at.is_(None), User.id != user_id)) or 0


def _superusers_only(actor: Actor) -> None:
    if not actor.sees_all:
        raise PermissionDenied()
