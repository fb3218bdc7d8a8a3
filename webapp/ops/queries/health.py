"""Looking after the system itself: is everything there that it needs, and how much work waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

from alembic.script import ScriptDirectory
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from webapp.catalog.queries.advisory_feeds import find_advisory_ages
from webapp.catalog.queries.feeds import find_ages
from webapp.kit.clock import now
from webapp.kit.db import execute, rows
from webapp.kit.logs import log
from webapp.kit.probes import Probe, ask_all
from webapp.kit.redis import redis
from webapp.kit.storage import Storage, StorageDown, storage
from webapp.ops.values import Backlog, Condition, Dependency, FeedAge, SourceAge

CHECKS = "patchboard_checks"
PATIENCE = 1.5
LONG_WAIT = timedelta(seconds=60)
WORKERS, QUEUES, QUEUE = "rq:workers", "rq:queues", "rq:queue:{}"
OLDEST_WAITING = """
SELECT min(CASE state WHEN 'queued' THEN queued_at ELSE coalesce(not_before, created_at) END) FROM job_outbox
WHERE state IN ('waiting', 'queued')
"""
UP = Dependency(Condition.UP)
Check = Callable[[], Dependency]


class Checks:
    """The dependencies of this process, each asked at most once a second, and given up after 1.5 seconds.

    The database is asked on connections of its own: when all the others are busy, the system is slow, not down.
    """

    def __init__(self, database_url: str, redis: Redis, storage: Storage, migrations: Path) -> None:
        wait = {"connect_timeout": 2, "tcp_user_timeout": 2000, "application_name": "patchboard health"}
        engine = create_engine(database_url, poolclass=NullPool, connect_args=wait)
        checks: dict[str, Check] = {
            "database": lambda: check_database(engine, migrations),
            "redis": lambda: check_redis(redis),
            "worker": lambda: check_workers(redis, engine, now()),
            "storage": lambda: check_storage(storage),
        }
        self.probes = {name: Probe(_timed(check)) for name, check in checks.items()}

    def dependencies(self, *names: str) -> dict[str, Dependency]:
        """How each is, or each of those named; never waits longer than 1.5 seconds."""
        asked = {name: self.probes[name] for name in names or self.probes}
        return {name: _judge(name, found) for name, found in ask_all(asked, PATIENCE).items()}


def checks_of(app: Any) -> Checks:
    """The checks of this application's process, made when they are first asked for."""
    if CHECKS not in app.extensions:
        config, migrations = app.config, Path(app.extensions["migrate"].directory)
        app.extensions[CHECKS] = Checks(config["SQLALCHEMY_DATABASE_URI"], redis(), storage(), migrations)
    kept: Checks = app.extensions[CHECKS]
    return kept


def _timed(check: Check) -> Check:
    def timed() -> Dependency:
        started = perf_counter()
        found = check()
        return Dependency(found.status, found.reason, round((perf_counter() - started) * 1000, 1))

    return timed


def _judge(name: str, found: Dependency | Exception) -> Dependency:
    if isinstance(found, Dependency):
        return found
    log().warning("dependency_down", dependency=name, kind=type(found).__name__)
    return Dependency(Condition.DOWN, "no answer in time" if isinstance(found, TimeoutError) else "not reachable")


def check_database(engine: Engine, migrations: Path) -> Dependency:
    """Whether PostgreSQL answers and has the tables of this version; newer ones are another version's, and no harm."""
    with engine.connect() as connection:
        if not connection.scalar(text("SELECT to_regclass('alembic_version') IS NOT NULL")):
            return Dependency(Condition.DEGRADED, "not migrated")
        applied = set(connection.scalars(text("SELECT version_num FROM alembic_version")))
    known, heads = revisions(migrations)
    return Dependency(Condition.DEGRADED, "not migrated") if applied <= known - heads else UP


@lru_cache(maxsize=4)
def revisions(migrations: Path) -> tuple[frozenset[str], frozenset[str]]:
    """All the revisions that this version knows, and the newest of them."""
    scripts = ScriptDirectory(str(migrations))
    return frozenset(each.revision for each in scripts.walk_revisions()), frozenset(scripts.get_heads())


def check_redis(redis: Redis) -> Dependency:
    redis.ping()
    return UP


def check_workers(redis: Redis, engine: Engine, at: datetime) -> Dependency:
    """Whether a worker is there (RQ forgets those that stop saying so) and work does not wait for long."""
    if not any(redis.exists(key) for key in redis.smembers(WORKERS)):
        return Dependency(Condition.DOWN, "no worker")
    try:
        with engine.connect() as connection:
            oldest = connection.scalar(text(OLDEST_WAITING))
    except SQLAlchemyError:
        return UP  # there is one; that the database is down is said where it belongs
    late = oldest is not None and at - oldest.astimezone(UTC) > LONG_WAIT
    return Dependency(Condition.DEGRADED, "work waits") if late else UP


def check_storage(storage: Storage) -> Dependency:
    """Whether a file can be written, or what was written be read, where files are kept."""
    try:
        soon = storage.check()
    except StorageDown as problem:
        return Dependency(Condition.DOWN, problem.reason)
    return Dependency(Condition.DEGRADED, soon) if soon else UP


def find_backlog(at: datetime) -> list[Backlog]:
    """The work that is not finished, by queue and state."""
    execute(f"SET LOCAL statement_timeout = {PATIENCE * 1000:.0f}")
    found = rows(
        "SELECT queue, state, count(*) AS jobs, min(created_at) AS oldest FROM job_outbox"
        " WHERE state IN ('waiting', 'queued', 'running') GROUP BY queue, state"
    )
    return [Backlog(row.queue, row.state, row.jobs, max((at - row.oldest).total_seconds(), 0.0)) for row in found]


def find_ingest_lag(at: datetime) -> float | None:
    """Seconds since any site last reported; None when none ever did. Needs the walls open."""
    newest = rows("SELECT max(last_report_at) AS newest FROM sites WHERE deleted_at IS NULL")[0].newest
    return None if newest is None else max((at - newest).total_seconds(), 0.0)


def find_feed_ages(at: datetime) -> list[FeedAge]:
    """The release feeds by state and line, with the ages of the stalest and the freshest."""
    return [FeedAge(row.state, row.line, row.feeds, _age(row.oldest, at), _age(row.newest, at)) for row in find_ages()]


def find_source_ages(at: datetime) -> list[SourceAge]:
    """The sources of advisories that were ever asked, with the age of each."""
    return [SourceAge(row.source, row.state, _age(row.fetched_at, at)) for row in find_advisory_ages()]


def _age(moment: datetime | None, at: datetime) -> float | None:
    return None if moment is None else max((at - moment).total_seconds(), 0.0)


def queue_lengths(redis: Redis) -> Mapping[str, int]:
    """How many jobs lie in each of RQ's queues; nothing while Redis is down."""
    try:
        keys = [key if isinstance(key, str) else key.decode() for key in redis.smembers(QUEUES)]
        names = [key.rpartition(":")[2] for key in keys]
        return {name: int(redis.llen(QUEUE.format(name))) for name in sorted(names)}
    except RedisError as problem:
        log().warning("queues_unknown", kind=type(problem).__name__)
        return {}
