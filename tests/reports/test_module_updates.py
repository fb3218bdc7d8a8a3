"""Module updates, live: what sites say they need, security first."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from tests import factories
from tests.exposure.conftest import advisory, evaluate
from webapp.catalog.actions.advisories import import_advisories
from webapp.kit.db import execute

PATH = "/reports/module-updates"


def modules(caller: Any, **query: Any) -> list[str]:
    answer = caller.get(PATH, **query)
    assert answer.status_code == 200, answer.text
    return [row["module"] for row in answer.json["data"]]


def test_security_comes_first_then_the_number_of_sites(cast: Any, fleet: Any) -> None:
    rows = cast.viewer.get(PATH).json["data"]
    assert [(row["module"], row["security"], row["severity"], row["sites_count"]) for row in rows] == [
        ("secure", True, "unknown", 1), ("plain", False, None, 2)]
    assert all(row["project"] == row["module"] and row["advisories"] == [] for row in rows)


def test_the_newest_version_is_the_newest_and_not_the_last_in_the_alphabet(cast: Any, fleet: Any) -> None:
    plain = cast.viewer.get(PATH, module="plain").json["data"][0]
    assert plain["latest_version"] == "1.0.10"


def test_a_site_is_exposed_since_it_first_said_so(app: Any, cast: Any, fleet: Any) -> None:
    one, _ = fleet
    with factories.writing(app):
        factories.reported(one, {"secure": factories.module("secure", "1.0.0", "1.0.6", security=True)},
                           at=factories.ago(hours=1), full=False)
    secure, plain = cast.viewer.get(PATH).json["data"]
    site = secure["sites"][0]
    assert (site["id"], site["name"], site["version"], site["environment"]) == (str(one.id), "Alpha", "1.0.0", "production")
    assert site["exposed_hours"] == pytest.approx(6, abs=0.1)
    assert [each["exposed_hours"] for each in plain["sites"]] == [None, None]


@pytest.fixture
def graded(app: Any, cast: Any, fleet: Any) -> Any:
    """The fleet, where an update of `plain` closes a critical advisory on both sites and a low one, and that of `secure` a moderate one."""
    with factories.writing(app):
        done = import_advisories([
            advisory("SA-CONTRIB-2026-001", ("plain", "<1.0.2"), rating="low", published=factories.ago(hours=4)),
            advisory("SA-CONTRIB-2026-002", ("plain", "<1.0.3"), rating="critical", published=factories.ago(hours=2)),
            advisory("SA-CONTRIB-2026-003", ("secure", "<1.0.5"), rating="moderate", published=factories.ago(days=9))], factories.ago())
    with app.app_context():
        evaluate(done.ids, factories.ago())
    return fleet


def test_advisories_say_how_grave_an_update_is_and_since_when(cast: Any, graded: Any) -> None:
    rows = cast.viewer.get(PATH).json["data"]
    assert [(row["module"], row["severity"], [each["name"] for each in row["advisories"]]) for row in rows] == [
        ("secure", "moderate", ["SA-CONTRIB-2026-003"]), ("plain", "critical", ["SA-CONTRIB-2026-002", "SA-CONTRIB-2026-001"])]
    assert rows[0]["sites"][0]["exposed_hours"] == pytest.approx(6, abs=0.1)  # installed later than published
    assert [each["exposed_hours"] for each in rows[1]["sites"]] == [pytest.approx(4, abs=0.1), pytest.approx(3, abs=0.1)]
    known = rows[1]["advisories"][0]
    assert cast.viewer.get(f"/advisories/{known['id']}").json["data"]["name"] == known["name"]
    assert modules(cast.viewer, sort="severity") == ["plain", "secure"]
    assert modules(cast.viewer, sort="-severity") == ["secure", "plain"]


def test_advisories_by_site_and_in_files(cast: Any, graded: Any) -> None:
    first = cast.viewer.get(PATH, group_by="site").json["data"][0]
    assert [(each["module"], each["severity"], len(each["advisories"])) for each in first["modules"]] == [
        ("secure", "moderate", 1), ("plain", "critical", 2)]
    lines = list(csv.DictReader(io.StringIO(cast.viewer.get(PATH, format="csv").text)))
    assert [line["advisories"] for line in lines] == ["SA-CONTRIB-2026-003", "SA-CONTRIB-2026-002, SA-CONTRIB-2026-001"]


def test_built_reports_say_the_same(cast: Any, graded: Any, build: Any) -> None:
    report = build(cast.member, formats=["json"])
    built = cast.member.get(f"/reports/{report['id']}/download").json["data"]
    assert [(row["module"], row["severity"], row["advisories"], round(row["exposed_hours"], 1)) for row in built] == [
        ("secure", "moderate", ["SA-CONTRIB-2026-003"], 6.0),
        ("plain", "critical", ["SA-CONTRIB-2026-002", "SA-CONTRIB-2026-001"], 4.0),
        ("plain", "critical", ["SA-CONTRIB-2026-002", "SA-CONTRIB-2026-001"], 3.0)]


def test_switched_off_code_and_deleted_sites_need_nothing(app: Any, cast: Any, fleet: Any) -> None:
    one, two = fleet
    with factories.writing(app):
        factories.reported(one, {"secure": factories.module("secure", "1.0.0", "1.0.5", security=True, enabled=False)}, full=False)
        execute("UPDATE sites SET deleted_at = now() WHERE id = :id", id=two.id)
    rows = cast.viewer.get(PATH).json["data"]
    assert [(row["module"], row["sites_count"]) for row in rows] == [("plain", 1)]


def test_the_next_report_takes_a_row_away(app: Any, cast: Any, fleet: Any) -> None:
    with factories.writing(app):
        factories.reported(fleet[0], {"secure": factories.module("secure", "1.0.5", judged=True)}, full=False)
    assert modules(cast.viewer) == ["plain"]


@pytest.mark.parametrize(("query", "wanted"), [
    ({"security_only": "true"}, ["secure"]), ({"environment": "staging"}, ["plain"]), ({"module": "plain"}, ["plain"]),
    ({"tag": "shop"}, ["secure", "plain"]), ({"tag": "blog"}, []), ({"q": "secu"}, ["secure"]),
    ({"sort": "module"}, ["plain", "secure"]), ({"sort": "-sites_count"}, ["plain", "secure"]),
    ({"team_id": "01890000-0000-7000-8000-000000000000"}, []), ({"per_page": 1, "page": 2}, ["plain"])])
def test_filters_and_sorts(cast: Any, fleet: Any, query: dict[str, Any], wanted: list[str]) -> None:
    assert modules(cast.viewer, **query) == wanted


def test_an_organization_is_named_either_way(cast: Any, fleet: Any) -> None:
    here, there = str(cast.organization.id), str(cast.elsewhere.id)
    for name in ("organization_id", "organization"):
        assert modules(cast.root, **{name: here}) == ["secure", "plain"]
        assert modules(cast.root, **{name: there}) == []
    assert cast.root.get(PATH, organization=here, organization_id=there).status_code == 422


def test_grouped_by_site(cast: Any, fleet: Any) -> None:
    rows = cast.viewer.get(PATH, group_by="site").json["data"]
    assert [(row["site"]["name"], row["updates_count"], row["security_updates_count"]) for row in rows] == [
        ("Alpha", 2, 1), ("Beta", 1, 0)]
    assert [each["module"] for each in rows[0]["modules"]] == ["secure", "plain"]
    assert rows[1]["modules"][0]["latest_version"] == "1.0.10"


def test_the_counts_by_site_are_those_of_the_sites_themselves(cast: Any, fleet: Any) -> None:
    rows = cast.viewer.get(PATH, group_by="site").json["data"]
    for row in rows:
        site = cast.viewer.get(f"/sites/{row['site']['id']}").json["data"]
        assert (site["updates_count"], site["security_updates_count"]) == (row["updates_count"], row["security_updates_count"])


@pytest.mark.parametrize("query", [{"group_by": "owner"}, {"sort": "colour"}, {"colour": "red"}, {"environment": "moon"},
                                   {"group_by": "site", "sort": "module"}, {"sort": "updates_count"}, {"organization_id": "x"}])
def test_nonsense_is_refused(cast: Any, query: dict[str, Any]) -> None:
    answer = cast.viewer.get(PATH, **query)
    assert (answer.status_code, answer.json["error"]) == (422, "validation_error")


@pytest.mark.parametrize(("query", "first"), [({}, "module"), ({"group_by": "site"}, "site_id")])
def test_exports_hold_every_row(cast: Any, fleet: Any, query: dict[str, str], first: str) -> None:
    answer = cast.viewer.get(PATH, format="csv", **query)
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(lines) == 2
    assert next(iter(lines[0])) == first
    assert "Alpha" in answer.text
    assert cast.viewer.get(PATH, format="xlsx", **query).data.startswith(b"PK")


def test_strangers_and_site_keys_see_nothing(cast: Any, fleet: Any) -> None:
    assert modules(cast.stranger) == []
    assert "Alpha" not in cast.stranger.get(PATH, format="csv").text
    assert modules(cast.stranger, organization_id=str(cast.organization.id)) == []
    assert cast.key(site=fleet[0]).get(PATH).status_code == 403
    assert modules(cast.key("read", site=fleet[1])) == ["plain"]
    assert cast.key("read", site=fleet[1]).get(PATH).json["data"][0]["sites_count"] == 1


def test_ten_or_five_hundred_rows_cost_the_same_statements(app: Any, cast: Any) -> None:
    from tests.statements import statements

    with factories.writing(app):
        site = factories.site(cast.organization)
        factories.reported(site, {f"m{each}": factories.module(f"m{each}", "1.0.0", "1.1.0") for each in range(10)})
    few = statements(app, lambda: modules(cast.viewer, per_page=200))
    with factories.writing(app):
        factories.reported(site, {f"m{each}": factories.module(f"m{each}", "1.0.0", "1.1.0") for each in range(500)})
    assert statements(app, lambda: modules(cast.viewer, per_page=200)) == few
