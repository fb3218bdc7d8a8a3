"""The values that all formats share: names, versions, times and texts, and how wrong ones are collected."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from webapp.catalog.verdicts import is_development
from webapp.ingest.formats.secrets import redact
from webapp.kit.errors import Detail, Invalid

MODULES_MAX: Final = 5_000
TEXT_MAX: Final = 255
NAME_MAX: Final = 128

is_machine_name = re.compile(r"[a-z_][a-z0-9_]{0,127}").fullmatch
# A project's short name becomes part of a feed's address: nothing else may get in.
is_project = re.compile(r"[a-z0-9_][a-z0-9_-]{0,127}", re.IGNORECASE).fullmatch
# Composer's own pattern is stricter on repeated separators; asset packages (npm-asset/scope--name) are looser.
_PACKAGE_PART = r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?"
_is_package_name = re.compile(f"{_PACKAGE_PART}/{_PACKAGE_PART}", re.IGNORECASE).fullmatch
_unprintable = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_is_timestamp = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})",
                           re.ASCII).fullmatch
# A few words without digits, and short numbers: text that fits, cannot hold a secret and needs no cleaning.
_WORD = r"(?:[A-Za-z(&][A-Za-z()&.,'-]{0,39}|\d{1,3})"
is_plain = re.compile(f"{_WORD}(?: {_WORD}){{0,5}}", re.ASCII).fullmatch
_odd_in_path = re.compile(r"[^\w.:/@+ -]", re.ASCII)

UNKNOWN = "There is no such field."
NAME_WRONG = ("Not a Drupal machine name (a-z, 0-9 and _, not starting with a digit) nor a Composer package name "
              f"(vendor/package), {NAME_MAX} characters at most.")
PACKAGE_WRONG = f"Not a Composer package name (vendor/package), {NAME_MAX} characters at most."
PROJECT_WRONG = f"Not the short name of a project (a-z, 0-9, _ and -), {NAME_MAX} characters at most, or null."
VERSION_WRONG = f"Not a version: text of 1 to {TEXT_MAX} characters without control characters, or null."
TIME_WRONG = "Not an RFC 3339 date and time with a time zone, such as 2026-11-18T16:05:00Z."
TWICE = "It is listed twice."
TOO_MANY = f"A report has {MODULES_MAX:,} modules at most."
NOT_AN_OBJECT = "Not an object."

# Nothing Drupal has reported is older than Drupal: a clock that was never set says 1970.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = 2**33  # seconds since 1970: the year 2242


class Problems:
    """Collects what is wrong with a document, up to 50 places, so that it can be mended in one go."""

    MAX: Final = 50

    def __init__(self) -> None:
        self.details: list[Detail] = []

    def add(self, field: str, message: str) -> None:
        if not self.full:
            self.details.append({"field": field, "message": message})

    @property
    def full(self) -> bool:
        return len(self.details) >= self.MAX

    def check(self) -> None:
        """Raises `Invalid` with all that was collected, if there is anything."""
        if len(self.details) == 1:
            raise Invalid(self.details[0]["message"], self.details)
        if self.details:
            count = f"{len(self.details)}{' or more' if self.full else ''}"
            raise Invalid(f"Values that are not right: {count}. The first: {self.details[0]['message']}", self.details)


def path_of(key: object) -> str:
    """A key of the sender's as part of a field path: harmless characters, 128 at most."""
    return _odd_in_path.sub("?", str(key)[:NAME_MAX])


def entries(value: object) -> list[Any] | None:
    """The items of a list, also where PHP made an object with numeric keys of it; None for anything else."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and all(key.isdigit() for key in value):
        return list(value.values())
    return None


def mapping(value: object) -> dict[str, Any] | None:
    """An object, also where PHP made `[]` of an empty one; None for anything else."""
    if isinstance(value, dict):
        return value
    return {} if value == [] else None


def package_name(value: object) -> str | None:
    """A Composer package name in lower case, as Composer compares them; None for anything else."""
    if isinstance(value, str) and len(value) <= NAME_MAX and _is_package_name(value):
        return value.lower()
    return None


def is_version(value: object) -> bool:
    """Whether it can be kept as a version: any spelling, 1 to 255 characters, no control characters, not blank."""
    return (isinstance(value, str) and 0 < len(value) <= TEXT_MAX and not value.isspace()
            and not _unprintable.search(value))


def is_text(value: object, maximum: int = TEXT_MAX) -> bool:
    """Whether it is text on one line that fits."""
    return isinstance(value, str) and len(value) <= maximum and not _unprintable.search(value)


def clean_text(value: object, maximum: int = TEXT_MAX) -> str | None:
    """Free text as it is kept: on one line, without secrets, cut to size; None for what is empty or no text."""
    if not isinstance(value, str):
        return None
    if is_plain(value):
        return value
    return redact(_unprintable.sub(" ", value[:4 * maximum])).strip()[:maximum] or None


def seconds(value: object) -> int | None:
    """A time in seconds since 1970, as a number or, as PHP has it, as text; None for nothing, 0 and whatever is no such time."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 12:
        value = int(value)
    return value if type(value) is int and 0 < value < LATEST else None


def datestamp(value: object, version: str | None) -> int | None:
    """When a development version was made; of a release it decides nothing, and is not kept."""
    return seconds(value) if value is not None and is_development(version) else None


def read_time(value: object) -> datetime | None:
    """An RFC 3339 text as an aware time in UTC; None where it is none, or before the year 2000."""
    if not isinstance(value, str) or not _is_timestamp(value):
        return None
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):  # the 32nd of a month, the year 0, an offset beyond the year 9999
        return None
    return moment if moment >= EARLIEST else None
