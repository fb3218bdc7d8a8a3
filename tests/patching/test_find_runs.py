"""Looking for patch runs: filters, order, paging, exports, and who sees what."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import pytest

from tests import factories
from tests.patching.conftest import at, update
from webapp.patching.models import PatchRun, PatchRunUpdate

PLAIN = [update("token", "8.x-1.13", "8.x-1.14", security=False)]


@pytest.fixture
def two(a_site):
    """A good run of three hours ago and a failed one of nine days ago."""
    good = a_site.post_run(updates=[update(security=True)], operator="Dana", notes="evening round", commit_sha="a" * 40)
    bad = a_site.post_run(status="failed", trigger="manual", updates=PLAIN, started_at=at(216), finished_at=at(215),
                          environment="staging")
    return a_site, good, bad


@pytest.mark.parametrize(("query", "wanted"), [
    ({"status": "failed"}, "bad"), ({"status": "failed,success"}, "both"), ({"trigger": "ci"}, "good"),
    ({"trigger": "inferred"}, "none"), ({"evidence": "claimed"}, "both"), ({"evidence": "proven"}, "none"),
    ({"module": "token"}, "bad"), ({"module": "drupal/token"}, "bad"), ({"security": "true"}, "good"),
    ({"security": "false"}, "bad"), ({"module": "webform", "security": "true"}, "good"),
    ({"module": "webform", "security": "false"}, "none"), ({"from": 48}, "good"), ({"to": 48}, "bad"),
    ({"from": 300, "to": 1}, "both"), ({"environment": "staging"}, "bad"), ({"operator": "Dana"}, "good"),
    ({"commit_sha": "a" * 40}, "good"), ({"q": "EVENING"}, "good"), ({"q": "dan"}, "good"), ({"q": "toke"}, "bad"),
    ({"q": "%"}, "none"), ({"sort": "started_at"}, "reversed"), ({"sort": "-security_updates_count,site"}, "both"),
])
def test_filters(two, query, wanted):
    site, good, bad = two
    query = {name: at(value) if isinstance(value, int) else value for name, value in query.items()}
    expected = {"good": [good], "bad": [bad], "both": [good, bad], "none": [], "reversed": [bad, good]}[wanted]
    assert [run["id"] for run in site.runs(**query)] == expected
    across = site.cast.viewer.get("/patch-runs", **query)
    assert [run["id"] for run in across.json["data"]] == expected


@pytest.mark.parametrize(("query", "field"), [
    ({"status": "splendid"}, "status"), ({"trigger": "moon"}, "trigger"), ({"evidence": "x"}, "evidence"),
    ({"security": "maybe"}, "security"), ({"from": "noon"}, "from"), ({"colour": "red"}, "colour"),
    ({"sort": "colour"}, "sort"), ({"site_id": "x"}, "site_id"), ({"module": "Web form"}, "module"),
    ({"cursor": "nonsense"}, "cursor"),
])
def test_refused_filters(a_site, query, field):
    answer = a_site.cast.viewer.get("/patch-runs", **query)
    assert (answer.status_code, answer.json["error"]) == (422, "validation_error")
    assert [detail["field"] for detail in answer.json["details"]] == [field]


def test_filters_across_the_fleet(app, two):
    site, good, bad = two
    root = site.cast.root
    with factories.writing(app):
        other = factories.site(site.cast.elsewhere)
    assert root.post(f"/sites/{other.id}/patch-run", {
        "started_at": at(1), "status": "success", "trigger": "ci", "updates": [update()]}).status_code == 201
    assert root.get("/patch-runs").json["meta"]["total"] == 3
    for query in ({"site_id": site.id}, {"organization_id": site.organization_id}):
        assert [run["id"] for run in root.get("/patch-runs", **query).json["data"]] == [good, bad]


def test_strangers_see_nothing(two):
    site, good, _ = two
    stranger = site.cast.stranger
    assert stranger.get(f"/patch-runs/{good}").status_code == 404
    assert stranger.get(f"/sites/{site.id}/patch-run").status_code == 404
    for query in ({}, {"organization_id": site.organization_id}, {"site_id": site.id}, {"include_deleted": "true"}):
        assert stranger.get("/patch-runs", **query).json["data"] == []


def test_a_sites_key_sees_its_own_site_only(app, two):
    site, good, _ = two
    with factories.writing(app):
        other = factories.site(site.cast.organization)
    own, foreign = (site.cast.key("read", site=each) for each in (type("Site", (), {"id": site.id}), other))
    assert own.get("/patch-runs").json["meta"]["total"] == 2
    assert foreign.get("/patch-runs").json["meta"]["total"] == 0
    assert foreign.get(f"/patch-runs/{good}").status_code == 404


def test_nobody_sees_runs_without_a_name(client, two):
    assert client.get("/patch-runs").status_code == 401
    assert client.get(f"/patch-runs/{two[1]}").status_code == 401


def test_runs_of_a_deleted_site_are_hidden_until_it_is_restored(two):
    site, good, bad = two
    admin = site.cast.admin
    admin.delete(f"/sites/{site.id}")
    assert admin.get("/patch-runs").json["data"] == []
    assert admin.get(f"/patch-runs/{good}").status_code == 404
    assert {run["id"] for run in admin.get("/patch-runs", include_deleted="true").json["data"]} == {good, bad}
    assert site.cast.viewer.get("/patch-runs", include_deleted="true").status_code == 403
    admin.post(f"/sites/{site.id}/restore")
    assert [run["id"] for run in admin.get("/patch-runs").json["data"]] == [good, bad]


def test_a_run_has_an_etag(two):
    site, good, _ = two
    first = site.cast.viewer.get(f"/patch-runs/{good}")
    again = site.cast.viewer.get(f"/patch-runs/{good}", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_no_run_and_no_such_id_are_404(a_site):
    assert a_site.cast.viewer.get("/patch-runs/01890000-0000-7000-8000-000000000000").status_code == 404
    assert a_site.cast.viewer.get("/patch-runs/nonsense").status_code == 404


def many_runs(app, a_site, number):
    """Runs an hour apart, three modules each."""
    with factories.writing(app):
        from webapp.kit.db import db

        place = {"organization_id": UUID(a_site.organization_id), "site_id": UUID(a_site.id)}
        runs = [PatchRun(status="success", trigger="ci", started_at=factories.ago(hours=each // 2), updates_count=3,
                         **place) for each in range(number)]
        db.session.add_all(runs)
        db.session.flush()
        db.session.add_all(PatchRunUpdate(patch_run_id=run.id, organization_id=run.organization_id, module=f"m{each}",
                                          to_version="1.0.0") for run in runs for each in range(3))
        db.session.flush()
    return [str(run.id) for run in sorted(runs, key=lambda run: (run.started_at, run.id), reverse=True)]


def test_a_cursor_goes_through_all_runs_once(app, a_site):
    wanted = many_runs(app, a_site, 25)
    found, cursor = [], ""
    while cursor is not None:
        answer = a_site.cast.viewer.get("/patch-runs", cursor=cursor, limit=10).json
        found += [run["id"] for run in answer["data"]]
        cursor = answer["meta"]["next_cursor"]
    assert found == wanted


def test_pages_are_in_the_same_order_as_the_cursor(app, a_site):
    wanted = many_runs(app, a_site, 25)
    pages = [a_site.cast.viewer.get("/patch-runs", page=page, per_page=10).json for page in (1, 2, 3)]
    assert [run["id"] for page in pages for run in page["data"]] == wanted
    assert pages[0]["meta"].items() >= {"total": 25, "page": 1, "per_page": 10, "pages": 3}.items()


def test_ten_runs_cost_as_many_statements_as_five_hundred(app, a_site, statements):
    counts = []
    for number in (10, 490):
        many_runs(app, a_site, number)
        with statements() as found:
            answer = a_site.cast.viewer.get("/patch-runs", per_page=200)
        assert len(answer.json["data"]) == min(number + (10 if counts else 0), 200)
        assert all(len(run["updates"]) == 3 for run in answer.json["data"])
        counts.append(len([each for each in found if "patch_run" in each]))
    assert counts == [3, 3]


def test_an_export_has_every_run(app, a_site):
    wanted = many_runs(app, a_site, 60)
    answer = a_site.cast.viewer.get("/patch-runs", format="csv", per_page=10)
    assert answer.content_type.startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert [row["id"] for row in rows] == wanted
    assert a_site.cast.viewer.get("/patch-runs", format="xlsx").get_data()[:2] == b"PK"
