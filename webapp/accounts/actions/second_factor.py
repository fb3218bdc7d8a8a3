"""The second factor: setting it up, switching it on and off, its codes, and the recovery codes that take its place once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete

from webapp.accounts.actions.letters import tell_second_factor
from webapp.accounts.actions.proving import NotProven, WrongCode, is_password_of
from webapp.accounts.models import RecoveryCode, SecondFactor, User
from webapp.accounts.values import new_recovery_codes, new_totp_secret, otpauth_uri, recovery_digest, totp_step
from webapp.audit.actions import record
from webapp.kit.db import db, execute
from webapp.kit.errors import Conflict, Invalid, PermissionDenied
from webapp.kit.permissions import Actor

TAKE_STEP = "UPDATE second_factors SET last_step = :step WHERE user_id = :user AND last_step < :step"
TAKE_CODE = "DELETE FROM recovery_codes WHERE user_id = :user AND code_hash = :hash"
WRONG = "This code is wrong, too old, or was used before."


class SetUp(NamedTuple):
    """A second factor that is not in force yet: its secret, and the address that apps read from the QR code."""

    secret: str
    otpauth_uri: str


def set_up(actor: Actor, user: User, password: str | None, at: datetime) -> SetUp:
    """Makes a new secret, in force once a code of it is given (`enable`); Conflict while there is one in force."""
    if user.two_factor_at is not None:
        raise Conflict("Your second factor is on. Switch it off before you set up another.")
    if password is not None:
        _prove_password(actor, user, password)
    secret = new_totp_secret()
    factor = db.session.get(SecondFactor, user.id, with_for_update=True) or SecondFactor(user_id=user.id)
    factor.secret, factor.last_step, factor.created_at = secret, 0, at
    db.session.add(factor)
    record(actor, "two_factor.set_up", user, changes={})
    db.session.flush()
    return SetUp(secret, otpauth_uri(secret, user.email))


def pending(user: User) -> SetUp | None:
    """The second factor that was set up and is not in force yet; None when there is none."""
    factor = db.session.get(SecondFactor, user.id)
    if factor is None or user.two_factor_at is not None:
        return None
    return SetUp(factor.secret, otpauth_uri(factor.secret, user.email))


def enable(actor: Actor, user: User, otp: str, server_key: str, at: datetime) -> list[str]:
    """Puts the second factor in force by its first code, and gives ten recovery codes, in the clear this once."""
    if user.two_factor_at is not None:
        raise Conflict("Your second factor is on already.")
    if db.session.get(SecondFactor, user.id) is None:
        raise Conflict("Set the second factor up first.")
    if not _take_step(user, otp, at):
        raise Invalid.at("otp", WRONG)
    user.two_factor_at = user.updated_at = at
    user.updated_by = actor.id
    record(actor, "two_factor.enabled", user, changes={})
    codes = _fresh_codes(user, server_key, at)
    tell_second_factor(user, "on", at)
    return codes


def disable(actor: Actor, user: User, proof: dict[str, str], server_key: str, at: datetime) -> None:
    """Switches one's own second factor off; `proof` is the password or a code."""
    if user.two_factor_at is None:
        raise Conflict("Your second factor is off.")
    prove(actor, user, proof, server_key, at)
    _forget(actor, user, "two_factor.disabled", at)
    tell_second_factor(user, "off", at)


def renew_recovery_codes(actor: Actor, user: User, proof: dict[str, str], server_key: str, at: datetime) -> list[str]:
    """Ten new recovery codes; those before stop working. `proof` is the password or a code."""
    if user.two_factor_at is None:
        raise Conflict("Your second factor is off.")
    prove(actor, user, proof, server_key, at)
    record(actor, "two_factor.recovery_codes_renewed", user, changes={})
    return _fresh_codes(user, server_key, at)


def reset(actor: Actor, user: User, at: datetime) -> User:
    """Switches off the second factor of somebody who has lost it; only superusers do, and never their own."""
    if not actor.is_superuser or user.id == actor.id:
        raise PermissionDenied("Only superusers reset a second factor, and only that of others.")
    if user.two_factor_at is None:
        raise Conflict("The second factor of this person is off.")
    _forget(actor, user, "two_factor.reset", at)
    tell_second_factor(user, "off by a superuser", at)
    return user


def accept(actor: Actor, user: User, otp: str, server_key: str, at: datetime) -> None:
    """Takes a code of the second factor, or a recovery code, at the sign-in; WrongCode otherwise. Each works once."""
    if not _take(actor, user, otp, server_key, at):
        raise WrongCode()


def prove(actor: Actor, user: User, proof: dict[str, str], server_key: str, at: datetime) -> None:
    """Checks that who is signed in knows the password, or has the second factor; NotProven otherwise."""
    if proof.get("password"):
        _prove_password(actor, user, proof["password"])
    elif not proof.get("otp"):
        raise Invalid.at("otp", "Send a code of your second factor, or your password.")
    elif not _take(actor, user, proof["otp"], server_key, at):
        raise NotProven(WRONG, [{"field": "otp", "message": WRONG}])


def _prove_password(actor: Actor, user: User, password: str) -> None:
    if not is_password_of(user, password):
        record(actor, "password.failed", user, status="failure", changes={})
        said = "This is not your password."
        raise NotProven(said, [{"field": "password", "message": said}])


def _take(actor: Actor, user: User, otp: str, server_key: str, at: datetime) -> bool:
    if _take_step(user, otp, at):
        return True
    if execute(TAKE_CODE, user=user.id, hash=recovery_digest(otp, user.id, server_key)):
        record(actor, "two_factor.recovery_code_used", user, changes={})
        return True
    record(actor, "two_factor.failed", user, status="failure", changes={})
    return False


def _take_step(user: User, otp: str, at: datetime) -> bool:
    """Uses the step of a code up; of two who do so at once the database lets one through."""
    factor = db.session.get(SecondFactor, user.id)
    step = totp_step(factor.secret, "".join(otp.split()), at) if factor else None
    return step is not None and execute(TAKE_STEP, user=user.id, step=step) > 0


def _fresh_codes(user: User, server_key: str, at: datetime) -> list[str]:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = new_recovery_codes()
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=recovery_digest(code, user.id, server_key), created_at=at) for code in codes)
    db.session.flush()
    return codes


def _forget(actor: Actor, user: User, action: str, at: datetime) -> None:
    for table in (RecoveryCode, SecondFactor):
        db.session.execute(delete(table).where(table.user_id == user.id))
    user.two_factor_at, user.updated_at, user.updated_by = None, at, actor.id
    record(actor, action, user, changes={})
    db.session.flush()
