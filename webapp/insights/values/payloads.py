"""Payloads of webhooks, read by paths: each value of the kind that was asked for, or the reason why it cannot be read.

Pure. Nothing is trusted to be there, or to be what it is called: a signature says who sent a payload, not that it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

LONGEST: Final = 65_536
MOST: Final = 2**31 - 1
SHA = re.compile(r"^([0-9a-f]{40}|[0-9a-f]{64})$")
LATEST: Final = 253402300799
MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,9})?) ?(Z|UTC|[+-]\d\d:?\d\d)$")


class Unreadable(ValueError):
    """A payload lacks what its event is made of, or has something else in its place. Says where, and never what."""


class Payload:
    """A JSON object and the objects in it. Paths are dotted; what is absent is None, unless it is `needed`."""

    def __init__(self, body: Any, place: str = "") -> None:
        if not isinstance(body, dict):
            raise Unreadable(f"{place or 'The payload'} is not an object.")
        self.body, self.place = body, place

    def value(self, path: str) -> Any:
        """Whatever stands there; None also where the way there ends early."""
        found: Any = self.body
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def has(self, path: str) -> bool:
        return isinstance(self.value(path), dict)

    def part(self, path: str) -> Payload:
        """The object at a path."""
        return Payload(self.value(path), self._at(path))

    def parts(self, path: str) -> Iterator[Payload]:
        """The objects of a list; nothing where there is none."""
        found = self.value(path)
        if found is not None and not isinstance(found, list):
            raise Unreadable(f"{self._at(path)} is not a list.")
        for number, each in enumerate(found or ()):
            yield Payload(each, f"{self._at(path)}.{number}")

    def text(self, path: str, most: int = 1000) -> str | None:
        """Text, cut where it is longer than can be meant; without what PostgreSQL cannot hold."""
        found = self.value(path)
        if found is not None and not isinstance(found, str):
            raise Unreadable(f"{self._at(path)} is not text.")
        return None if found is None else found.replace("\0", "")[:most]

    def number(self, path: str) -> int | None:
        """A whole number, as of an id."""
        found = self.value(path)
        if found is not None and (not isinstance(found, int) or isinstance(found, bool)):
            raise Unreadable(f"{self._at(path)} is not a whole number.")
        return found

    def count(self, path: str) -> int | None:
        """A whole number of things, none of which is missing."""
        found = self.number(path)
        if found is not None and not 0 <= found <= MOST:
            raise Unreadable(f"{self._at(path)} is not a count of things.")
        return found

    def sha(self, path: str) -> str | None:
        """The name of an object of git; None also for no name at all (`""`), which GitLab sends."""
        found = (self.text(path) or "").lower()
        if found and not SHA.match(found):
            raise Unreadable(f"{self._at(path)} is not the name of an object of git.")
        return found or None

    def moment(self, path: str) -> datetime | None:
        """A time in UTC, from RFC 3339, from GitLab's `2021-04-28 21:50:00 +0200` and `… UTC`, or from seconds since 1970."""
        found = self.value(path)
        if found is None or found == "":
            return None
        try:
            return moment_of(found)
        except (ValueError, OverflowError, TypeError):
            raise Unreadable(f"{self._at(path)} is not a time.") from None

    def needed(self, path: str, kind: str = "text") -> Any:
        """The text, number or moment at a path; Unreadable where it is absent."""
        found = getattr(self, kind)(path)
        if found is None or found == "":
            raise Unreadable(f"{self._at(path)} is missing.")
        return found

    def _at(self, path: str) -> str:
        return f"{self.place}.{path}".lstrip(".")


def moment_of(found: Any) -> datetime:
    """A moment in UTC of what providers write; ValueError for what names none. A time without its offset is none."""
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= LATEST:
        return datetime.fromtimestamp(found, UTC)
    parts = MOMENT.match(found) if isinstance(found, str) else None
    if not parts:
        raise ValueError("not a moment")
    offset = "+00:00" if parts[3] in ("Z", "UTC") else parts[3]
    return datetime.fromisoformat(f"{parts[1]}T{parts[2]}{offset}").astimezone(UTC)
