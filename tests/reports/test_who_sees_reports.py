"""Whose reports are whose, and what may be in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from webapp.kit.db import execute


@pytest.fixture
def report(cast: Any, fleet: Any, build: Any) -> Any:
    return build(cast.member, parameters={"organization_id": str(cast.organization.id)})


def test_seen_by_its_owner_the_admins_and_superusers(cast: Any, report: Any) -> None:
    for caller in (cast.member, cast.admin, cast.root):
        assert caller.get(f"/reports/{report['id']}").status_code == 200
        assert caller.get(f"/reports/{report['id']}/download").status_code == 200
        assert [row["id"] for row in caller.get("/reports").json["data"]] == [report["id"]]


def test_hidden_from_everybody_else(cast: Any, report: Any) -> None:
    for caller in (cast.viewer, cast.stranger, cast.key("read")):
        for path in ("", "/download"):
            assert caller.get(f"/reports/{report['id']}{path}").status_code == 404
        assert caller.get("/reports").json["data"] == []
    for verb in ("cancel", "retry"):
        assert cast.stranger.post(f"/reports/{report['id']}/{verb}").status_code == 404


def test_viewers_read_keys_write_and_sites_do_not_build(cast: Any, fleet: Any, client: Any) -> None:
    body = {"kind": "module_updates", "formats": ["csv"]}
    assert client.post("/reports", body).status_code == 401
    for caller in (cast.viewer, cast.key("read"), cast.key("write")):
        assert caller.post("/reports", body).status_code == 403
    assert cast.key("admin").post("/reports", body).status_code == 202


def test_an_organization_or_site_that_is_not_seen_is_404(cast: Any, fleet: Any) -> None:
    body = {"kind": "patch_run", "formats": ["csv"]}
    for parameters in ({"organization_id": str(cast.organization.id)}, {"organization": str(cast.organization.id)},
                       {"site_id": str(fleet[0].id)}):
        assert cast.stranger.post("/reports", {**body, "parameters": parameters}).status_code == 404
    both = {"site_id": str(fleet[0].id), "organization_id": str(cast.elsewhere.id)}
    assert cast.root.post("/reports", {**body, "parameters": both}).status_code == 422


def test_a_report_without_an_organization_holds_what_its_owner_may_build(app: Any, cast: Any, fleet: Any, build: Any) -> None:
    with factories.writing(app):
        site = factories.site(cast.elsewhere, name="Foreign")
        factories.reported(site, {"foreign": factories.module("foreign", "1.0.0", "1.1.0", security=True)})
    mine, all_of_it = build(cast.member), build(cast.root)
    assert "foreign" not in cast.member.get(f"/reports/{mine['id']}/download").text
    assert mine["organization_id"] == str(cast.organization.id)
    text = cast.root.get(f"/reports/{all_of_it['id']}/download").text
    assert "foreign" in text
    assert "secure" in text
    assert cast.admin.get(f"/reports/{all_of_it['id']}").status_code == 404


def test_who_leaves_an_organization_loses_what_was_built_of_it(app: Any, cast: Any, report: Any) -> None:
    with factories.writing(app):
        execute("UPDATE memberships SET deleted_at = now() WHERE user_id = :id", id=cast.member.id)
    assert cast.member.get(f"/reports/{report['id']}").status_code == 404
    assert cast.admin.get(f"/reports/{report['id']}").status_code == 200


@pytest.mark.parametrize(("query", "wanted"), [({"kind": "module_updates"}, 1), ({"kind": "patch_run"}, 0), ({"status": "done"}, 1),
                                               ({"status": "queued,failed"}, 0), ({"q": "module"}, 1), ({"sort": "-finished_at"}, 1),
                                               ({"from": "2020-01-01"}, 1), ({"to": "2020-01-01"}, 0)])
def test_the_list_can_be_filtered(cast: Any, report: Any, query: dict[str, str], wanted: int) -> None:
    answer = cast.member.get("/reports", **query)
    assert (answer.status_code, answer.json["meta"]["total"]) == (200, wanted)


def test_the_list_costs_the_same_however_long(app: Any, cast: Any, report: Any, build: Any) -> None:
    from tests.statements import statements

    few = statements(app, lambda: cast.member.get("/reports"))
    for _ in range(4):
        build(cast.member)
    assert statements(app, lambda: cast.member.get("/reports")) == few
