"""The thread that reads events from Redis, once for all lines of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from webapp.kit.events import Event, is_complete_since, newest_id, read_after
from webapp.kit.logs import log

WAIT = 5.0
PORTION = 200
AGAIN = 1.0


class Feed:
    """`begun` gets the place from which events are read, `came` the events in their order, `lost` is told when Redis goes
    and `back` when it is there again, with whether nothing was missed. Its connection is its own: it waits on purpose."""

    def __init__(self, url: str, begun: Callable[[str], None], came: Callable[[list[Event]], None], lost: Callable[[], None],
                 back: Callable[[bool], None]) -> None:
        self.client = Redis.from_url(url, socket_timeout=WAIT * 2, socket_connect_timeout=AGAIN, retry=Retry(NoBackoff(), 0))
        self.begun, self.came, self.lost, self.back = begun, came, lost, back
        self.place: str | None = None
        self.is_up = True

    def start(self) -> None:
        threading.Thread(target=self._run, name="live-feed", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self._read()
            except RedisError as problem:
                if self.is_up:
                    log().warning("live_events_lost", reason=type(problem).__name__)
                    self.is_up = False
                    self.lost()
                time.sleep(AGAIN)

    def _read(self) -> None:
        if self.place is None:
            self.place = newest_id(self.client)
            self.begun(self.place)
        if not self.is_up:
            complete = is_complete_since(self.client, self.place)
            self.is_up = True
            self.back(complete)
        events = read_after(self.client, self.place, PORTION, int(WAIT * 1000))
        if events:
            self.place = events[-1].id
            self.came(events)
