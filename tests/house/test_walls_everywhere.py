"""The second wall where the first is gone: every table, every kind of statement, and every door.

With the scope of one organization, nothing of another is read, changed, removed or added, whatever SQL or the ORM is asked; and a
`visible_…` that forgets its WHERE shows nobody what is not theirs.
"""

from __future__ import annotations

import sys

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests.house.authorization import Kitchen, ask, cell, routes_of
from tests.house.world import World
from webapp.kit.db import ALL, Base, db, enter_scope, execute, rows, scope_of
from webapp.kit.permissions import SYSTEM
from webapp.rooms import BLUEPRINTS

assert BLUEPRINTS  # with the rooms, all their tables are known
TENANT = sorted(table.name for table in Base.metadata.sorted_tables if "organization_id" in table.columns)
CLASSES = sorted((mapper.class_ for mapper in Base.registry.mappers if "organization_id" in mapper.columns), key=lambda each: each.__name__)
# People belong to no organization (one may be in several), so that their table has no wall but that of their memberships.
ONE_WALL = {"public", "user.read", "user.manage"}


@pytest.fixture
def world(app):
    return World(app)


@pytest.fixture
def theirs(app, world):
    """Within the scope of another organization, in a transaction that is rolled back."""
    with app.app_context():
        enter_scope(scope_of([world.cast.elsewhere.id]))
        yield world.cast.organization.id
        db.session.rollback()


def attempted(statement, **values):
    """How many rows it touched; a statement that the application's role may not make at all touches none."""
    point = db.session.begin_nested()
    try:
        done = execute(statement, **values)
    except DBAPIError as problem:
        assert "permission denied" in str(problem.orig), str(problem.orig)
        point.rollback()
        return 0
    point.commit()
    return done


def filled(app, organization_id):
    """The tables in which the organization has rows."""
    with app.app_context():
        enter_scope(ALL)
        return {table for table in TENANT if rows(f"SELECT 1 FROM {table} WHERE organization_id = :place LIMIT 1", place=organization_id)}


def test_the_world_fills_the_tables(app, world):
    """What is not filled is not tested: a new table needs its row in tests/house/world.py."""
    empty = set(TENANT) - filled(app, world.cast.organization.id)
    assert len(empty) <= len(TENANT) // 2, sorted(empty)
    assert {"sites", "installations", "version_changes", "inventory_reports", "patch_runs", "memberships", "api_keys", "reports",
            "audit_log"} <= set(TENANT) - empty


def test_statements_reach_nothing_of_another_organization(app, theirs):
    for table in TENANT:
        assert rows(f"SELECT 1 FROM {table} WHERE organization_id = :place", place=theirs) == [], table
        assert rows(f"SELECT 1 FROM {table} WHERE organization_id <> ALL (SELECT id FROM organizations)") == [], table
        for verb in (f"UPDATE {table} SET organization_id = organization_id", f"DELETE FROM {table}"):
            assert attempted(f"{verb} WHERE organization_id = :place", place=theirs) == 0, verb


def test_what_looks_at_all_rows_touches_only_ones_own(app, theirs):
    """Without any WHERE: the change that somebody forgot to limit."""
    for table in TENANT:
        attempted(f"UPDATE {table} SET organization_id = organization_id")
    enter_scope(ALL)
    for table in TENANT:
        changed = rows(f"SELECT DISTINCT organization_id FROM {table} WHERE xmin::text = (txid_current() % (2^32)::bigint)::text")
        assert theirs not in {row.organization_id for row in changed}, table


def test_the_orm_loads_nothing_of_another_organization(app, theirs):
    for kind in CLASSES:
        found = db.session.scalars(select(kind)).unique().all()
        assert theirs not in {each.organization_id for each in found}, kind.__name__


WRITTEN = """
SELECT attname FROM pg_attribute WHERE attrelid = CAST(:table AS regclass) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def test_nothing_is_added_to_another_organization(app, world):
    """A copy of each table's row, put back under the scope of somebody else."""
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=NullPool)
    refused = 0
    for table in sorted(filled(app, world.cast.organization.id)):
        with engine.connect() as connection, connection.begin() as transaction:
            connection.execute(text("SELECT set_config('patchboard.organizations', 'all', true)"))
            connection.execute(text(f"CREATE TEMP TABLE copied ON COMMIT DROP AS SELECT * FROM {table} WHERE organization_id = :place LIMIT 1"),
                               {"place": world.cast.organization.id})
            connection.execute(text("SELECT set_config('patchboard.organizations', :scope, true)"), {"scope": str(world.cast.elsewhere.id)})
            if table == "audit_log":  # what somebody tried on another organization is written there, and read by those who run it
                transaction.rollback()
                continue
            names = ", ".join(connection.scalars(text(WRITTEN), {"table": table}))
            with pytest.raises(DBAPIError, match=r"row-level security|permission denied"):
                connection.execute(text(f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM copied"))
            refused += 1
            transaction.rollback()
    assert refused > 8


def test_nothing_is_moved_to_another_organization(app, theirs, world):
    mine = world.cast.elsewhere.id
    assert rows("SELECT 1 FROM memberships WHERE organization_id = :place", place=mine) != []
    with pytest.raises(DBAPIError, match="row-level security"):
        execute("UPDATE memberships SET organization_id = :there WHERE organization_id = :here", there=theirs, here=mine)


def forget_every_where(monkeypatch):
    """Every `visible_…` of the application answers as if it were asked by the system itself."""
    forgotten = 0
    for name, module in list(sys.modules.items()):
        if not name.startswith("webapp."):
            continue
        for word, verb in list(vars(module).items()):
            if word.startswith("visible_") and callable(verb) and getattr(verb, "__module__", "").endswith("policy"):
                monkeypatch.setattr(module, word, lambda actor, *rest, verb=verb, **more: verb(SYSTEM, *rest, **more))
                forgotten += 1
    return forgotten


@pytest.mark.slow
def test_a_where_that_was_forgotten_leaks_nothing_through_the_doors(app, world, monkeypatch):
    kitchen = Kitchen(app)
    assert forget_every_where(monkeypatch) > 10
    leaks = {}
    for route in routes_of(app):
        said = cell(world, ask(world, kitchen, route, "stranger"))
        if said[:1] == "2" and not said.endswith("-") and route.door.needs.value not in ONE_WALL:
            leaks[route.name] = said
    assert leaks == {}
