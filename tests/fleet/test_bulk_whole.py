"""Every operation on many sites: a dry run tells just what the real one then does, and 500 sites cost as few statements as 10."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests import factories
from tests.house.test_query_counts import counted
from webapp.kit.db import ALL, enter_scope, rows

FIELDS = ("tags", "team_id", "owner_id", "criticality", "is_active")


@pytest.fixture
def sites(app, cast):
    """Sites of which some have already what the operations below give; the last is deleted."""
    team = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    with factories.writing(app):
        mine = {"team_id": team, "owner_id": cast.member.id, "tags": ["spring"], "criticality": "low"}
        ids = [str(factories.site(cast.organization, **each).id) for each in ({}, mine, {"tags": ["a", "b"]}, {"criticality": "low"}, {})]
    cast.admin.delete(f"/sites/{ids[-1]}")
    return team, ids


def operations(cast, team):
    return {"tag": {"tags": ["spring", "b"]}, "untag": {"tags": ["spring", "a"]}, "assign_team": {"team_id": team}, "drop_team": {"team_id": None},
            "assign_owner": {"owner_id": cast.member.id}, "drop_owner": {"owner_id": None}, "set_criticality": {"criticality": "low"},
            "delete": {}, "restore": {}}


def body_of(cast, name, team, ids):
    operation = {"drop_team": "assign_team", "drop_owner": "assign_owner"}.get(name, name)
    chosen = ids if name == "restore" else ids[:-1]
    return {"operation": operation, "ids": chosen, **operations(cast, team)[name]}


def state(app):
    """All that a write could leave, wherever it is."""
    with app.app_context():
        enter_scope(ALL)
        found = rows("SELECT id::text, tags, team_id::text, owner_id::text, criticality, deleted_at IS NULL AS is_active, updated_at"
                     " FROM sites ORDER BY id")
        audit = rows("SELECT count(*) AS n FROM audit_log")[0].n
        return {row.id: dict(row._mapping) for row in found}, audit


@pytest.mark.parametrize("name", ["tag", "untag", "assign_team", "drop_team", "assign_owner", "drop_owner", "set_criticality", "delete", "restore"])
def test_a_dry_run_writes_nothing_and_tells_what_the_real_one_does(app, cast, sites, name):
    team, ids = sites
    body, before = body_of(cast, name, team, ids), state(app)
    told = cast.admin.post("/sites/bulk", {**body, "dry_run": True})
    assert (told.status_code, state(app)) == (200, before)
    done = cast.admin.post("/sites/bulk", body)
    said, did = told.json["data"], done.json["data"]
    assert [row["id"] for row in said["sites"]] == [row["id"] for row in did["sites"]]
    assert (said["matched"], said["changed"], len(said["sites"])) == (did["matched"], did["changed"], said["changed"])
    assert said["changed"] > 0
    after, audit = state(app)
    assert audit - before[1] == said["changed"]
    for key, was in before[0].items():
        row = next((row for row in said["sites"] if row["id"] == key), None)
        changed = {field: [was[field], after[key][field]] for field in FIELDS if was[field] != after[key][field]}
        if row is None:
            assert after[key] == was
        elif name in ("delete", "restore"):
            assert (set(row["changes"]), list(changed)) == ({"deleted_at"}, ["is_active"])
        else:
            assert row["changes"] == changed
    again = cast.admin.post("/sites/bulk", body)
    assert again.status_code == 404 if name == "delete" else again.json["data"]["changed"] == 0


def test_a_team_lies_in_the_organization_of_every_site(app, cast, sites):
    team, ids = sites
    with factories.writing(app):
        foreign = str(factories.site(cast.elsewhere).id)
    other = cast.stranger.post("/teams", {"name": "Web", "organization_id": str(cast.elsewhere.id)}).json["data"]["id"]
    for chosen, wanted in ((ids[:2], other), ([ids[0], foreign], team)):
        refused = cast.root.post("/sites/bulk", {"operation": "assign_team", "team_id": wanted, "ids": chosen, "dry_run": True})
        assert (refused.status_code, refused.json["details"][0]["field"]) == (422, "team_id")
    assert cast.root.post("/sites/bulk", {"operation": "assign_team", "team_id": None, "ids": [ids[1], foreign]}).json["data"]["changed"] == 1
    assert cast.viewer.post("/sites/bulk", {"operation": "assign_team", "team_id": team, "ids": ids[:1]}).status_code == 403


def test_a_deleted_team_is_none_and_its_sites_come_back_with_it(cast, sites):
    team, ids = sites
    path = f"/sites/{ids[1]}"
    assert cast.viewer.get(path).json["data"]["team_id"] == team
    cast.admin.delete(f"/teams/{team}")
    assert cast.viewer.get(path).json["data"]["team_id"] is None
    assert cast.viewer.get("/sites", team_id=team).json["meta"]["total"] == 0
    assert cast.viewer.get("/sites", has_team="true").json["meta"]["total"] == 0
    assert cast.admin.patch(f"/sites/{ids[0]}", {"team_id": team}).json["details"][0]["field"] == "team_id"
    assert cast.admin.patch(path, {"team_id": None, "description": "x"}).status_code == 200
    assert cast.admin.post("/sites/bulk", {"operation": "assign_team", "team_id": None, "ids": ids[:4]}).json["data"]["changed"] == 0
    cast.admin.post(f"/teams/{team}/restore")
    assert cast.viewer.get(path).json["data"]["team_id"] == team
    assert cast.viewer.get("/sites", team_id=team).json["meta"]["total"] == 1
    assert cast.admin.patch(path, {"team_id": None}).json["data"]["team_id"] is None


def test_a_site_does_not_come_back_to_an_address_that_was_taken_and_a_dry_run_says_so(app, cast, sites):
    _, ids = sites
    with app.app_context():
        enter_scope(ALL)
        url = rows("SELECT url FROM sites WHERE id = :id", id=ids[-1])[0].url
    cast.admin.post("/sites", {"name": "Other", "url": url, "organization_id": str(cast.organization.id)})
    for dry in (True, False):
        assert cast.admin.post("/sites/bulk", {"operation": "restore", "ids": [ids[-1]], "dry_run": dry}).status_code == 409


def test_a_deleted_account_owns_nothing_new(cast, sites):
    _, ids = sites
    cast.root.delete(f"/users/{cast.member.id}")
    for answer in (cast.admin.post("/sites/bulk", {"operation": "assign_owner", "owner_id": cast.member.id, "ids": ids[:1]}),
                   cast.admin.patch(f"/sites/{ids[0]}", {"owner_id": cast.member.id})):
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "owner_id")


@pytest.mark.slow
@pytest.mark.parametrize("operation", [{"operation": "tag", "tags": ["x"]}, {"operation": "assign_team"}, {"operation": "delete"}])
def test_500_sites_cost_as_many_statements_as_10(app, cast, operation):
    team = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    costs = []
    for number in (10, 500):
        with factories.writing(app):
            ids = [str(factories.site(cast.organization).id) for _ in range(number)]
        body = {"ids": ids, **operation, **({"team_id": team} if operation["operation"] == "assign_team" else {})}
        costs.append(counted(app, lambda body=body: cast.admin.post("/sites/bulk", body)))
    assert costs[0] == costs[1] <= 20
    with factories.writing(app):
        from webapp.kit.db import db

        found = db.session.scalar(text("SELECT count(*) FROM audit_log WHERE action IN ('site.changed', 'site.deleted')"))
    assert found == 510
