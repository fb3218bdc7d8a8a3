"""Answers kept in Redis under `api:{kind}:{id}`: faster where it works, and never an error, a stale answer or somebody else's.

Whoever finds nothing takes a lease (a random word beside the key), builds the answer and may store it only while that lease
stands. A write takes both away: before its commit, leaving a block that nobody stores against, and again after it. So a reader
who built from what was there before cannot store it after, and a process that dies between its commit and the second step has
left nothing old behind. What could not be dropped because Redis was away is dropped before anybody reads from it again.

Whether the actor may see the answer is asked before; the cache does not know who asks.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.kit.db import Base, after_commit, before_commit
from webapp.kit.logs import log
from webapp.kit.metrics import CACHE_HITS, CACHE_MISSES
from webapp.kit.redis import redis

LEASE_SECONDS = 30
BLOCK = b"written"
"""Stands in a lease's place while a write is being committed; nobody's lease is called that."""
MARK_SECONDS = 86_400
OPTIONS = orjson.OPT_NON_STR_KEYS
LOOK = """
local kept = redis.call('GET', KEYS[1])
if kept then return {kept, false} end
redis.call('SET', KEYS[2], ARGV[1], 'NX', 'EX', ARGV[2])
return {false, redis.call('GET', KEYS[2])}
"""
FILL = """
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
BLOCK_OFF = "redis.call('DEL', KEYS[1]) redis.call('SET', KEYS[2], ARGV[1], 'EX', ARGV[2])"
undropped: set[str] = set()
"""What this process has to drop when Redis is back."""
lock = threading.Lock()


def cached(kind: str, key: object, seconds: int, build: Callable[[], Any]) -> Any:
    """What `build` gives, as plain JSON values, kept for so many seconds under `api:{kind}:{key}`."""
    name = name_of(kind, key)
    kept, lease = _look(name)
    if kept is not None:
        CACHE_HITS.labels(kind).inc()
        return kept
    CACHE_MISSES.labels(kind).inc()
    value = orjson.loads(orjson.dumps(build(), option=OPTIONS, default=str))
    if lease is not None:
        _fill(name, lease, value, seconds)
    return value


def cached_figures(values: Mapping[str, Any], seconds: int, build: Callable[[], Any], watching: Iterable[str] = ()) -> Any:
    """Figures under `api:metrics:{hash}`: `values` are all that they depend on, whose they are and who asks included.

    A `touch` of one of the names in `watching` (`org:{id}`) makes them another hash, so that nobody finds the old ones.
    """
    try:
        marks = [_mark(name) for name in sorted(watching)]
    except RedisError:
        CACHE_MISSES.labels("metrics").inc()
        return orjson.loads(orjson.dumps(build(), option=OPTIONS, default=str))
    told = orjson.dumps([values, marks], option=OPTIONS | orjson.OPT_SORT_KEYS, default=str)
    return cached("metrics", hashlib.blake2b(told, digest_size=16).hexdigest(), seconds, build)


def drop(kind: str, key: object) -> None:
    """Takes an answer away with the commit of this transaction."""
    name = name_of(kind, key)
    before_commit(lambda: _ask(lambda client: client.eval(BLOCK_OFF, 2, name, lease_of(name), BLOCK, LEASE_SECONDS)))
    after_commit(lambda: _drop(name))


def touch(name: str) -> None:
    """Makes all figures that watch this name old with the commit of this transaction."""
    before_commit(lambda: _ask(lambda client: client.delete(f"api:mark:{name}")))
    after_commit(lambda: _drop(f"api:mark:{name}"))


def name_of(kind: str, key: object) -> str:
    return f"api:{kind}:{key}"


def lease_of(name: str) -> str:
    return f"{name}:lease"


@event.listens_for(Session, "after_flush")
def _drop_written(session: Session, _context: Any) -> None:
    """A row whose table says what it is `cached_as` takes its answer away by being written."""
    for row in (*session.new, *session.dirty, *session.deleted):
        kind = getattr(row, "cached_as", None)
        if kind and isinstance(row, Base):
            drop(kind, row.id)  # type: ignore[attr-defined]


def _look(name: str) -> tuple[Any, bytes | None]:
    """The answer that is kept, or None and the lease to store one with; neither when Redis is away or what it has is not ours."""
    try:
        kept, lease = redis().eval(LOOK, 2, name, lease_of(name), secrets.token_hex(8), LEASE_SECONDS)
        if kept is None:
            return None, None if lease == BLOCK else lease
        found = orjson.loads(kept)
        if isinstance(found, dict) and found.get("name") == name and found.get("value") is not None:
            return found["value"], None
        log().warning("cache_not_ours", name=name)
    except RedisError as problem:
        log().debug("cache_away", kind=type(problem).__name__)
    except ValueError:
        log().warning("cache_not_readable", name=name)
    _ask(lambda client: client.delete(name))
    return None, None


def _fill(name: str, lease: bytes, value: Any, seconds: int) -> None:
    text = orjson.dumps({"name": name, "value": value})
    _ask(lambda client: client.eval(FILL, 2, name, lease_of(name), lease, text, seconds))


def _mark(name: str) -> str:
    """The random word that stands for the present state of what `name` names."""
    key, client = f"api:mark:{name}", redis()
    found = client.get(key)
    if found is None:
        client.set(key, secrets.token_hex(8), nx=True, ex=MARK_SECONDS)
        found = client.get(key)
    return found.decode() if isinstance(found, bytes) else secrets.token_hex(8)


def _ask(question: Callable[[Redis], object]) -> bool:
    """Asks Redis something whose answer nobody waits for; whether it could be asked."""
    try:
        question(redis())
    except RedisError as problem:
        log().debug("cache_away", kind=type(problem).__name__)
        return False
    return True


def _drop(name: str) -> None:
    if _ask(lambda client: client.delete(name, lease_of(name))):
        return
    with lock:
        undropped.add(name)
    redis().fuse.once_back("cache", _drop_what_was_left)


def _drop_what_was_left(client: Redis) -> None:
    with lock:
        names = list(undropped)
    for name in names:
        client.delete(name, lease_of(name))
    with lock:
        undropped.difference_update(names)
