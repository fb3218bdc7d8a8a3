"""Value objects of accounts: API key secrets, password rules, and the signals other rooms listen to."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from blinker import Signal

PREFIX_LENGTH = 12
SECRET = re.compile(r"^pb_[A-Za-z0-9_\-]{40,60}$")
LEAST_PASSWORD, MOST_PASSWORD_BYTES = 12, 72
KEY_SALT = b"patchboard api key"

organization_closed = Signal()
"""Sent with `organization` and `at` inside the transaction that deletes an organization, so that what lies in it goes too."""
organization_reopened = Signal()
"""Sent with `organization` and `closed_at` inside the transaction that restores it: only what went with it comes back."""
team_measured = Signal()
"""Sent with `team` and `at` when somebody looks at one team: each room that knows something of it answers with a dict of figures."""
TEAM_WINDOW = timedelta(days=30)


def team_window(at: datetime) -> datetime:
    """Since when the figures of a team count what happened: thirty days, from the beginning of a day (UTC), as lists are filtered."""
    return datetime.combine((at - TEAM_WINDOW).astimezone(UTC).date(), time(), UTC)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A fresh API key: shown once as `text`, kept as `digest`, found by `prefix`."""

    text: str
    prefix: str
    digest: bytes


def new_secret(server_key: str) -> NewSecret:
    """A new secret `pb_…` of 256 random bits."""
    text = f"pb_{secrets.token_urlsafe(32)}"
    return NewSecret(text, text[:PREFIX_LENGTH], digest_of(text, server_key))


def digest_of(text: str, server_key: str) -> bytes:
    """The keyed hash (HMAC-SHA-256) under which a secret is kept."""
    key = hmac.digest(server_key.encode(), KEY_SALT, "sha256")
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def new_password() -> str:
    """A password of 120 random bits, made for somebody who will change it."""
    return secrets.token_urlsafe(15)


def password_problem(password: str, email: str) -> str | None:
    """Why a password will not do; None when it will. Lengths as NIST SP 800-63B, 72 bytes because bcrypt reads no more."""
    if len(password) < LEAST_PASSWORD:
        return f"A password has {LEAST_PASSWORD} characters or more."
    if len(password.encode()) > MOST_PASSWORD_BYTES:
        return f"A password has {MOST_PASSWORD_BYTES} bytes at most."
    name = email.partition("@")[0].lower()
    if len(name) > 3 and (name in password.lower() or password.lower() in email.lower()):
        return "A password must not be like the e-mail address."
    return "This password is too common: others try it first." if is_common(password) else None


COMMON_WORDS = ("password", "passwort", "passw0rd", "p@ssword", "p@ssw0rd", "letmein", "welcome", "iloveyou", "administrator",
                "admin", "changeme", "trustno1", "sunshine", "princess", "football", "baseball", "superman", "whatever", "drupal",
                "patchboard")
ROWS = ("abcdefghijklmnopqrstuvwxyz", "qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1234567890" * 2, "0987654321" * 2)
LEAST_PIECE = 4
PIECES = sorted({row[start:end] for row in ROWS for start in range(len(row)) for end in range(start + LEAST_PIECE, len(row) + 1)},
                key=lambda piece: (-len(piece), piece))
LEAST_OWN = 6
"""How many characters a password must have besides common words and pieces of the keyboard's rows."""


def is_common(password: str) -> bool:
    """Whether little is left of a password without common words, rows of the keyboard, and repetition.

    Lists of leaked passwords of this length are made of just these: `password1234`, `qwertyuiop12`, `aaaaaaaaaaaa`.
    """
    left = password.lower()
    for part in (*COMMON_WORDS, *PIECES):
        left = left.replace(part, "")
    return len(left) < LEAST_OWN or len(set(left)) < LEAST_OWN - 1


DEVICES = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
           ("CrOS", "ChromeOS"), ("Linux", "Linux"))
PROGRAMS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("Chrome/", "Chrome"),
            ("CriOS/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"), ("python", "Python"))


def device_of(user_agent: str | None) -> str:
    """What somebody signs in with, in words: "Firefox on Linux"; the program alone where it does not say more.

    The order tells apart those who also name others: Edge says Chrome, and Chrome says Safari.
    """
    said = user_agent or ""
    program = next((name for sign, name in PROGRAMS if sign.lower() in said.lower()), None)
    device = next((name for sign, name in DEVICES if sign in said), None)
    return " on ".join(filter(None, (program, device))) or "Unknown program"


def slug_of(name: str) -> str:
    """A name as a part of an address: `Meridian Digital` is `meridian-digital`."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "organization"
