"""The counters of limits: sliding windows in Redis, one question a limit and request; without Redis, in this process.

A window's use is what was counted in the present one and, of the one before, the share that a window ending now still covers.
So nobody gets twice the limit by coming at the turn of a minute, and a counter is three numbers however many it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from flask_limiter import Limiter
from limits import RateLimitItem
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from redis.exceptions import RedisError

from webapp.kit.redis import redis

Window = tuple[int, float, int, float]
STRATEGY = "sliding-window-counter"
SLIDE = b"""
local amount, limit, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]) * 1000
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local number, left = math.floor(now / window), window - now % window
local kept = redis.call('HMGET', KEYS[1], 'number', 'count', 'before')
local count, before = 0, 0
if kept[1] then
    local age = number - tonumber(kept[1])
    if age <= 0 then
        count, before = tonumber(kept[2]), tonumber(kept[3])
    elseif age == 1 then
        before = tonumber(kept[2])
    end
end
local free = amount < 0 or before * left / window + count + math.max(amount, 1) <= limit
if free and amount ~= 0 then
    count = math.max(count + amount, 0)
    redis.call('HSET', KEYS[1], 'number', number, 'count', count, 'before', before)
    redis.call('PEXPIRE', KEYS[1], left + window)
end
return {free and 1 or 0, before, left, count}
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands with one limit: whether this request was within it, and the numbers that the headers say."""

    limit: int
    window: int
    is_within: bool
    remaining: int
    reset: int
    wait: int


class SlidingRedis(RedisStorage):
    """Takes the place of the storage that the package `limits` has for Redis, by being defined for the same addresses.

    It asks through the application's own client, whose fuse keeps requests from waiting for a Redis that is away.
    """

    STORAGE_SCHEME = RedisStorage.STORAGE_SCHEME

    def slide(self, key: str, limit: int, expiry: int, amount: int) -> tuple[bool, Window]:
        """Counts `amount` if it fits (0 only looks whether one would, less than 0 gives back), and tells the window as it is then."""
        free, before, left, count = self._script()([self.prefixed_key(key)], [amount, limit, expiry], client=redis())
        return bool(free), (int(before), left / 1000, int(count), left / 1000)

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return self.slide(key, limit, expiry, amount)[0]

    def get_sliding_window(self, key: str, expiry: int) -> Window:
        return self.slide(key, 0, expiry, 0)[1]

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        redis().delete(self.prefixed_key(key))

    def _script(self):  # type: ignore[no-untyped-def]
        if not hasattr(self, "script"):
            self.script = self.get_connection().register_script(SLIDE)
        return self.script


class Counters:
    """Counts in Redis, or while that is away in this process: then each process of the server allows as much as all should."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.storage = MemoryStorage()
        self.memory = SlidingWindowCounterRateLimiter(self.storage)

    def count(self, limit: RateLimitItem, name: str, key: str, amount: int = 1) -> Standing:
        """Counts `amount` against one limit of this caller, if it fits."""
        where, expiry = limit.key_for(name, key), limit.get_expiry()
        try:
            storage = self.limiter.limiter.storage
            assert isinstance(storage, SlidingRedis)
            within, window = storage.slide(where, limit.amount, expiry, amount)
        except RedisError:
            within = self.memory.hit(limit, name, key, cost=amount) if amount else self.memory.test(limit, name, key)
            window = self.storage.get_sliding_window(where, expiry)
        return standing(limit.amount, expiry, within, window)


def standing(limit: int, window: int, within: bool, found: Window) -> Standing:
    """The numbers of one limit. `reset` is when nothing of now counts in full any more, `wait` when the next one fits (seconds)."""
    before, left, count, _ = found
    used = before * left / window + count
    return Standing(limit, window, within, max(limit - ceil(used), 0), ceil(left) if used else 0, _wait(limit, window, found))


def _wait(limit: int, window: int, found: Window) -> int:
    """Seconds until one more fits; the share of the window before shrinks steadily until it is over."""
    before, left, count, _ = found
    if count + 1 <= limit:
        wait = left - (limit - count - 1) * window / before if before else 0.0
    else:
        wait = left + window * (1 - (limit - 1) / count)
    return max(floor(wait) + 1, 1)
