"""Passwords: changing one's own, new ones for those who have lost theirs, and links to a new one by mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from webapp.accounts.actions.letters import tell_password_changed
from webapp.accounts.actions.proving import NotProven, hashed, is_password_of
from webapp.accounts.actions.signing import as_person, end_sign_ins
from webapp.accounts.models import PasswordReset, User
from webapp.accounts.queries import user_by_email
from webapp.accounts.values import RESET_SALT, digest_of, new_password, new_reset_token
from webapp.audit.actions import record
from webapp.kit.db import db, rows
from webapp.kit.errors import Invalid, PermissionDenied
from webapp.kit.permissions import Actor

RESET_FOR = timedelta(hours=1)
SPENT = "This link has expired or was used. Ask for a new one."
HOLD = "SELECT user_id FROM password_resets WHERE token_hash = :hash AND expires_at > :at FOR UPDATE"


def change_password(actor: Actor, user: User, current: str, new: str, at: datetime) -> None:
    """Changes one's own password, to another one, and ends all other sign-ins."""
    if not is_password_of(user, current):
        record(actor, "password.failed", user, status="failure", changes={})
        said = "This is not your present password."
        raise NotProven(said, [{"field": "current_password", "message": said}])
    if new == current:
        raise Invalid.at("new_password", "This is your present password. Choose another one.")
    _set(actor, user, hashed(new, user.email, "new_password"), "password.changed", at)


def renew_password(actor: Actor, user: User, at: datetime) -> str:
    """Makes a new password for somebody who has lost theirs, and ends their sign-ins; only superusers do."""
    if not actor.is_superuser or user.id == actor.id:
        raise PermissionDenied("Only superusers make new passwords, and only for others.")
    password = new_password()
    _set(actor, user, hashed(password, user.email), "password.renewed", at)
    return password


def set_password(actor: Actor, user: User, password: str, at: datetime) -> None:
    """Sets somebody's password and ends their sign-ins, but the one that the actor uses."""
    _set(actor, user, hashed(password, user.email), "password.set", at)


def issue_reset(origin: Actor, email: str, server_key: str, at: datetime) -> tuple[User, str] | None:
    """A token for the link to a new password, which works once and for an hour; None where nobody may use one."""
    user = user_by_email(email)
    if user is None or user.suspended_at is not None:
        return None
    token = new_reset_token()
    db.session.execute(delete(PasswordReset).where(PasswordReset.expires_at <= at))
    db.session.add(PasswordReset(token_hash=digest_of(token, server_key, RESET_SALT), user_id=user.id, created_at=at,
                                 expires_at=at + RESET_FOR))
    record(origin, "password.reset_requested", user, changes={})
    db.session.flush()
    return user, token


def reset_password(actor: Actor, token: str, new: str, server_key: str, at: datetime) -> User:
    """Sets a new password by the token of a mailed link, ends all sign-ins, and all other links; Invalid at `token` or `new_password`."""
    held = rows(HOLD, hash=digest_of(token, server_key, RESET_SALT), at=at)  # of two at once the second finds it gone
    user = db.session.get(User, held[0].user_id) if held else None
    if user is None or user.deleted_at is not None or user.suspended_at is not None:
        raise Invalid.at("token", SPENT)
    _set(as_person(actor, user), user, hashed(new, user.email, "new_password"), "password.reset", at)
    return user


def _set(actor: Actor, user: User, password_hash: str, action: str, at: datetime) -> None:
    user.password_hash = password_hash
    user.updated_at, user.updated_by = at, actor.id
    end_sign_ins(user.id, at, but=actor.sign_in_id)
    db.session.execute(delete(PasswordReset).where(PasswordReset.user_id == user.id))
    record(actor, action, user, changes={})
    tell_password_changed(user, at)
    db.session.flush()
