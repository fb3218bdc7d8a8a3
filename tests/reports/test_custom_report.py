"""Custom reports: the rows of a list, the columns that were chosen, and nothing that the list does not know."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

LISTS = {"sites": "/sites", "modules": "/modules", "patch_runs": "/patch-runs"}


def rows_of(caller: Any, report: dict[str, Any], form: str = "json") -> Any:
    assert report["status"] == "done", report["error"]
    text = caller.get(f"/reports/{report['id']}/download", format=form).data
    return json.loads(text)["data"] if form == "json" else list(csv.DictReader(io.StringIO(text.decode())))


@pytest.mark.parametrize(("dataset", "columns", "filters", "sort"), [
    ("sites", ["name", "status", "environment", "tags"], {"environment": "staging"}, "name"),
    ("sites", ["name", "updates_count"], {"has_updates": True}, "-name"),
    ("modules", ["name", "sites_count"], {"has_updates": "true"}, None),
    ("patch_runs", ["site.name", "status", "updates_count"], {}, "started_at")])
def test_rows_are_those_of_the_list(cast: Any, fleet: Any, post_run: Any, build: Any, dataset: str, columns: list[str],
                                    filters: dict[str, Any], sort: str | None) -> None:
    from tests.factories import ago

    for hours in (3, 2):
        post_run(fleet[0], ago(hours=hours), updates=hours)
    asked = {"dataset": dataset, "columns": columns, "filters": filters, **({"sort": sort} if sort else {})}
    report = build(cast.member, kind="custom", parameters=asked, formats=["json", "csv"])
    query = {name: str(value).lower() for name, value in filters.items()} | ({"sort": sort} if sort else {})
    listed = cast.viewer.get(LISTS[dataset], **query).json["data"]
    assert listed
    inside = [{name: row[name.split(".")[0]]["name"] if "." in name else row[name] for name in columns} for row in listed]
    assert rows_of(cast.member, report) == inside
    table = rows_of(cast.member, report, "csv")
    assert list(table[0]) == columns
    assert len(table) == report["rows"] == len(listed)


def test_exposures_as_they_stood(app: Any, cast: Any, fleet: Any, build: Any) -> None:
    from tests.factories import ago
    from tests.reports.published import publish

    publish(app, "SA-CONTRIB-2026-007", "plain", "<1.0.5", ago(days=1))
    asked = {"dataset": "exposures", "columns": ["advisory", "site.name", "exposed_since"], "filters": {"state": ["open"]}, "sort": "site"}
    report = build(cast.member, kind="custom", parameters=asked, formats=["json", "xlsx", "csv"])
    assert [(row["advisory"], row["site.name"]) for row in rows_of(cast.member, report)] == [
        ("SA-CONTRIB-2026-007", "Alpha"), ("SA-CONTRIB-2026-007", "Beta")]


def test_one_organization_and_one_team(cast: Any, fleet: Any, build: Any) -> None:
    team = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    cast.admin.patch(f"/sites/{fleet[0].id}", {"team_id": team})
    asked = {"dataset": "sites", "columns": ["name"], "organization_id": str(cast.organization.id), "team_id": team}
    assert rows_of(cast.member, build(cast.member, kind="custom", parameters=asked, formats=["json"])) == [{"name": "Alpha"}]


@pytest.mark.parametrize(("changes", "field"), [
    ({"dataset": "users"}, "parameters.dataset"), ({"columns": ["name", "password"]}, "parameters.columns.1"),
    ({"columns": ["name", "name"]}, "parameters.columns.1"), ({"columns": []}, "parameters.columns"),
    ({"filters": {"colour": "red"}}, "parameters.filters.colour"), ({"filters": {"status": "sad"}}, "parameters.filters.status"),
    ({"filters": {"page": "2"}}, "parameters.filters.page"), ({"filters": {"include_deleted": "true"}}, "parameters.filters.include_deleted"),
    ({"sort": "colour"}, "parameters.sort"), ({"colour": "red"}, "parameters.colour"),
    ({"dataset": "modules", "columns": ["name"], "team_id": "4b6f1c5e-0000-7000-8000-000000000001"}, "parameters.team_id")])
def test_what_the_list_does_not_know_is_refused_at_its_field(cast: Any, changes: dict[str, Any], field: str) -> None:
    body = {"kind": "custom", "formats": ["csv"], "parameters": {"dataset": "sites", "columns": ["name"], **changes}}
    answer = cast.member.post("/reports", body)
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json["details"]] == [field]


def test_the_form_asks_for_the_same(cast: Any, fleet: Any, work: Any) -> None:
    browser = cast.member.browser()
    form = {"kind": "custom", "parameters.dataset": "sites", "columns": ["sites:name", "sites:environment", "modules:type"],
            "filters": "environment=staging", "parameters.sort": "-name", "formats": ["csv"], "parameters.severity": "low"}
    assert browser.post("/reports", form).status_code == 303
    found = cast.member.get("/reports").json["data"][0]
    assert found["parameters"] == {"dataset": "sites", "columns": ["name", "environment"], "filters": {"environment": "staging"}, "sort": "-name"}
    work()
    page = browser.get(f"/reports/{found['id']}").get_data(as_text=True)
    assert "Custom report, Sites" in page
    assert "/sites?environment=staging&amp;sort=-name" in page
    again = browser.get("/reports?new=custom&parameters.dataset=sites&parameters.columns=name,environment&parameters.filters=environment%3Dstaging")
    assert again.get_data(as_text=True).count('value="sites:name" checked') == 1
    wrong = browser.post("/reports", {**form, "filters": "colour=red"})
    assert wrong.status_code == 422
    assert "colour: Not a filter." in wrong.get_data(as_text=True)
