"""Live events: said once the transaction is committed, kept a short while in Redis, read by every process that has listeners.

They travel by a Redis stream and not by PUBLISH, so that a listener who was away for a moment is told what it missed, and
a process whose connection broke goes on where it was. Redis may be gone: then nobody is told, and pages ask instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from blinker import Signal
from redis import Redis
from redis.exceptions import RedisError

from webapp.kit.clock import stamp
from webapp.kit.db import after_commit, db
from webapp.kit.logs import log
from webapp.kit.redis import redis

KEY = "patchboard:events"
FIELD = b"event"
KEPT = 2000
"""About how many events are kept; what is older cannot be told again."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: what, about which topics, in which organization (None: several), and ids of what changed.

    `id` is its place in the stream, and empty before it is there. `data` is small and holds no secret: whoever may see
    the topic sees all of it.
    """

    type: str
    topics: tuple[str, ...]
    data: Mapping[str, Any]
    at: datetime
    organization_id: UUID | None = None
    id: str = ""

    def packed(self) -> bytes:
        """As it is kept in Redis."""
        return orjson.dumps({"type": self.type, "topics": self.topics, "data": self.data, "at": self.at,
                             "organization_id": self.organization_id}, default=str)

    def told(self, topic: str) -> dict[str, Any]:
        """As listeners of a topic are told it (contract §3, `/ws`)."""
        return {"type": self.type, "topic": topic, "at": stamp(self.at), "data": self.data}


def unpacked(event_id: str, text: bytes) -> Event:
    """An event as it was kept."""
    kept = orjson.loads(text)
    place = kept["organization_id"]
    return Event(kept["type"], tuple(kept["topics"]), kept["data"], datetime.fromisoformat(kept["at"]), UUID(place) if place else None,
                 event_id)


class Announcement:
    """What one transaction has to say; sent in one go after its commit."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self) -> None:
        publish(self.events)


noted = Signal()
"""Sent with the kind, `organization_id`, `things` and `at` inside the transaction of what happened: for whoever keeps it (`note`)."""


def note(kind: str, organization_id: UUID, things: Sequence[Mapping[str, Any]], at: datetime) -> None:
    """Tells rooms above of something that must not be lost, inside the transaction of its cause; once for any number of things.

    A thing is what it happened to, by ids: `site`, `advisory`, `ref` (a run, a report), each or none, and a `label` for people.
    Unlike what is announced, what is noted is as durable as its cause.
    """
    if things:
        noted.send(kind, organization_id=organization_id, things=things, at=at)


def announce(kind: str, topics: Sequence[str], data: Mapping[str, Any], at: datetime, organization_id: UUID | None = None) -> None:
    """Tells listeners of these topics, once the transaction is committed; never when it is not."""
    effects = db.session().info.get("effects", [])
    waiting = next((effect for effect in effects if isinstance(effect, Announcement)), None)
    if waiting is None:
        waiting = Announcement()
        after_commit(waiting)
    waiting.events.append(Event(kind, tuple(topics), data, at, organization_id))


def publish(events: Sequence[Event]) -> None:
    """Puts events into the stream; without Redis, a warning and nothing else."""
    try:
        pipe = redis().pipeline(transaction=False)
        for event in events:
            pipe.xadd(KEY, {FIELD: event.packed()}, maxlen=KEPT, approximate=True)
        pipe.execute()
    except RedisError as problem:
        log().warning("events_not_announced", events=len(events), reason=type(problem).__name__)


def newest_id(client: Redis) -> str:
    """The place of the newest event; `0-0` where there is none."""
    found: Any = client.xrevrange(KEY, count=1)
    return found[0][0].decode() if found else "0-0"


def read_after(client: Redis, event_id: str, most: int, wait_ms: int | None = None) -> list[Event]:
    """The events after that place, the oldest first; with `wait_ms`, waits so long for the first one."""
    found: Any = client.xread({KEY: event_id}, count=most, block=wait_ms)
    streams = found.items() if isinstance(found, dict) else found or []
    entries = [entry for _, portions in streams for entry in _flat(portions)]
    return [unpacked(place.decode(), fields[FIELD]) for place, fields in entries]


def _flat(portions: Any) -> list[Any]:
    """Entries of a stream: RESP3 answers with a list of lists of them, RESP2 with the list."""
    return [entry for portion in portions for entry in portion] if portions and isinstance(portions[0], list) else list(portions)


def is_complete_since(client: Redis, event_id: str) -> bool:
    """Whether no event after that place has been dropped since."""
    first: Any = client.xrange(KEY, count=1)
    return bool(first) and place_of(first[0][0].decode()) <= place_of(event_id)


def place_of(event_id: str) -> tuple[int, int]:
    """An event's id as something to compare; ValueError for what is none."""
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number)
