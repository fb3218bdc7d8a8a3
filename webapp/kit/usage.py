"""Who asks for what and how often: counted in memory, written in portions, so that it costs a request no statement.

Each process adds up what it answers, by day, caller, route and method, and writes it every ten seconds and when it ends. What
a process that is killed had not written yet is lost: these are figures for planning, not for bills.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from flask import Flask, current_app
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.logs import log
from webapp.kit.permissions import Actor

EVERY = 10.0
MOST = 5000
"""How many counters a process holds at most, while the database is away; beyond that, new ones are not begun."""
BOUNDS = {"under_10ms": 0.01, "under_50ms": 0.05, "under_100ms": 0.1, "under_250ms": 0.25, "under_500ms": 0.5, "under_1s": 1.0,
          "under_5s": 5.0}
BUCKETS = (*BOUNDS, "longer")
SUMS = ("requests", "errors", "seconds", *BUCKETS)
_COLUMNS = ", ".join(SUMS)
_ADD = ", ".join(f"{name} = api_usage.{name} + excluded.{name}" for name in SUMS)
_TYPES = ", ".join(f"{name} {'double precision' if name == 'seconds' else 'bigint'}" for name in SUMS)
# In one order, so that two processes never wait for each other's rows.
WRITE = text(f"""
INSERT INTO api_usage (day, caller, route, method, caller_kind, caller_id, {_COLUMNS})
SELECT day, caller, route, method, caller_kind, caller_id, {_COLUMNS}
FROM jsonb_to_recordset(CAST(:counted AS jsonb))
    AS r(day date, caller text, route text, method text, caller_kind text, caller_id uuid, {_TYPES})
ORDER BY day, caller, route, method
ON CONFLICT (day, caller, route, method) DO UPDATE SET {_ADD}
""")  # noqa: S608 (names from here alone)


class Key(NamedTuple):
    """What is counted apart."""

    day: date
    caller_kind: str
    caller_id: UUID | None
    route: str
    method: str

    @property
    def caller(self) -> str:
        return f"{self.caller_kind}:{self.caller_id}" if self.caller_id else self.caller_kind


class Counter:
    """The counters of this process; a fork begins with none and without a writer of its own."""

    def __init__(self, engine: Engine, *, by_itself: bool = True) -> None:
        self.engine, self.by_itself = engine, by_itself
        self.lock = threading.Lock()
        self.counted: dict[Key, dict[str, float]] = {}
        self.writer: threading.Thread | None = None
        self.over = threading.Event()
        os.register_at_fork(after_in_child=self._begin_anew)
        if by_itself:
            atexit.register(self.flush)

    def _begin_anew(self) -> None:
        self.lock, self.counted, self.writer, self.over = threading.Lock(), {}, None, threading.Event()

    def note(self, key: Key, status: int, seconds: float) -> None:
        """Counts one request."""
        bucket = next((name for name, bound in BOUNDS.items() if seconds < bound), "longer")
        self.add({key: {"requests": 1, "errors": int(status >= 400), "seconds": seconds, bucket: 1}})
        if self.writer is None and self.by_itself:
            self._begin_writing()

    def add(self, more: Mapping[Key, Mapping[str, float]]) -> None:
        with self.lock:
            for key, sums in more.items():
                if key not in self.counted and len(self.counted) >= MOST:
                    continue
                kept = self.counted.setdefault(key, dict.fromkeys(SUMS, 0))
                for name, amount in sums.items():
                    kept[name] += amount

    def _begin_writing(self) -> None:
        with self.lock:
            if self.writer is None:
                self.writer = threading.Thread(target=self._write_again_and_again, name="usage", daemon=True)
                self.writer.start()

    def _write_again_and_again(self) -> None:
        while not self.over.wait(EVERY):
            self.flush()

    def flush(self) -> int:
        """Writes what was counted; without the database it is kept for the next time."""
        with self.lock:
            taken, self.counted = self.counted, {}
        if not taken:
            return 0
        try:
            with self.engine.begin() as connection:
                connection.execute(WRITE, {"counted": orjson.dumps([_row(key, sums) for key, sums in taken.items()]).decode()})
        except SQLAlchemyError as problem:
            log().warning("usage_not_written", kind=type(problem).__name__)
            self.add(taken)
            return 0
        return len(taken)


def _row(key: Key, sums: Mapping[str, float]) -> dict[str, Any]:
    return {"day": key.day, "caller": key.caller, "caller_kind": key.caller_kind, "caller_id": key.caller_id, "route": key.route,
            "method": key.method, **{name: value if name == "seconds" else int(value) for name, value in sums.items()}}


def register_usage(app: Flask) -> None:
    with app.app_context():
        app.extensions["patchboard_usage"] = Counter(db.engine, by_itself=not app.testing)


def note(actor: Actor, route: str, method: str, status: int, seconds: float) -> None:
    """Counts a request of this actor."""
    counter: Counter = current_app.extensions["patchboard_usage"]
    counter.note(Key(now().date(), actor.kind, actor.id, route, method), status, seconds)


def percentile(buckets: Mapping[str, float], share: float) -> float | None:
    """The time (seconds) that `share` of the requests took at most, read between the bounds of its bucket; None without any.

    What took longer than the last bound is said to have taken that long: the buckets know no more.
    """
    total = sum(buckets[name] for name in BUCKETS)
    if not total:
        return None
    wanted, below, lower = total * share, 0.0, 0.0
    for name, upper in BOUNDS.items():
        if buckets[name] and below + buckets[name] >= wanted:
            return lower + (upper - lower) * (wanted - below) / buckets[name]
        below, lower = below + buckets[name], upper
    return lower
