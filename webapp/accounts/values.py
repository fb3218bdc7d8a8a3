"""Value objects of accounts: secrets of keys, links and second factors, password rules, and the signals other rooms listen to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from blinker import Signal
from pyotp import TOTP

PREFIX_LENGTH = 12
SECRET = re.compile(r"^pb_[A-Za-z0-9_\-]{40,60}$")
LEAST_PASSWORD, MOST_PASSWORD_BYTES = 12, 72
KEY_SALT = b"patchboard api key"

organization_closed = Signal()
"""Sent with `organization` and `at` inside the transaction that deletes an organization, so that what lies in it goes too."""
organization_changed = Signal()
"""Sent with `organization`, its settings `before` and `at` inside the transaction that changes it."""
organization_reopened = Signal()
"""Sent with `organization` and `closed_at` inside the transaction that restores it: only what went with it comes back."""
team_measured = Signal()
"""Sent with `team` and `at` when somebody looks at one team: each room that knows something of it answers with a dict of figures."""
TEAM_WINDOW = timedelta(days=30)


def team_window(at: datetime) -> datetime:
    """Since when the figures of a team count what happened: thirty days, from the beginning of a day (UTC), as lists are filtered."""
    return datetime.combine((at - TEAM_WINDOW).astimezone(UTC).date(), time(), UTC)


class DeveloperMetrics(StrEnum):
    """Who sees the numbers of one developer: nobody, they alone, also the admins of their teams, or everybody with a role."""

    OFF = "off"
    SELF = "self"
    LEAD = "self+lead"
    MEMBERS = "members"


DEFAULT_SLA_DAYS: Final[Mapping[str, int]] = {"critical": 2, "high": 7, "moderate": 30, "low": 90}
"""Days until a security update must be installed."""
ATTRIBUTION_HOURS: Final = 24
"""Hours before an incident in which a deployment may have been its cause, where nobody names one."""
DEFAULT_SETTINGS: Final[Mapping[str, Any]] = {
    "timezone": "UTC", "default_language": "en", "sla_days": DEFAULT_SLA_DAYS, "attribution_hours": ATTRIBUTION_HOURS,
    "require_second_approver": False, "require_two_factor": False, "developer_metrics": DeveloperMetrics.LEAD.value,
    "pseudonymise_developers": False}


def settings_in_force(chosen: Mapping[str, Any] | None) -> dict[str, Any]:
    """What holds in an organization that has chosen these settings: the others are as they are unless somebody chooses."""
    given = {name: value for name, value in (chosen or {}).items() if value is not None}
    return {**DEFAULT_SETTINGS, **given, "sla_days": {**DEFAULT_SLA_DAYS, **given.get("sla_days", {})}}


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


def digest_of(text: str, server_key: str, salt: bytes = KEY_SALT) -> bytes:
    """The keyed hash (HMAC-SHA-256) under which a secret is kept; each kind of secret has a salt of its own."""
    key = hmac.digest(server_key.encode(), salt, "sha256")
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def is_within(networks: Sequence[str], wider: Sequence[str]) -> bool:
    """Whether there are networks, and each lies in one of the wider ones."""
    inner, outer = ([ip_network(each) for each in several] for several in (networks, wider))
    return bool(inner) and all(any(one.version == each.version and one.subnet_of(each) for each in outer)  # type: ignore[arg-type]
                               for one in inner)


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
    return "This password is too common: others try it first." if is_common(password) or is_leaked(password) else None


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


TAIL = "0123456789!?.*#$-_@+ "
LEAST_WORD = 4


def is_leaked(password: str) -> bool:
    """Whether a password is one of those leaked most often, or two of them in a row, whatever its case and the digits after it."""
    known = leaked_words()
    whole = password.lower()
    stem = whole.rstrip(TAIL)
    return whole in known or stem in known or any(
        stem[:place] in known and stem[place:] in known for place in range(LEAST_WORD, len(stem) - LEAST_WORD + 1))


@cache
def leaked_words() -> frozenset[str]:
    """The 30,000 passwords leaked most often, as zxcvbn keeps them, each also without the digits after it: 3 MB, read when first asked.

    The list's file is read by itself: importing the package would build all of its dictionaries for good.
    """
    package = find_spec("zxcvbn")
    assert package is not None
    assert package.submodule_search_locations is not None
    found = spec_from_file_location("patchboard_leaked_words", Path(package.submodule_search_locations[0]) / "frequency_lists.py")
    assert found is not None
    assert found.loader is not None
    lists = module_from_spec(found)
    found.loader.exec_module(lists)
    words = {word.lower() for word in lists.FREQUENCY_LISTS["passwords"]}
    stems = {word.rstrip(TAIL) for word in words}
    return frozenset({word for word in words if len(word) >= LEAST_PASSWORD} | {stem for stem in stems if len(stem) >= LEAST_WORD})


CODES, CODE_LENGTH = 10, 10
CODE_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_SALT, RESET_SALT = b"patchboard recovery code", b"patchboard password reset"


def new_recovery_codes() -> list[str]:
    """Ten codes of 49 random bits each, in letters that are not mistaken for one another: `k7m2p-x9qrw`."""
    made = ["".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    return [f"{code[:5]}-{code[5:]}" for code in made]


def recovery_digest(code: str, user_id: UUID, server_key: str) -> bytes:
    """The keyed hash under which somebody's recovery code is kept; case, spaces and hyphens do not count."""
    letters = "".join(letter for letter in code.lower() if letter.isalnum())
    return digest_of(f"{user_id}:{letters}", server_key, CODE_SALT)


def new_reset_token() -> str:
    """A token of 256 random bits for the link to a new password."""
    return secrets.token_urlsafe(32)


STEP, DRIFT = 30, 1
OTP = re.compile(r"^[0-9]{6}$")
ISSUER = "Patchboard"


def new_totp_secret() -> str:
    """A secret of 160 random bits for codes by time (RFC 6238), in Base32 as apps take it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def otpauth_uri(secret: str, email: str) -> str:
    """The address that apps read from the QR code."""
    return TOTP(secret, interval=STEP).provisioning_uri(name=email, issuer_name=ISSUER)


def totp_step(secret: str, code: str, at: datetime) -> int | None:
    """The step of thirty seconds that a code belongs to: the present one, the one before or the one after; None for no code of these."""
    if not OTP.match(code):
        return None
    present, made = int(at.timestamp()) // STEP, TOTP(secret, interval=STEP)
    steps = [step for step in range(present - DRIFT, present + DRIFT + 1) if hmac.compare_digest(made.generate_otp(step), code)]
    return steps[-1] if steps else None


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
