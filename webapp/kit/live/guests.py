"""Who listens: how many lines there may be, and who a credential belongs to by now."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webapp.kit import metrics
from webapp.kit.db import ALL, enter_scope
from webapp.kit.errors import NotAuthenticated, PatchboardError, RateLimited, Unavailable
from webapp.kit.events import Event
from webapp.kit.live.lines import Guest
from webapp.kit.permissions import Actor

EACH = 30
"""Lines that one credential, or one address that has not said who it is, may have in this process."""
LATER = {"Retry-After": "30"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What the rooms know: `check` raises unless the actor may listen to the topic, `may_hear` says whether they may be told
    this event there, `guest_of` finds who a token or key belongs to."""

    check: Callable[[Actor, str], None]
    may_hear: Callable[[Actor, str, Event], bool]
    guest_of: Callable[[str, str], Guest]


class Places:
    """The lines that this process takes, counted; used by all of its threads."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken: Counter[str] = Counter()
        self.lock = threading.Lock()

    def take(self, key: str) -> None:
        """Takes a place for a line of this credential or address; Unavailable or RateLimited where there is none."""
        with self.lock:
            if self.taken.total() >= self.most:
                raise Unavailable("There are as many live connections as this server takes. Ask now and then instead.", headers=LATER)
            if self.taken[key] >= EACH:
                raise RateLimited("You have as many live connections as one may have.", headers=LATER)
            self.taken[key] += 1
            metrics.LIVE.inc()

    def give_back(self, key: str) -> None:
        with self.lock:
            self.taken[key] -= 1
            metrics.LIVE.dec()
            if self.taken[key] <= 0:
                del self.taken[key]


class Guests:
    """Who each credential belongs to, asked anew when an answer is old; one answer serves all lines of a credential."""

    def __init__(self) -> None:
        self.known: dict[str, tuple[float, Actor | PatchboardError]] = {}

    def note(self, guest: Guest, actor: Actor) -> None:
        self.known[guest.key] = (time.monotonic(), actor)

    def forget(self, guest: Guest) -> None:
        self.known.pop(guest.key, None)

    def find(self, guest: Guest, fresh: float) -> Actor:
        """The actor behind a credential, by an answer that is `fresh` seconds old at most; NotAuthenticated when it has ended."""
        if guest.until is not None and time.time() >= guest.until:
            raise NotAuthenticated("The token has expired.", code="token_expired")
        at, found = self.known.get(guest.key, (0.0, None))
        if found is None or time.monotonic() - at > fresh:
            enter_scope(ALL)
            try:
                found = guest.find()
            except PatchboardError as problem:
                found = problem
            self.known[guest.key] = (time.monotonic(), found)
        if isinstance(found, PatchboardError):
            raise found
        return found


def rights_of(actor: Actor) -> tuple[Any, ...]:
    """What decides on what somebody may hear."""
    return actor.is_superuser, dict(actor.roles), dict(actor.grants), actor.site_id
