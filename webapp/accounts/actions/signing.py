"""Signing in and out, by browser or for tokens. A sign-in is a row; ending the row ends all that came of it, at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import update

from webapp.accounts.actions.proving import WrongCredentials, is_password_of
from webapp.accounts.models import SignIn, User
from webapp.accounts.queries import get_sign_in, user_by_email
from webapp.audit.actions import record
from webapp.kit.db import db, execute, regardless
from webapp.kit.errors import PermissionDenied
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor

NOTE_USED = """
UPDATE api_keys SET last_used_at = :at WHERE id = (SELECT id FROM api_keys WHERE id = :key FOR UPDATE SKIP LOCKED)
"""
LET_IN = """
UPDATE users SET last_login_at = :at
WHERE id = :user AND password_hash = :proven AND deleted_at IS NULL AND suspended_at IS NULL
"""
SUSPENDED = "This account is suspended. Ask whoever runs this server."


def proven_person(actor: Actor, email: str, password: str) -> User:
    """Whom this address and password belong to; WrongCredentials when they are wrong, at the same cost for unknown addresses.

    A suspended account is told so (PermissionDenied), but only to who knows its password.
    """
    user = user_by_email(email)
    if not is_password_of(user, password) or user is None:
        record(actor, "sign_in.failed", "User", status="failure", changes={"email": [None, email[:255]]})
        raise WrongCredentials()
    if user.suspended_at is not None:
        actor = as_person(actor, user)
        regardless(lambda: record(actor, "sign_in.refused", "User", resource_id=user.id, status="failure"))
        raise PermissionDenied(SUSPENDED, code="account_suspended")
    return user


def open_sign_in(actor: Actor, user: User, kind: str, at: datetime) -> SignIn:
    """Opens a sign-in of kind browser or token; WrongCredentials when password or account changed since they were proven.

    The row of the person is written first: a password change or suspension at the same moment waits for it and then ends it.
    """
    if not execute(LET_IN, user=user.id, proven=user.password_hash, at=at):
        raise WrongCredentials()
    user.last_login_at = at
    opened = SignIn(id=new_id(), user_id=user.id, kind=kind, created_at=at, last_seen_at=at, refresh_id=new_id(), ip=actor.origin.ip,
                    user_agent=actor.origin.user_agent)
    db.session.add(opened)
    record(as_person(actor, user), "sign_in.opened", opened, changes={"kind": [None, kind]})
    db.session.flush()
    return opened


def renew(actor: Actor, sign_in_id: UUID, refresh_id: UUID, at: datetime) -> UUID | None:
    """Rotates the refresh token of a sign-in and gives its new id; None when the sign-in has ended.

    A refresh token that was rotated before has been stolen, or its owner's was: the whole family ends (RFC 9700, 4.14.2).
    """
    opened = db.session.get(SignIn, sign_in_id, with_for_update=True)
    if opened is None or opened.ended_at is not None:
        return None
    user = db.session.get_one(User, opened.user_id)
    actor = as_person(actor, user)
    if opened.refresh_id != refresh_id:
        opened.ended_at = at
        record(actor, "sign_in.token_reused", opened, status="failure", changes={"ended_at": [None, at.isoformat()]})
        return None
    if user.deleted_at is not None or user.suspended_at is not None:
        return None
    opened.refresh_id, opened.last_seen_at = new_id(), at
    record(actor, "sign_in.renewed", opened, changes={})
    db.session.flush()
    return opened.refresh_id


def sign_out(actor: Actor, at: datetime) -> None:
    """Ends the actor's own sign-in."""
    opened = db.session.get(SignIn, actor.sign_in_id) if actor.sign_in_id else None
    if opened is not None and opened.ended_at is None:
        _end(actor, opened, at)


def end_sign_in(actor: Actor, sign_in_id: UUID, at: datetime) -> SignIn:
    """Ends one of one's own sign-ins; NotFound for those of others, and for what has ended."""
    return _end(actor, get_sign_in(actor, sign_in_id), at)


def _end(actor: Actor, opened: SignIn, at: datetime) -> SignIn:
    opened.ended_at = at
    record(actor, "sign_in.ended", opened)
    db.session.flush()
    return opened


def sign_out_elsewhere(actor: Actor, at: datetime) -> int:
    """Ends all of one's own sign-ins but this one, and tells how many there were."""
    return _end_own(actor, "sign_in.others_ended", at, but=actor.sign_in_id)


def sign_out_everywhere(actor: Actor, at: datetime) -> int:
    """Ends all of one's own sign-ins, this one too, and tells how many there were."""
    return _end_own(actor, "sign_in.all_ended", at)


def _end_own(actor: Actor, action: str, at: datetime, but: UUID | None = None) -> int:
    assert actor.id is not None
    ended = end_sign_ins(actor.id, at, but=but)
    record(actor, action, "User", resource_id=actor.id, changes={"ended": [None, ended]})
    db.session.flush()
    return ended


def end_sign_ins(user_id: UUID, at: datetime, but: UUID | None = None) -> int:
    """Ends every sign-in of a person, but the one named, and tells how many there were.

    What changes with it on the person's row is written first: a sign-in that is being opened has then either ended before
    this, or is refused.
    """
    db.session.flush()
    statement = update(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None))
    if but is not None:
        statement = statement.where(SignIn.id != but)
    return int(db.session.execute(statement.values(ended_at=at)).rowcount)  # type: ignore[attr-defined]


def note_seen(sign_in_id: UUID, at: datetime) -> None:
    """Remembers when a sign-in was last used."""
    db.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=at))


def note_used(key_id: UUID, at: datetime) -> None:
    """Remembers when an API key was last used; somebody else who is doing so right now is not waited for."""
    execute(NOTE_USED, key=key_id, at=at)


def as_person(actor: Actor, user: User) -> Actor:
    """Who has just proven who they are, where the actor's request came from."""
    return Actor(kind="user", id=user.id, label=user.email, is_superuser=user.is_superuser, origin=actor.origin)
