"""What can be told of, when, and how it stands; and the reckoning of times: digests, waits between tries."""

from __future__ import annotations

import base64
import random
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo


class Happening(StrEnum):
    """What a rule can ask to be told of."""

    ADVISORY_PUBLISHED = "advisory.published"
    EXPOSURE_CLOSED = "exposure.closed"
    EXPOSURE_DUE_SOON = "exposure.due_soon"
    EXPOSURE_OPENED = "exposure.opened"
    EXPOSURE_OVERDUE = "exposure.overdue"
    INVENTORY_REFUSED = "inventory_report.refused"
    PATCH_RUN_CONTRADICTED = "patch_run.contradicted"
    PATCH_RUN_FAILED = "patch_run.failed"
    REPORT_DONE = "report.done"
    REPORT_FAILED = "report.failed"
    SITE_RECOVERED = "site.recovered"
    SITE_SILENT = "site.silent"
    TASK_ASSIGNED = "task.assigned"
    TASK_LATE = "task.late"


OF_ADVISORIES: Final = (Happening.ADVISORY_PUBLISHED, Happening.EXPOSURE_OPENED, Happening.EXPOSURE_DUE_SOON, Happening.EXPOSURE_OVERDUE,
                        Happening.EXPOSURE_CLOSED)
"""What happens to a site and an advisory together. Everything else happens to one site, to a report, or to a task."""
OF_OPEN: Final = (Happening.ADVISORY_PUBLISHED, Happening.EXPOSURE_OPENED)
"""What is only told while it is still so: the finding is open, nobody has accepted it, and the code may run."""
DIGEST, TEST = "digest", "test"
"""What a delivery is about that is of no single kind."""


class Timing(StrEnum):
    """When a rule tells: at once, or what came together until the next hour, day or week."""

    AT_ONCE = "at_once"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class DeliveryState(StrEnum):
    """How a delivery stands; only the first two wait for their time."""

    GATHERING = "gathering"
    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    DEAD = "dead"


class ChannelState(StrEnum):
    """How a channel stands: switched off, failing again and again, never used, or working."""

    WORKING = "working"
    UNUSED = "unused"
    FAILING = "failing"
    OFF = "off"


FAILING_FROM: Final = 3
"""From how many tries in a row that failed a channel is called failing."""
WAITS: Final = tuple(timedelta(seconds=each) for each in (10, 60, 300, 1800, 7200, 18_000, 36_000, 36_000))
"""How long to wait after the first, second, … try that failed: nine tries in a good day, as Standard Webhooks proposes."""
JITTER: Final = 0.2
LONGEST_WAIT: Final = timedelta(days=1)
SECRET_BYTES: Final = 32
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 (how secrets of Standard Webhooks begin)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: whether it was taken, the status and a sentence, and how the other side wants to be treated.

    `is_final` means that trying again is of no use; `is_gone` that the receiver wants nothing more, ever (410).
    """

    ok: bool
    code: int | None = None
    error: str | None = None
    retry_after: float | None = None
    is_final: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a channel delivers to, with what it takes to do so. Secrets are in it: it is never logged, dumped or kept."""

    kind: str
    recipients: tuple[str, ...] = ()
    endpoint: str = ""
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """What is delivered, whatever the kind of channel: `payload` is the document that webhooks get, the rest is made of it."""

    id: UUID
    at: datetime
    payload: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.payload["data"]["title"])

    @property
    def url(self) -> str | None:
        return self.payload["data"].get("url")

    @property
    def items(self) -> list[dict[str, Any]]:
        return list(self.payload["data"]["items"])

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The items that say more than the title does: the only one often is the title."""
        return [each for each in self.items if each["text"] != self.title]

    @property
    def why(self) -> str:
        """Why somebody gets this, for the foot of a message."""
        return str(self.payload["data"]["reason"])

    @property
    def more(self) -> int:
        """How many things are left out of `items`."""
        return int(self.payload["data"]["items_count"]) - len(self.items)


def new_webhook_secret() -> str:
    """A secret as Standard Webhooks has it: `whsec_` and 256 random bits in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def backoff(tries: int, retry_after: float | None, spread: float | None = None) -> timedelta | None:
    """How long to wait after so many tries of a round that failed; None when it was the last.

    A fifth of it is left to chance, so that what failed together does not come again together. Whoever asks for more is given it.
    """
    if tries > len(WAITS):
        return None
    by_chance = random.uniform(-JITTER, JITTER) if spread is None else spread  # noqa: S311 (spreads load, guards nothing)
    wait = WAITS[tries - 1] * (1 + by_chance)
    return min(max(wait, timedelta(seconds=retry_after or 0)), LONGEST_WAIT)


def next_digest(timing: Timing, hour: int, weekday: int, zone: str, after: datetime) -> datetime:
    """When what has gathered is told next: strictly after `after`, at the hour in that time zone (weekday 1 is Monday).

    Where the clock is put forward over the hour, it is told at the hour that takes its place; where it is put back, once.
    """
    local = after.astimezone(ZoneInfo(zone))
    if timing is Timing.HOURLY:
        return (after + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    day = local.date()
    if timing is Timing.WEEKLY:
        day += timedelta(days=(weekday - local.isoweekday()) % 7)
    step = timedelta(days=7 if timing is Timing.WEEKLY else 1)
    while True:
        found = datetime(day.year, day.month, day.day, hour, tzinfo=local.tzinfo).astimezone(after.tzinfo)
        if found > after:
            return found
        day += step
