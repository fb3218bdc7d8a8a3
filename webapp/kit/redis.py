"""The one Redis client; Redis may be gone at any moment, and then only speed and live events suffer."""

from __future__ import annotations

from flask import Flask, current_app
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

WAIT = 1.0


def connect(url: str) -> Redis:
    """A client that gives up after a second instead of hanging a request."""
    return Redis.from_url(url, socket_timeout=WAIT, socket_connect_timeout=WAIT, retry=Retry(NoBackoff(), 1))


def register_redis(app: Flask) -> None:
    app.extensions["patchboard_redis"] = connect(app.config["REDIS_URL"])


def redis() -> Redis:
    """The client of this application."""
    client: Redis = current_app.extensions["patchboard_redis"]
    return client
