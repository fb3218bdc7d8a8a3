"""What the tests of the doors at the root share."""

from __future__ import annotations

from pathlib import Path

import pytest

from webapp.kit.redis import connect
from webapp.kit.storage import Disk
from webapp.ops.queries import CHECKS, Checks


@pytest.fixture
def new_checks(app, monkeypatch):
    """Makes checks for this test alone, with other addresses than the right ones where it names them."""

    def make(database: str | None = None, redis: str | None = None, storage: str | Path | None = None) -> Checks:
        config = app.config
        made = Checks(
            database or config["SQLALCHEMY_DATABASE_URI"],
            connect(redis or config["REDIS_URL"]),
            Disk(storage or config["STORAGE_DIR"]),
            Path(app.extensions["migrate"].directory),
        )
        monkeypatch.setitem(app.extensions, CHECKS, made)
        return made

    return make


@pytest.fixture(autouse=True)
def _fresh(new_checks):
    """No answer of an earlier test is still good."""
    new_checks()


@pytest.fixture
def worker(app):
    """A worker, as RQ writes it down."""
    client = connect(app.config["REDIS_URL"])
    client.sadd("rq:workers", "rq:worker:one")
    client.hset("rq:worker:one", "last_heartbeat", "2026-11-22T00:00:00.000000Z")
    return client
