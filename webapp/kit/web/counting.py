"""The counters of limits in Redis, each asked once a request: the answer's headers say what counting has told already."""

from __future__ import annotations

import time

from flask import g, has_request_context
from limits.storage import RedisStorage


class CountedOnce(RedisStorage):
    """Takes the place of the storage that the package `limits` has for Redis, by being defined for the same addresses."""

    STORAGE_SCHEME = RedisStorage.STORAGE_SCHEME
    SCRIPT_INCR_EXPIRE = b"""
        local count = redis.call("incrby", KEYS[1], ARGV[2])
        if count == tonumber(ARGV[2]) then
            redis.call("expire", KEYS[1], ARGV[1])
        end
        return {count, redis.call("ttl", KEYS[1])}
    """

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        count, seconds = self.lua_incr_expire([self.prefixed_key(key)], [expiry, amount])
        if has_request_context():
            g.setdefault("counted", {})[key] = (int(count), max(int(seconds), 0) + time.time())
        return int(count)

    def get(self, key: str) -> int:
        counted = _counted(key)
        return super().get(key) if counted is None else counted[0]

    def get_expiry(self, key: str) -> float:
        counted = _counted(key)
        return super().get_expiry(key) if counted is None else counted[1]


def _counted(key: str) -> tuple[int, float] | None:
    """How far this request has counted, and when the counter begins anew; None for a counter it has not touched."""
    found: tuple[int, float] | None = g.get("counted", {}).get(key) if has_request_context() else None
    return found
