"""Filling the database: organizations, sites, keys, what is installed and how it came there, set-based."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values, register_uuid

from tests.bench import fleet, seed_sql
from tests.bench.fleet import PROFILES, Site
from tests.factories import HASH
from webapp.accounts.values import PREFIX_LENGTH, digest_of
from webapp.fleet.actions.inventory import packed
from webapp.fleet.values import EVERYTHING
from webapp.kit.ids import new_id

ORGANIZATIONS = 8
EMAIL = "bench@example.com"
AGE = timedelta(days=2)
"""How long ago the newest report of the seed came; the one before, with 15 older versions, ten times as long ago."""
EARLIER = 10 * AGE
GONE = "0.9.0"
ENVIRONMENTS, CRITICALITIES = ("production", "staging", "development"), ("high", "normal", "low")
PORTION = 10_000


def site_at(number: int, site_id: Any = "", organization_id: Any = "") -> Site:
    """A site with its key, which follows from its number."""
    return Site(number, str(site_id), str(organization_id), f"pb_{number:08d}_{'bench' * 7}")


def seed(connection: Connection, count: int, server_key: str) -> list[Site]:
    """Fills an empty, migrated database with `count` sites; gives those that are there where it is not empty."""
    register_uuid(None, connection)
    connection.autocommit = True
    with connection.cursor() as cursor:
        found = _known(cursor)
        if not found:
            cursor.execute("BEGIN")
            _fill(cursor, count, server_key)
            cursor.execute("COMMIT")
            cursor.execute("VACUUM (ANALYZE)")
            cursor.execute("CHECKPOINT")
            found = _known(cursor)
    return found


def reports_beyond_seed(connection: Connection, sites: Sequence[Site]) -> int:
    """How many changed reports these sites have sent since they were seeded, in an earlier measurement."""
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT set_config('patchboard.organizations', 'all', true)")
        cursor.execute(
            "SELECT count(*) FROM inventory_reports WHERE outcome = 'accepted' AND site_id = ANY(%s::uuid[])",
            ([site.id for site in sites],),
        )
        return int(cursor.fetchone()[0]) - 2 * len(sites)


def _known(cursor: Cursor) -> list[Site]:
    cursor.execute("SELECT substring(name FROM 7)::int, id, organization_id FROM sites ORDER BY name")
    return [site_at(*row) for row in cursor.fetchall()]


def _fill(cursor: Cursor, count: int, server_key: str) -> None:
    now = datetime.now(UTC)
    values = {"at": now - AGE, "earlier": now - EARLIER, "gone": GONE, "speaks": sorted(EVERYTHING)}
    cursor.execute(seed_sql.TABLES)
    organizations = _people(cursor, values["at"])
    _catalogue(cursor, values["earlier"])
    _sites(cursor, count, organizations, values["at"])
    _keys(cursor, count, server_key, values["at"])
    cursor.execute("ANALYZE bench_profiles, bench_sites, bench_documents, sites")
    for statement in (seed_sql.RUNS, seed_sql.UPDATES, seed_sql.REPORTS, seed_sql.ADDED, seed_sql.MOVED, seed_sql.AUDITED):
        cursor.execute(statement, values)
    _installations(cursor, values)


def _insert(cursor: Cursor, statement: str, rows: Sequence[Any]) -> None:
    execute_values(cursor, statement, rows, page_size=PORTION)


def _people(cursor: Cursor, at: datetime) -> list[Any]:
    """The organizations, and somebody who administers all of them."""
    organizations, person = [new_id() for _ in range(ORGANIZATIONS)], new_id()
    rows = [(each, f"Agency {place}", f"agency-{place}", at, at) for place, each in enumerate(organizations)]
    _insert(cursor, "INSERT INTO organizations (id, name, slug, created_at, updated_at) VALUES %s", rows)
    cursor.execute(seed_sql.USER, (person, EMAIL, HASH, at, at))
    members = [(each, person, "admin", at) for each in organizations]
    _insert(cursor, "INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES %s", members)
    return organizations


def _catalogue(cursor: Cursor, at: datetime) -> None:
    """Modules with the versions of state 0, the profiles, and the document of each profile's report."""
    rows = [(new_id(), name, at) for name in fleet.catalogue()]
    _insert(cursor, "INSERT INTO modules (public_id, name, first_seen_at) VALUES %s", rows)
    cursor.execute("SELECT name, id FROM modules")
    ids = dict(cursor.fetchall())
    profiles = []
    for profile in range(PROFILES):
        for place, each in enumerate(fleet.module(profile, place, 0) for place in range(fleet.MODULES)):
            said = (each["latest_version"], each["recommended_version"], each["update_available"], each["security_update"])
            facts = (each["version"], each["type"], each["project"], each["display_name"])
            profiles.append((profile, place, ids[each["name"]], *facts, *said, place < fleet.MOVED))
    _insert(cursor, "INSERT INTO bench_profiles VALUES %s", profiles)
    cursor.execute(seed_sql.VERSIONS, (at, GONE))
    reports = [(each, len(fleet.body(each, 0)), packed(fleet.report(each, 0))) for each in range(PROFILES)]
    _insert(cursor, "INSERT INTO bench_documents VALUES %s", reports)


def _sites(cursor: Cursor, count: int, organizations: list[Any], at: datetime) -> None:
    rows = [_site(number, organizations[number % ORGANIZATIONS], at) for number in range(count)]
    _insert(cursor, seed_sql.SITES, rows)
    _insert(
        cursor, "INSERT INTO bench_sites VALUES %s", [(row[0], number % PROFILES, new_id(), new_id()) for number, row in enumerate(rows)]
    )


def _site(number: int, organization_id: Any, at: datetime) -> tuple[Any, ...]:
    numbers = fleet.numbers(number % PROFILES, 0)
    digest = hashlib.sha256(fleet.body(number % PROFILES, 0)).digest()
    about = (f"Bench {number:05d}", f"https://site{number}.example.com", ENVIRONMENTS[number % 3], CRITICALITIES[number % 7 % 3])
    told = ("10.0.0", "8.3.14", "mysql 8.0.39", "standard")
    counts = (numbers[each] for each in ("modules_count", "updates_count", "security_updates_count", "unjudged_count", "condition"))
    return (new_id(), organization_id, *about, at, at + timedelta(days=30), *told, at, digest, new_id(), at, at, at, *counts)


def _keys(cursor: Cursor, count: int, server_key: str, at: datetime) -> None:
    keys = [(number, site_at(number).key) for number in range(count)]
    rows = [(number, new_id(), key[:PREFIX_LENGTH], digest_of(key, server_key)) for number, key in keys]
    _insert(cursor, "INSERT INTO bench_keys VALUES %s", rows)
    cursor.execute(seed_sql.KEYS, {"at": at})


def _installations(cursor: Cursor, values: dict[str, Any]) -> None:
    """What is and was installed; the indexes are built afterwards, which takes a fraction of the time."""
    cursor.execute(seed_sql.NO_OVERLAP)
    constraint = cursor.fetchone()[0]
    cursor.execute(seed_sql.INDEXES)
    indexes = cursor.fetchall()
    cursor.execute("ALTER TABLE installations DROP CONSTRAINT ex_installations_no_overlap")
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    cursor.execute(seed_sql.PAST, values)
    cursor.execute(seed_sql.PRESENT, values)
    for _, definition in indexes:
        cursor.execute(definition)
    cursor.execute(f"ALTER TABLE installations ADD CONSTRAINT ex_installations_no_overlap {constraint}")
