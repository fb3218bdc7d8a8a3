"""Proving who somebody is: the password and its hash, and what counts as a failed try."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm.attributes import set_committed_value

from webapp.accounts.models import User
from webapp.accounts.values import password_problem
from webapp.kit.db import execute
from webapp.kit.errors import Invalid, NotAuthenticated

HASHER = PasswordHasher()
DUMMY = HASHER.hash("nobody has this password")
REHASH = "UPDATE users SET password_hash = :new WHERE id = :user AND password_hash = :old"


class WrongCredentials(NotAuthenticated):
    """The one answer to a wrong password and an unknown address; it counts as a failed sign-in."""

    code, message = "invalid_credentials", "E-mail address or password is wrong."


class WrongCode(NotAuthenticated):
    """A code of the second factor that is wrong, too old, or was used before; it counts as a failed sign-in."""

    code, message = "otp_invalid", "This code is wrong, too old, or was used before."


class NotProven(Invalid):
    """A password or code that somebody who is signed in gave again, and that is wrong; it counts as a failed sign-in."""


FAILURES = (WrongCredentials, WrongCode, NotProven)


def hashed(password: str, email: str, field: str = "password") -> str:
    """The argon2id hash of a password that keeps the rules; Invalid at `field` otherwise."""
    problem = password_problem(password, email)
    if problem:
        raise Invalid.at(field, problem)
    return HASHER.hash(password)


def is_password_of(user: User | None, password: str) -> bool:
    """Whether this is the person's password; for nobody it costs as much time to say no.

    A hash of older parameters is renewed, unless the password was changed meanwhile.
    """
    try:
        HASHER.verify(user.password_hash if user else DUMMY, password)
    except (VerificationError, InvalidHashError):
        return False
    if user is not None and HASHER.check_needs_rehash(user.password_hash):
        fresh = HASHER.hash(password)
        if execute(REHASH, new=fresh, old=user.password_hash, user=user.id):
            set_committed_value(user, "password_hash", fresh)
    return user is not None
