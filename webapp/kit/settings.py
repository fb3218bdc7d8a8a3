"""Reading settings from the environment; nonsense is refused at start, with the name of the setting."""

from __future__ import annotations

import os
from pathlib import Path

import click
from croniter import croniter
from limits import parse_many


class BadSetting(click.ClickException):
    """A setting that cannot be meant; the message names it and says what it takes, also at the command line."""


def envstr(name: str, default: str = "", choices: tuple[str, ...] = ()) -> str:
    """The text of a setting, stripped; with `choices`, one of them."""
    value = os.environ.get(name, "").strip() or default
    if choices and value not in choices:
        raise BadSetting(f"{name} must be one of {', '.join(choices)}.")
    return value


def envbool(name: str, default: bool = False) -> bool:
    """A yes or no: 1, true, yes, on; 0, false, no, off."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise BadSetting(f"{name} must be true or false.")


def envint(name: str, default: int, least: int = 0, most: int = 2**31) -> int:
    """A whole number within bounds."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise BadSetting(f"{name} must be a whole number.") from None
    if not least <= number <= most:
        raise BadSetting(f"{name} must be between {least} and {most}.")
    return number


def envlimit(name: str, default: str) -> str:
    """One limit or several by semicolon, such as `100/minute;1000/hour`."""
    value = envstr(name, default)
    try:
        parse_many(value)
    except ValueError:
        raise BadSetting(f"{name} must be limits such as 100/minute;1000/hour.") from None
    return value


def envcron(name: str, default: str) -> str:
    """When something is done, as a cron expression of five parts."""
    value = envstr(name, default)
    if len(value.split()) != 5 or not croniter.is_valid(value):
        raise BadSetting(f"{name} must be a cron expression such as {default}.")
    return value


def envlist(name: str, default: str = "") -> list[str]:
    """A list, separated by commas."""
    return [part.strip() for part in envstr(name, default).split(",") if part.strip()]


def envsecret(name: str, default: str = "") -> str:
    """A secret, from `NAME` or from the file that `NAME_FILE` points to (Docker and Kubernetes secrets)."""
    path = os.environ.get(f"{name}_FILE", "").strip()
    if not path:
        return os.environ.get(name, "").strip() or default
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise BadSetting(f"{name}_FILE cannot be read: {problem.strerror}.") from None
