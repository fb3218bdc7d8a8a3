"""Servers that stay when the command that started them is gone, for work on the code."""

from __future__ import annotations

from pathlib import Path

from webapp.kit.local import state
from webapp.kit.local.cluster import APP, DATABASE, OWNER
from webapp.kit.local.postgres import Postgres
from webapp.kit.local.redis import Redis

TEST_DATABASE = f"{DATABASE}_test"


def servers(instance: Path, prefix: str) -> tuple[Postgres, Redis]:
    """The two servers for work on the code, with a second database for tests."""
    return (
        Postgres(instance / f"{prefix}postgres", throwaway=True, databases=(DATABASE, TEST_DATABASE)),
        Redis(instance / f"{prefix}redis"),
    )


def up(instance: Path = state.INSTANCE, prefix: str = "dev-") -> dict[str, str]:
    """Starts both servers in the background and answers with their addresses, also kept in `instance/local.json`."""
    postgres, redis = servers(instance, prefix)
    postgres.start(stay=True)
    redis.start(stay=True)
    known = {
        "DATABASE_URL": postgres.url(APP),
        "MIGRATION_DATABASE_URL": postgres.url(OWNER),
        "REDIS_URL": redis.url(),
        "SECRET_KEY": state.secret_key(instance),
        "TEST_DATABASE_URL": postgres.url(APP, TEST_DATABASE),
        "TEST_MIGRATION_DATABASE_URL": postgres.url(OWNER, TEST_DATABASE),
        "TEST_REDIS_URL": redis.url(1),
    }
    state.remember(known, instance)
    return known


def down(instance: Path = state.INSTANCE, prefix: str = "dev-") -> list[str]:
    """Stops both servers and says which were running; their data stays."""
    postgres, redis = servers(instance, prefix)
    return [name for name, server in (("PostgreSQL", postgres), ("Redis", redis)) if server.stop_by_pid()]
