"""What all tests share: one migrated database of their own for the run, emptied after each test, and clients that speak JSON."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from tests.databases import drop_database

for _name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL"):
    if f"TEST_{_name}" in os.environ:
        os.environ[_name] = os.environ[f"TEST_{_name}"]
os.environ["ENVIRONMENT"] = "test"
if "PYTEST_XDIST_WORKER" in os.environ and os.environ.get("REDIS_URL"):  # each process empties a Redis database of its own
    os.environ["REDIS_URL"] = re.sub(r"/\d*$", "", os.environ["REDIS_URL"]) + f"/{int(os.environ['PYTEST_XDIST_WORKER'][2:]) + 2}"
os.environ.setdefault("SECRET_KEY", "a key for tests only, at least thirty-two characters")
os.environ.setdefault("MIGRATION_DATABASE_URL", os.environ.get("DATABASE_URL", ""))
NEEDS_DATABASE = {"app", "client", "cast", "database"}
# The same examples each time, however long one takes: who looks for new ones says so (`--hypothesis-profile=default`).
PATIENT = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("steady", derandomize=True, database=None, deadline=None, print_blob=True, suppress_health_check=PATIENT)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes minutes begins first, so that no process is left with it when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


@pytest.fixture(scope="session")
def database() -> Iterator[dict[str, str]]:
    """The addresses of a new database for this run, dropped at its end; with TEST_DATABASE_TEMPLATE a copy of that one."""
    if not os.environ.get("DATABASE_URL"):
        pytest.skip("no database: run the tests with `make test`")
    owner = make_url(os.environ["MIGRATION_DATABASE_URL"])
    name = f"patchboard_test_{secrets.token_hex(4)}"
    server = create_engine(owner, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {os.environ.get('TEST_DATABASE_TEMPLATE', 'template1')}"))
    addresses = {key: make_url(os.environ[key]).set(database=name).render_as_string(hide_password=False)
                 for key in ("DATABASE_URL", "MIGRATION_DATABASE_URL")}
    before = {key: os.environ[key] for key in addresses}
    os.environ.update(addresses)
    yield addresses
    os.environ.update(before)  # mutmut runs the tests several times in one process
    with server.connect() as connection:
        drop_database(connection, name)


@pytest.fixture(scope="session")
def monkeypatch_session() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patched:
        yield patched


@pytest.fixture(scope="session")
def app(database: dict[str, str], tmp_path_factory: pytest.TempPathFactory, monkeypatch_session: pytest.MonkeyPatch) -> Iterator[Any]:
    """The application, on a migrated database, with limits that never strike.

    With HOLD_ANSWERS=1 whatever it answers to any test is held against its OpenAPI document.
    """
    from tests.house.agreement import watch
    from webapp import create_app

    storage = tmp_path_factory.mktemp("storage")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("webapp.kit.redis.WAIT", 60.0)  # a Redis that is slow on a busy machine is not away
        application = create_app({"LIMITS_ENABLED": False, "STORAGE_DIR": str(storage), "TESTING": True})
    for limit in ("webapp.ops.queries.health.PATIENCE", "webapp.ops.api.graph.asking.SECONDS", "webapp.kit.mail.PATIENCE"):
        monkeypatch_session.setattr(limit, 60.0)  # nor is anything else down
    if "TEST_DATABASE_TEMPLATE" not in os.environ:
        application.test_cli_runner().invoke(args=["init-db"], catch_exceptions=False)
    if os.environ.get("HOLD_ANSWERS"):
        watch(application)
    with application.app_context():
        from webapp.kit.db import db

        db.engine.pool._timeout = 120  # fifty at once share sixteen connections, and each may wait for its turn
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def _empty_afterwards(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leaves nothing behind for the next test."""
    yield
    if NEEDS_DATABASE & set(request.fixturenames) and "app" in request.fixturenames:
        empty(request.getfixturevalue("app"))


# Walls that let nobody delete, the owner neither: of what is only ever added to.
ADDED_TO = """
SELECT c.relname FROM pg_class c WHERE c.relforcerowsecurity AND c.relname = ANY(:names)
    AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('*', 'd'))
"""


def empty(app: Any) -> None:
    """Empties every table and Redis.

    Rows are deleted where there are any: to truncate makes new files for every table, partition and index, and takes longer than
    most tests.
    """
    from webapp.kit.db import ALL, Base
    from webapp.kit.redis import redis

    names = [table.name for table in reversed(Base.metadata.sorted_tables)]
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('patchboard.organizations', :all, true), set_config('patchboard.person', :all, true)"), {"all": ALL})
        found = set(connection.scalars(text(filled)))
        walled = set(connection.scalars(text(ADDED_TO), {"names": list(found)}))
        for name in (each for each in names if each in found):  # what refers to another table before that one
            if name in walled:
                connection.execute(text(f"ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY"))
            connection.execute(text(f"DELETE FROM {name}"))
            if name in walled:
                connection.execute(text(f"ALTER TABLE {name} FORCE ROW LEVEL SECURITY"))
    with app.app_context():
        redis().flushdb()


@pytest.fixture
def client(app: Any) -> Any:
    """A caller who is nobody known."""
    from tests.cast import Caller

    return Caller(app)


@pytest.fixture
def cast(app: Any) -> Any:
    """An admin, a member and a viewer of one organization, a stranger who administers another, and a superuser."""
    from tests.cast import gather

    return gather(app)
