"""Cursors: while rows come and go, no row that was there throughout is lost or met twice; and no cursor fits where it was not made."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests import factories
from webapp.kit.ids import new_id

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
LISTS = {
    "audit": ("/audit-logs?organization_id={org}&action=test.paged", "at", "audit_log",
              "(id, at, organization_id, actor_kind, actor_label, action, resource_type, status, changes)"
              " SELECT :id, :at, :org, 'system', 'system', 'test.paged', 'site', 'success', '{}' WHERE :site <> :id"),
    "runs": ("/patch-runs?site_id={site}", "started_at", "patch_runs",
             "(id, started_at, organization_id, site_id, status, trigger, created_at, updated_at)"
             " VALUES (:id, :at, :org, :site, 'success', 'manual', :at, :at)"),
    "runs of a site": ("/sites/{site}/patch-run?", "started_at", "patch_runs",
                       "(id, started_at, organization_id, site_id, status, trigger, created_at, updated_at)"
                       " VALUES (:id, :at, :org, :site, 'success', 'manual', :at, :at)"),
    "history": ("/sites/{site}/history?", "at", "version_changes",
                "(id, at, organization_id, site_id, module_id, kind, source)"
                " VALUES (:id, :at, :org, :site, (SELECT min(id) FROM modules), 'added', 'report')"),
    "sent": ("/sites/{site}/inventory-reports?", "received_at", "inventory_reports",
             "(id, received_at, organization_id, site_id, formats, bytes, outcome)"
             " VALUES (:id, :at, :org, :site, '{}', 1, 'unchanged')"),
}
PLACES = st.lists(st.integers(0, 3), min_size=0, max_size=9)
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove"]), st.integers(0, 4)), max_size=5)


@pytest.fixture
def owner(app):
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SELECT set_config('patchboard.organizations', 'all', false)"))
        yield connection


class Rows:
    """Rows of one list, written past the application."""

    def __init__(self, owner, name, org, site):
        self.owner, self.org, self.site = owner, org, site
        self.path, self.time, self.table, self.values = LISTS[name]
        self.path = self.path.format(org=org, site=site)
        self.ids = []
        owner.execute(text(f"DELETE FROM {self.table} WHERE organization_id = :org"), {"org": org})

    def add(self, minutes):
        """One more, at one of a few times, so that many share theirs."""
        row = new_id()
        self.owner.execute(text(f"INSERT INTO {self.table} {self.values}"),
                           {"id": row, "at": START + timedelta(minutes=minutes), "org": self.org, "site": self.site})
        self.ids.append(str(row))

    def remove(self, number):
        if self.ids:
            row = self.ids.pop(number % len(self.ids))
            self.owner.execute(text(f"DELETE FROM {self.table} WHERE id = :id"), {"id": row})


@pytest.fixture
def place(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
        factories.reported(site, {"webform": "6.2.7"})
        return cast.organization.id, site.id


@pytest.mark.parametrize("falling", [True, False], ids=["newest first", "oldest first"])
@pytest.mark.parametrize("name", LISTS)
@settings(max_examples=12)
@given(places=PLACES, steps=STEPS, size=st.integers(1, 4))
def test_no_row_is_lost_or_met_twice(cast, owner, place, name, falling, places, steps, size):
    rows = Rows(owner, name, *place)
    for minutes in places:
        rows.add(minutes)
    throughout, met, cursor, turns = set(rows.ids), [], "", list(steps)
    path = f"{rows.path}&per_page={size}&sort={'-' if falling else ''}{rows.time}"
    while cursor is not None:
        answer = cast.admin.get(f"{path}&cursor={cursor}")
        assert answer.status_code == 200, answer.json
        met += [(row[rows.time], row["id"]) for row in answer.json["data"]]
        cursor = answer.json["meta"]["next_cursor"]
        if turns:
            kind, number = turns.pop()
            getattr(rows, kind)(number)
    throughout &= set(rows.ids)
    ids = [row for _, row in met]
    assert len(ids) == len(set(ids))
    assert throughout <= set(ids)
    assert met == sorted(met, reverse=falling)


@pytest.fixture
def paged(cast, owner, place):
    rows = Rows(owner, "runs", *place)
    for minutes in range(5):
        rows.add(minutes)
    return rows


def cursor_of(cast, path):
    return cast.admin.get(path).json["meta"]["next_cursor"]


def test_a_list_by_pages_gives_a_cursor_that_goes_on_where_the_page_ends(cast, paged):
    first = cast.admin.get(f"{paged.path}&per_page=2").json
    rest = cast.admin.get(f"{paged.path}&per_page=200&cursor={first['meta']['next_cursor']}").json
    assert [row["id"] for row in first["data"] + rest["data"]] == paged.ids[::-1]
    assert rest["meta"]["next_cursor"] is None
    assert rest["links"]["next"] is None


def test_a_cursor_fits_only_its_list_its_filters_and_its_order(cast, paged):
    cursor = cursor_of(cast, f"{paged.path}&per_page=2")
    assert cast.admin.get(f"{paged.path}&cursor={cursor}&per_page=100").status_code == 200
    for other in (f"{paged.path}&status=success", f"{paged.path}&sort=started_at", f"/patch-runs?organization_id={paged.org}",
                  f"/sites/{paged.site}/patch-run?", f"/sites/{paged.site}/history?"):
        refused = cast.admin.get(f"{other}&cursor={cursor}")
        assert (refused.status_code, refused.json["details"][0]["field"]) == (422, "cursor"), other


def test_a_cursor_fits_the_list_s_own_order_written_out_or_not(cast, paged):
    plain, written = paged.path, f"{paged.path}&sort=-started_at"
    for first, then in ((plain, written), (written, plain)):
        cursor = cursor_of(cast, f"{first}&per_page=2")
        rest = cast.admin.get(f"{then}&cursor={cursor}")
        assert [row["id"] for row in rest.json["data"]] == paged.ids[2::-1]


@pytest.mark.parametrize(("size", "meta"), [("", {"per_page": 50}), ("&per_page=2", {"per_page": 2}), ("&limit=2", {"limit": 2})])
def test_after_a_cursor_nobody_says_how_many_came_before(cast, paged, size, meta):
    cursor = cursor_of(cast, f"{paged.path}&per_page=1")
    for each in ("", cursor):
        told = cast.admin.get(f"{paged.path}&cursor={each}{size}").json["meta"]
        assert told == {"total": 5, "next_cursor": told["next_cursor"], **meta}


@pytest.mark.parametrize("more", ["page=1", "skip=0", "sort=status", "sort=-started_at,status"])
def test_a_cursor_is_not_mixed_with_other_ways_of_going_on(cast, paged, more):
    assert cast.admin.get(f"{paged.path}&cursor=&{more}").status_code == 422


def test_a_forged_cursor_is_refused(cast, paged):
    cursor = cursor_of(cast, f"{paged.path}&per_page=2")
    whole = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    forged = [cursor[:-2], cursor + "AAAA", cursor[::-1], "é", "%00", "-", "AAAA", "[]", base64.urlsafe_b64encode(whole[9:]).decode()]
    forged += [base64.urlsafe_b64encode(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]).decode() for at in range(0, len(whole), 7)]
    for each in forged:
        assert cast.admin.get(f"{paged.path}&cursor={each}").status_code == 422, each


@pytest.mark.parametrize("query", ["page=1&page=2", "page=1_0", "page=%D9%A1", "page=1.0", "page=+1", "per_page=", "limit=1e1", "page=2&skip=1",
                                   "per_page=5&limit=5", "sort=name&sort=-name", "q=%00", "name=a%00b", "format=CSV", "include_deleted=yes"])
def test_parameters_that_cannot_be_meant(cast, query):
    assert cast.admin.get(f"/sites?{query}").status_code == 422, query


def test_deleted_ones_are_for_admins(app, cast, place):
    site = f"/sites/{place[1]}"
    assert cast.admin.delete(site).status_code == 200
    assert cast.admin.get(site).status_code == 404
    shown = cast.admin.get(site, include_deleted="true")
    assert (shown.status_code, shown.json["data"]["is_active"]) == (200, False)
    assert cast.stranger.get(site, include_deleted="true").status_code == 404
    for person in (cast.viewer, cast.member):
        assert person.get(site, include_deleted="true").status_code == 403
        assert person.get("/sites", include_deleted="true").status_code == 403
        assert person.get("/sites", include_deleted="false").status_code == 200
    assert cast.admin.get(site, include_deleted="perhaps").status_code == 422
