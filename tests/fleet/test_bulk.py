"""Many sites at once: all or nothing, told beforehand, recorded one by one."""

from __future__ import annotations

import pytest

from tests import factories


@pytest.fixture
def sites(app, cast):
    with factories.writing(app):
        return [str(factories.site(cast.organization, environment=environment).id) for environment in ("staging", "staging", "production")]


def tagged(cast):
    return cast.admin.get("/sites", tags="spring").json["meta"]["total"]


def test_a_dry_run_tells_and_changes_nothing(cast, sites):
    body = {"operation": "tag", "tags": ["spring"], "ids": sites}
    told = cast.member.post("/sites/bulk", {**body, "dry_run": True}).json["data"]
    assert (told["matched"], told["changed"], tagged(cast)) == (3, 3, 0)
    assert told["sites"][0]["changes"] == {"tags": [[], ["spring"]]}
    cast.member.post("/sites/bulk", body)
    assert tagged(cast) == 3
    assert cast.member.post("/sites/bulk", body).json["data"]["changed"] == 0
    assert cast.admin.get("/audit-logs", action="site.changed").json["meta"]["total"] == 3


def test_all_or_nothing(app, cast, sites):
    with factories.writing(app):
        foreign = str(factories.site(cast.elsewhere).id)
    assert cast.admin.post("/sites/bulk", {"operation": "delete", "ids": [*sites, foreign]}).status_code == 404
    assert cast.admin.get("/sites").json["meta"]["total"] == 3


def test_by_filter_and_back(cast, sites):
    chosen = {"filter": {"environment": "staging"}}
    assert cast.admin.post("/sites/bulk", {"operation": "set_criticality", "criticality": "critical", **chosen}).json["data"]["changed"] == 2
    assert cast.admin.get("/sites", criticality="critical").json["meta"]["total"] == 2
    cast.admin.post("/sites/bulk", {"operation": "delete", **chosen})
    assert cast.admin.get("/sites").json["meta"]["total"] == 1
    assert cast.admin.post("/sites/bulk", {"operation": "restore", "ids": sites[:2]}).json["data"]["changed"] == 2
    assert cast.admin.get("/sites").json["meta"]["total"] == 3


def test_owners_belong_to_the_organization(cast, sites):
    body = {"operation": "assign_owner", "ids": sites}
    assert cast.admin.post("/sites/bulk", {**body, "owner_id": cast.stranger.id}).json["details"][0]["field"] == "owner_id"
    assert cast.admin.post("/sites/bulk", {**body, "owner_id": cast.member.id}).json["data"]["changed"] == 3
    assert cast.admin.get("/sites", owner_id=cast.member.id).json["meta"]["total"] == 3


@pytest.mark.parametrize("body", [{"operation": "explode"}, {"operation": "tag"}, {"operation": "tag", "tags": ["x"], "filter": {"colour": "red"}},
                                  {"operation": "set_criticality", "criticality": "huge"}, {"operation": "delete", "filter": {}, "ids": []}])
def test_nonsense(cast, sites, body):
    assert cast.admin.post("/sites/bulk", {**({} if "filter" in body else {"ids": sites}), **body}).status_code == 422


def test_members_do_not_delete(cast, sites):
    assert cast.member.post("/sites/bulk", {"operation": "delete", "ids": sites}).status_code == 403
    assert cast.viewer.post("/sites/bulk", {"operation": "tag", "tags": ["x"], "ids": sites}).status_code == 403
