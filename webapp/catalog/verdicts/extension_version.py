"""Versions as Drupal core's update module takes them apart: looser than Composer, and of 8.x and later only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

PREFIX = "8.x-"
_is_numeric = re.compile(r"[ \t\n\r\v\f]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t\n\r\v\f]*", re.ASCII).fullmatch
_major = re.compile(r"(?:\d+\.x-)?(\d+)\..*", re.ASCII | re.DOTALL).match
_is_dev = re.compile(r"dev|HEAD").search
LONGEST = 255


class UnexpectedVersion(ValueError):
    """A text that core does not take for a version."""


@dataclass(frozen=True, slots=True)
class ExtensionVersion:
    """The parts that core's rules look at. `major` orders versions; `minor` is None where there are two parts only."""

    major: float
    minor: str | None
    extra: str | None


@lru_cache(maxsize=65_536)
def parse(text: str) -> ExtensionVersion:
    """Takes a version apart; raises UnexpectedVersion. Source: core/lib/Drupal/Core/Extension/ExtensionVersion.php."""
    if len(text) > LONGEST:
        raise UnexpectedVersion(text[:LONGEST])
    rest = text
    if text.startswith(PREFIX) and text != "8.x-dev":
        rest = text[len(PREFIX):]
    elif text.find(".x-") in (1, 2) and text.split(".x-")[1] != "dev":
        raise UnexpectedVersion(text)
    parts = rest.split(".")
    last = parts[-1].split("-")
    extra = last[1] if len(last) > 1 else None
    wrong = (
        len(parts) not in (2, 3) or not _is_numeric(parts[0]) or (len(parts) == 3 and not _is_numeric(parts[1]))
        or (not _is_numeric(last[0]) and extra != "dev")
    )
    if wrong:
        raise UnexpectedVersion(text)
    return ExtensionVersion(float(parts[0]), parts[1] if len(parts) == 3 else None, extra)


@lru_cache(maxsize=8_192)
def parse_branch(text: str) -> ExtensionVersion:
    """Takes a supported branch apart, which is a version cut after a dot (`8.x-1.`, `11.3.`); raises UnexpectedVersion."""
    if not text.endswith("."):
        raise UnexpectedVersion(text)
    return parse(text + "0")


def install_type(version: str | None) -> str:
    """`dev`, `official`, or `unknown` without a version. Source: update_process_project_info()."""
    if version is None:
        return "unknown"
    return "dev" if _is_dev(version) else "official"


def existing_major(version: str | None) -> int:
    """The major version as Drupal 7 finds it, prefix or not; -1 where there is none."""
    found = _major(version or "")
    return int(found[1][:18]) if found else -1
