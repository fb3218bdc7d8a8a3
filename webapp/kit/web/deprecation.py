"""Older paths that answer as before, and say since when they are old, until when they stay, and what follows them."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, time
from datetime import date as Date
from email.utils import format_datetime
from typing import Any

from flask import Response

MONTHS_KEPT = 6


@dataclass(frozen=True, slots=True)
class Deprecation:
    """A path that is old `since` a day; `successor` is the path that follows it, with the names of the old one (`{user_id}`)."""

    since: Date
    successor: str

    @property
    def until(self) -> Date:
        """The day six months after, or the last of that month where it has no such day."""
        years, month = divmod(self.since.month - 1 + MONTHS_KEPT, 12)
        year, month = self.since.year + years, month + 1
        return Date(year, month, min(self.since.day, monthrange(year, month)[1]))

    def mark(self, answer: Response, path: dict[str, Any]) -> Response:
        """Sets Deprecation (RFC 9745), Sunset (RFC 8594) and the link to the successor."""
        answer.headers["Deprecation"] = f"@{int(_midnight(self.since).timestamp())}"
        answer.headers["Sunset"] = format_datetime(_midnight(self.until), usegmt=True)
        answer.headers.add("Link", f'<{self.successor.format(**path)}>; rel="successor-version"')
        return answer


def _midnight(day: Date) -> datetime:
    return datetime.combine(day, time(), UTC)
