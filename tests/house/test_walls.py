"""The second wall: row-level security holds where the first one is bypassed."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from tests import factories
from webapp.kit.db import Base, db, enter_scope, rows, scope_of
from webapp.rooms import BLUEPRINTS

assert BLUEPRINTS  # with the rooms, all their tables are known
TENANT = sorted(table.name for table in Base.metadata.sorted_tables if "organization_id" in table.columns or table.name == "organizations")


def test_every_tenant_table_is_walled_and_the_wall_is_forced(app):
    with app.app_context():
        found = rows("SELECT relname, relrowsecurity AND relforcerowsecurity AS walled FROM pg_class WHERE relname = ANY(:names)", names=TENANT)
    assert {row.relname: row.walled for row in found} == dict.fromkeys(TENANT, True)


def test_the_application_owns_nothing_and_is_no_superuser(app):
    with app.app_context():
        role = rows("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")[0]
        owned = rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
    assert (role.rolsuper, role.rolbypassrls, owned) == (False, False, [])


def test_without_a_scope_nothing_is_seen(app, cast):
    with factories.writing(app):
        factories.reported(factories.site(cast.organization), {"webform": "6.2.7"})
    with app.app_context():
        seen = {table: rows(f"SELECT count(*) AS n FROM {table}")[0].n for table in TENANT}
    assert seen == dict.fromkeys(TENANT, 0)


def test_one_organization_sees_only_its_own(app, cast):
    with factories.writing(app):
        ours, theirs = factories.site(cast.organization), factories.site(cast.elsewhere)
        for site in (ours, theirs):
            factories.reported(site, {"webform": "6.2.7"})
    with app.app_context():
        enter_scope(scope_of([cast.organization.id]))
        for table in ("sites", "installations", "version_changes", "inventory_reports", "memberships"):
            places = {row.organization_id for row in rows(f"SELECT DISTINCT organization_id FROM {table}")}
            assert places == {cast.organization.id}, table


def test_nobody_writes_across_the_wall(app, cast):
    with app.app_context(), pytest.raises(DBAPIError, match="row-level security"):
        enter_scope(scope_of([cast.organization.id]))
        db.session.execute(text("INSERT INTO sites (id, organization_id, name, url, created_at, updated_at)"
                                " VALUES (gen_random_uuid(), :place, 'x', 'https://x.example', now(), now())"), {"place": cast.elsewhere.id})


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "DELETE FROM inventory_reports",
                                       "UPDATE inventory_reports SET outcome = 'x'", "SELECT 1 FROM audit_log_default"])
def test_append_only_tables_and_partitions_are_closed_to_the_application(app, statement):
    with app.app_context(), pytest.raises(DBAPIError, match="permission denied"):
        db.session.execute(text(statement))


def test_intervals_of_a_module_never_overlap_whatever_writes_them(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
        factories.reported(site, {"webform": "6.2.7"}, at=factories.ago(hours=2))
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool)
    copy = ("INSERT INTO installations (organization_id, site_id, module_id, version, type, source, installed_at, valid_from, valid_to)"
            " SELECT organization_id, site_id, module_id, '1.0', type, source, installed_at, valid_from, valid_from + interval '1 hour'"
            " FROM installations")
    with engine.connect() as connection, pytest.raises(DBAPIError, match="ex_installations_no_overlap"):
        connection.execute(text("SELECT set_config('patchboard.organizations', 'all', false)"))
        connection.execute(text(copy))
