"""The desk: who listens to what, and whether they still may. One thread a process does all that needs the database.

Nothing is held while nothing happens: each piece of work has its own application context, and with it its own short use of
a database connection.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from flask import Flask
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from webapp.kit.db import ALL, enter_scope, scope_of
from webapp.kit.errors import Invalid, NotAuthenticated, NotFound, PatchboardError
from webapp.kit.events import Event, is_complete_since, place_of, read_after
from webapp.kit.live.feed import Feed
from webapp.kit.live.guests import Guests, Places, Rules, rights_of
from webapp.kit.live.lines import Line
from webapp.kit.live.wire import Wire
from webapp.kit.logs import log
from webapp.kit.permissions import Actor
from webapp.kit.redis import redis
from webapp.kit.web.requests import visible_organizations

BEAT = 10.0
FRESH = 2.0
"""Seconds for which an answer to "who is this, and may they?" is good: so long somebody who was removed may still hear."""
PATIENCE = 10.0
"""Seconds to say who one is."""
MOST_TOPICS = 50
MOST_MISSED = 500


class Desk:
    """All lines of this process."""

    def __init__(self, app: Flask, rules: Rules, most: int) -> None:
        self.app, self.rules = app, rules
        self.work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.lines: set[Line] = set()
        self.listening: dict[str, set[Line]] = defaultdict(set)
        self.places, self.guests = Places(most), Guests()
        self.behind: set[Line] = set()
        self.place: str | None = None
        self.early: list[Line] = []
        self.is_up = True
        self.wire = Wire(heard=lambda line, data: self.work.put(lambda: self._heard(line, data)),
                         gone=lambda line: self.work.put(lambda: self._gone(line)))
        self.feed = Feed(app.config["REDIS_URL"], begun=lambda place: self.work.put(lambda: self._begun(place)),
                         came=lambda events: self.work.put(lambda: self._deliver(events)),
                         lost=lambda: self.work.put(lambda: self._redis(up=False)),
                         back=lambda complete: self.work.put(lambda: self._redis(up=True, complete=complete)))

    def start(self) -> None:
        self.wire.start()
        self.feed.start()
        threading.Thread(target=self._run, name="live-desk", daemon=True).start()

    # From the web server's threads

    def open(self, line: Line, greeting: bytes) -> None:
        """Takes a line up, whose place was reserved; `greeting` is the first that it is sent."""
        self.work.put(lambda: self._opened(line, greeting))

    # From here on in the desk's own thread

    def _run(self) -> None:
        ticked = time.monotonic()
        while True:
            with suppress(queue.Empty):
                self._do(self.work.get(timeout=1.0))
            if time.monotonic() - ticked >= 1.0:
                ticked = time.monotonic()
                self._do(self._tick)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            with self.app.app_context():
                work()
        except Exception as problem:  # one line's trouble must not end the others'
            log().error("live_desk_failed", kind=type(problem).__name__, exc_info=problem)

    def _opened(self, line: Line, greeting: bytes) -> None:
        line.beaten = time.monotonic()
        self.lines.add(line)
        self.wire.say(line, greeting)
        for topic in line.topics:
            self.listening[topic].add(line)
        if self.place is None and self.is_up:
            self.early.append(line)  # the first line of a process is a moment faster than Redis
        else:
            self._welcome(line)

    def _welcome(self, line: Line) -> None:
        if not line.takes_orders:
            self._say(line, line.noted("subscribed", topics=line.topics, id=self.place or ""))
            self._tell_missed(line)
        if not self.is_up:
            self._say(line, line.noted("paused"))

    def _tell_missed(self, line: Line) -> None:
        """What came since the place that the listener names; where that cannot be known any more, it is told so."""
        if line.since is None:
            return
        try:
            complete = is_complete_since(redis(), line.since)
            missed = read_after(redis(), line.since, MOST_MISSED) if complete else []
        except RedisError:
            complete, missed = False, []
        if not complete or len(missed) == MOST_MISSED:
            self._say(line, line.noted("reset"))
        elif self.place is not None:
            self._deliver([event for event in missed if place_of(event.id) <= place_of(str(self.place))], only=line)

    def _begun(self, place: str) -> None:
        self.place = place
        self._welcome_early()

    def _welcome_early(self) -> None:
        waiting, self.early = self.early, []
        for line in waiting:
            if line in self.lines:
                self._welcome(line)

    def _redis(self, *, up: bool, complete: bool = True) -> None:
        self.is_up = up
        self._welcome_early()
        for line in list(self.lines):
            words = line.noted("resumed") if up else line.noted("paused")
            self._say(line, words if complete else words + line.noted("reset"))

    def _deliver(self, events: Sequence[Event], only: Line | None = None) -> None:
        told: dict[Line, bytearray] = defaultdict(bytearray)
        for event in events:
            for topic in event.topics:
                listeners: Iterable[Line] = self.listening.get(topic, ())
                for line in [each for each in listeners if only in (None, each)]:
                    actor = self._still(line, FRESH)
                    if actor is not None and topic in line.topics and self.rules.may_hear(actor, topic, event):
                        told[line] += line.told(event, topic)
        if events and only is None:
            self.place = events[-1].id
        for line, words in told.items():
            self._say(line, bytes(words))

    def _heard(self, line: Line, data: bytes) -> None:
        if line not in self.lines:
            return
        for message in line.heard(data):
            if isinstance(message, PatchboardError):
                self._say(line, line.failed(message, final=False))
                continue
            try:
                self._obey(line, message)
            except PatchboardError as problem:
                self._say(line, line.failed(problem, final=False, topic=message.get("topic")))
        self._say(line, b"")

    def _obey(self, line: Line, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "auth":
            self._introduce(line, message.get("token"))
        elif kind in ("subscribe", "unsubscribe"):
            if self._still(line, FRESH) is None:
                raise NotAuthenticated('Say who you are first: {"type": "auth", "token": …}.')
            self._subscribe(line, _topics(message.get("topics")), wanted=kind == "subscribe")
        elif kind == "ping":
            self._say(line, line.noted("pong"))
        else:
            raise Invalid.at("type", "One of auth, subscribe, unsubscribe, ping.")

    def _introduce(self, line: Line, token: Any) -> None:
        """Says who listens, or lets them go on under a newer token; another person starts with no topics."""
        try:
            if not isinstance(token, str) or not token:
                raise NotAuthenticated("Send a token or an API key.")
            enter_scope(ALL)
            guest = self.rules.guest_of(token, line.address)
            actor = guest.find()
        except NotAuthenticated as problem:
            self._end(line, problem)
            return
        if line.actor is not None and line.actor.id != actor.id:
            self._unlisten(line, list(line.topics))
        line.guest, line.actor = guest, actor
        self.guests.note(guest, actor)
        self._say(line, line.noted("authenticated", actor=actor.label))

    def _subscribe(self, line: Line, topics: Sequence[str], *, wanted: bool) -> None:
        assert line.actor is not None
        if not wanted:
            self._unlisten(line, topics)
        elif len({*line.topics, *topics}) > MOST_TOPICS:
            raise Invalid.at("topics", f"{MOST_TOPICS} topics at most.")
        else:
            enter_scope(scope_of(visible_organizations(line.actor)))
            for topic in dict.fromkeys(topics):
                try:
                    self.rules.check(line.actor, topic)
                except PatchboardError as problem:
                    self._say(line, line.failed(problem, final=False, topic=topic))
                    continue
                if topic not in line.topics:
                    line.topics.append(topic)
                self.listening[topic].add(line)
        self._say(line, line.noted("subscribed", topics=line.topics))

    def _still(self, line: Line, fresh: float) -> Actor | None:
        """Who listens, if they still may; None for somebody unknown, and while the database cannot say. Ends the line where
        the sign-in or key has ended, and its topics where they are closed by now."""
        if line.guest is None or line not in self.lines:
            return None
        try:
            actor = self.guests.find(line.guest, fresh)
            if line.actor is None or rights_of(actor) != rights_of(line.actor):
                line.actor = actor
                self._check_topics(line, actor)
        except PatchboardError as problem:
            self._end(line, problem)
            return None
        except SQLAlchemyError as problem:
            log().warning("live_check_failed", kind=type(problem).__name__)
            self.behind.add(line)
            return None
        if line in self.behind:
            self.behind.discard(line)
            self._say(line, line.noted("reset"))
        return actor

    def _check_topics(self, line: Line, actor: Actor) -> None:
        enter_scope(scope_of(visible_organizations(actor)))
        for topic in list(line.topics):
            try:
                self.rules.check(actor, topic)
            except PatchboardError as problem:
                self._unlisten(line, [topic])
                self._say(line, line.failed(problem, final=False, topic=topic))
        if not line.topics and not line.takes_orders:
            self._end(line, NotFound())

    def _unlisten(self, line: Line, topics: Iterable[str]) -> None:
        for topic in topics:
            if topic in line.topics:
                line.topics.remove(topic)
            self.listening[topic].discard(line)
            if not self.listening[topic]:
                del self.listening[topic]

    def _tick(self) -> None:
        """Once a second: signs of life for those whose turn it is, and an end to those who never said who they are."""
        at = time.monotonic()
        for line in list(self.lines):
            if line.guest is None and at - line.opened > PATIENCE:
                self._end(line, NotAuthenticated("Nobody said who is there."))
            elif at - line.beaten >= BEAT:
                line.beaten = at
                self._still(line, BEAT / 2)
                if line in self.lines:
                    self._say(line, line.beat())

    def _say(self, line: Line, words: bytes) -> None:
        words, line.said = words + bytes(line.said), bytearray()
        if words or line.ends:
            self.wire.say(line, words, ends=line.ends)

    def _end(self, line: Line, problem: PatchboardError) -> None:
        words = line.failed(problem, final=True)
        line.ends = True
        self._say(line, words)
        self._leave(line)

    def _leave(self, line: Line) -> None:
        self._unlisten(line, list(line.topics))
        self.lines.discard(line)
        self.behind.discard(line)
        if line.guest is not None and all(each.guest is None or each.guest.key != line.guest.key for each in self.lines):
            self.guests.forget(line.guest)

    def _gone(self, line: Line) -> None:
        """The connection is over; its place is free again."""
        self._leave(line)
        self.places.give_back(line.place)


def _topics(given: Any) -> list[str]:
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        raise Invalid.at("topics", "A list of topics, such as site:{id}, org:{id}, report:{id} or fleet.")
    return given
