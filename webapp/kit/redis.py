"""The one Redis client; Redis may be gone at any moment, and then only speed and live events suffer.

Whoever finds it gone blows a fuse: from then on every command fails at once (redis.exceptions.ConnectionError), until a probe in
the background has had an answer. So a Redis that is away, or that accepts and never answers, costs the requests that were under
way a second once, and no other request anything.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import ConnectionError as NotConnected
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from webapp.kit.logs import log

WAIT = 1.0
PROBE_EVERY = 0.5
Effect = Callable[[Redis], object]


class Fuse:
    """Whether Redis answers. Blown, it lets nothing through; each half second whoever asks sets off one probe, and waits for none."""

    def __init__(self, plain: Redis) -> None:
        self.plain = plain
        self.is_blown = False
        self.lock = threading.Lock()
        self.probed_at = 0.0
        self.effects: dict[str, Effect] = {}

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around a command: refuses it while blown, and blows when it finds nobody."""
        if self.is_blown:
            self._probe_soon()
            raise NotConnected("Redis is away.")
        try:
            yield
        except (NotConnected, NoAnswer) as problem:
            self._blow(problem)
            raise

    def once_back(self, name: str, effect: Effect) -> None:
        """Runs `effect` with a client before anybody else is let through again; a second one of the same name takes its place."""
        with self.lock:
            self.effects[name] = effect

    def _blow(self, problem: Exception) -> None:
        with self.lock:
            if self.is_blown:
                return
            self.is_blown, self.probed_at = True, monotonic()
        log().warning("redis_away", kind=type(problem).__name__)

    def _probe_soon(self) -> None:
        with self.lock:
            if not self.is_blown or monotonic() - self.probed_at < PROBE_EVERY:
                return
            self.probed_at = monotonic() + WAIT  # none other while this one waits
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        try:
            self.plain.ping()
            while self.effects:
                with self.lock:
                    name, effect = self.effects.popitem()
                try:
                    effect(self.plain)
                except RedisError:
                    self.once_back(name, effect)
                    raise
        except (RedisError, OSError):
            self.probed_at = monotonic()
            return
        self.is_blown = False
        log().info("redis_back")


class GuardedPipeline(Pipeline):
    """A pipeline whose commands go through the fuse."""

    fuse: Fuse

    def execute(self, *args: Any, **options: Any) -> Any:
        with self.fuse.guard():
            return super().execute(*args, **options)

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        with self.fuse.guard():
            return super().immediate_execute_command(*args, **options)


class GuardedRedis(Redis):
    """A client whose commands go through the fuse."""

    fuse: Fuse

    def execute_command(self, *args: Any, **options: Any) -> Any:
        with self.fuse.guard():
            return super().execute_command(*args, **options)

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Pipeline:
        made = GuardedPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.fuse = self.fuse
        return made


def connect(url: str) -> GuardedRedis:
    """A client that gives up after a second. What the server has closed meanwhile is opened again; a silence is not asked twice."""
    patience: dict[str, Any] = {"socket_timeout": WAIT, "socket_connect_timeout": WAIT}
    client = GuardedRedis.from_url(url, retry=Retry(NoBackoff(), 1, supported_errors=(NotConnected,)), **patience)
    assert isinstance(client, GuardedRedis)
    client.fuse = Fuse(Redis.from_url(url, retry=Retry(NoBackoff(), 0), **patience))
    return client


def register_redis(app: Flask) -> None:
    app.extensions["patchboard_redis"] = connect(app.config["REDIS_URL"])


def redis() -> GuardedRedis:
    """The client of this application."""
    client: GuardedRedis = current_app.extensions["patchboard_redis"]
    return client
