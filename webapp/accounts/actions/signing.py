"""Signing in and out, by browser or for tokens. A sign-in is a row; ending the row ends all that came of it, at once."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from argon2.exceptions import VerificationError
from sqlalchemy import update

from webapp.accounts.actions.people import HASHER, hashed
from webapp.accounts.models import SignIn, User
from webapp.accounts.queries import user_by_email
from webapp.audit.actions import record
from webapp.kit.db import db, execute
from webapp.kit.errors import Invalid, NotAuthenticated
from webapp.kit.ids import new_id
from webapp.kit.permissions import Actor

NOTE_USED = """
UPDATE api_keys SET last_used_at = :at WHERE id = (SELECT id FROM api_keys WHERE id = :key FOR UPDATE SKIP LOCKED)
"""
DUMMY = HASHER.hash("nobody has this password")


def sign_in(actor: Actor, email: str, password: str, kind: str, at: datetime) -> tuple[User, SignIn] | None:
    """Opens a sign-in for whom these belong to; None when they are wrong. An unknown address costs as much time as a known one.

    `kind` is browser or token. The failure is recorded too: the caller commits it.
    """
    user = user_by_email(email)
    try:
        HASHER.verify(user.password_hash if user else DUMMY, password)
    except VerificationError:
        user = None
    if user is None:
        record(actor, "sign_in.failed", "User", status="failure", changes={"email": [None, email[:255]]})
        return None
    opened = SignIn(id=new_id(), user_id=user.id, kind=kind, created_at=at, last_seen_at=at, refresh_id=new_id(), ip=actor.origin.ip,
                    user_agent=actor.origin.user_agent)
    user.last_login_at = at
    db.session.add(opened)
    record(_as(actor, user), "sign_in.opened", opened, changes={"kind": [None, kind]})
    db.session.flush()
    return user, opened


def renew(actor: Actor, sign_in_id: UUID, refresh_id: UUID, at: datetime) -> UUID | None:
    """Rotates the refresh token of a sign-in and gives its new id; None when the sign-in has ended.

    A refresh token that was rotated before has been stolen, or its owner's was: the whole family ends (RFC 9700, 4.14.2).
    """
    opened = db.session.get(SignIn, sign_in_id, with_for_update=True)
    if opened is None or opened.ended_at is not None:
        return None
    if opened.refresh_id != refresh_id:
        opened.ended_at = at
        record(actor, "sign_in.token_reused", opened, status="failure", changes={"ended_at": [None, at.isoformat()]})
        return None
    opened.refresh_id, opened.last_seen_at = new_id(), at
    record(actor, "sign_in.renewed", opened, changes={})
    db.session.flush()
    return opened.refresh_id


def sign_out(actor: Actor, at: datetime) -> None:
    """Ends the actor's own sign-in."""
    opened = db.session.get(SignIn, actor.sign_in_id) if actor.sign_in_id else None
    if opened is not None and opened.ended_at is None:
        opened.ended_at = at
        record(actor, "sign_in.ended", opened)
        db.session.flush()


def change_password(actor: Actor, user: User, current: str, new: str, at: datetime) -> None:
    """Changes one's own password and ends all other sign-ins."""
    try:
        HASHER.verify(user.password_hash, current)
    except VerificationError:
        raise Invalid.at("current_password", "This is not your present password.") from None
    try:
        user.password_hash = hashed(new, user.email)
    except Invalid as problem:
        raise Invalid.at("new_password", problem.message) from None
    user.updated_at, user.updated_by = at, actor.id
    end_sign_ins(user.id, at, but=actor.sign_in_id)
    record(actor, "user.password_changed", user, changes={})
    db.session.flush()


def sign_out_elsewhere(actor: Actor, at: datetime) -> int:
    """Ends all of one's own sign-ins but this one, and tells how many there were."""
    assert actor.id is not None
    ended = end_sign_ins(actor.id, at, but=actor.sign_in_id)
    record(actor, "sign_in.others_ended", "User", resource_id=actor.id, changes={"ended": [None, ended]})
    db.session.flush()
    return ended


def end_sign_ins(user_id: UUID, at: datetime, but: UUID | None = None) -> int:
    """Ends every sign-in of a person, but the one named, and tells how many there were."""
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


def wrong_credentials() -> NotAuthenticated:
    """The one answer to a wrong password and an unknown address."""
    return NotAuthenticated("E-mail address or password is wrong.", code="invalid_credentials")


def _as(actor: Actor, user: User) -> Actor:
    return Actor(kind="user", id=user.id, label=user.email, is_superuser=user.is_superuser, origin=actor.origin)
