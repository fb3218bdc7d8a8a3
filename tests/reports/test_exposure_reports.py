"""Exposure and compliance: built from one snapshot, as at a time, and the same as the lists say."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.factories import ago
from tests.reports.published import publish
from webapp.kit.clock import now, stamp
from webapp.kit.db import execute

SAID = "Only staff can reach it."


@pytest.fixture
def fleet(app: Any, cast: Any) -> dict[str, Any]:
    """Critical holes (two days to fix) since ten days: fixed after one day and after five, open, accepted, on a silent site.

    The museum has the code and does not run it; the zoo has never reported.
    """
    with factories.writing(app):
        names = ("Early", "Late", "Open", "Accepted", "Silent", "Museum")
        sites = {name: factories.site(cast.organization, name=name) for name in names}
        sites["Zoo"] = factories.site(cast.organization, name="Zoo")
        for name in names:
            factories.reported(sites[name], {"webform": factories.module("webform", "6.2.7", enabled=name != "Museum")}, ago(days=12))
        for name, days in (("Early", 1), ("Late", 5)):
            factories.reported(sites[name], {"webform": "6.2.9"}, ago(days=10) + timedelta(days=days))
        for name in ("Open", "Accepted", "Museum"):
            factories.reported(sites[name], {"webform": factories.module("webform", "6.2.7", enabled=name != "Museum")}, ago(hours=1))
    publish(app, "SA-CONTRIB-2026-001", "webform", "<6.2.9", ago(days=10))
    found = cast.member.get("/exposures", site_id=str(sites["Accepted"].id)).json["data"][0]
    answer = cast.member.post(f"/exposures/{found['id']}/accept", {"reason": SAID, "expires_at": "2099-01-01T00:00:00Z"})
    assert answer.status_code == 201, answer.text
    return sites


def document(caller: Any, report: dict[str, Any]) -> dict[str, Any]:
    assert report["status"] == "done", report["error"]
    return json.loads(caller.get(f"/reports/{report['id']}/download", format="json").data)


def test_exposures_are_those_of_their_list(cast: Any, fleet: Any, build: Any) -> None:
    told = document(cast.member, build(cast.member, kind="exposure", formats=["json", "csv", "xlsx"]))
    listed = cast.viewer.get("/exposures", per_page=200).json["data"]
    assert [(row["site"], row["state"]) for row in told["data"]] == [(row["site"]["name"], row["state"]) for row in listed]
    assert told["totals"] == {"findings": 6, "open": 2, "overdue": 2, "unverified": 1, "not_enabled": 1, "accepted": 1, "false_positive": 0,
                              "fixed": 2, "sites_open": 2, "advisories_open": 1}
    assert [row["severity"] for row in told["by_severity"]] == ["critical"]
    assert [row["organization"]["name"] for row in told["by_organization"]] == ["Meridian"]
    accepted = next(row for row in told["data"] if row["site"] == "Accepted")
    assert (accepted["decision"], accepted["decision_ends_at"]) == (SAID, "2099-01-01T00:00:00Z")


def test_exposures_as_at_a_time(cast: Any, fleet: Any, build: Any) -> None:
    """Seven days ago one was fixed, nothing was accepted, and all deadlines of the rest had passed."""
    then = stamp(ago(days=7))
    told = document(cast.member, build(cast.member, kind="exposure", formats=["json"], parameters={"as_of": then}))
    assert {row["site"]: row["state"] for row in told["data"]} == {
        "Early": "fixed", "Late": "open", "Open": "open", "Accepted": "open", "Silent": "open", "Museum": "open"}
    late = next(row for row in told["data"] if row["site"] == "Late")
    assert (late["fixed_at"], late["fixed_version"], late["overdue"]) == (None, None, True)
    assert late["hours_exposed"] == pytest.approx(72, abs=0.1)
    assert (told["totals"]["open"], told["totals"]["overdue"], told["totals"]["accepted"]) == (4, 4, 0)
    listed = cast.viewer.get("/exposures", as_of=then, state="open", runs="true").json
    assert listed["meta"]["total"] == 4
    before = document(cast.member, build(cast.member, kind="exposure", formats=["json"], parameters={"as_of": stamp(ago(days=11))}))
    assert before["data"] == []


def test_compliance_tells_kept_from_missed_and_from_what_nobody_knows(cast: Any, fleet: Any, build: Any) -> None:
    told = document(cast.member, build(cast.member, kind="compliance", formats=["json"]))
    assert {row["site"]: row["outcome"] for row in told["data"]} == {
        "Early": "met", "Late": "missed", "Open": "overdue", "Accepted": "accepted", "Silent": "overdue"}  # the museum runs none of it
    totals = told["totals"]
    assert [totals[name] for name in ("met", "missed", "overdue", "open", "waived", "accepted", "unverified")] == [1, 1, 2, 0, 0, 1, 1]
    assert (totals["percentage"], totals["silent"], totals["never_reported"], totals["sites"]) == (25.0, 3, 1, 7)
    assert [(row["severity"], row["percentage"]) for row in told["by_severity"]] == [("critical", 25.0)]
    assert sum(row["met"] + row["missed"] for row in told["by_month"]) == 2
    assert told["by_team"][0]["team"] is None
    decision = told["decisions"][0]
    assert (decision["reason"], decision["proposed_by"], decision["approved_by"], decision["site"]) == (
        SAID, cast.member.email, cast.member.email, "Accepted")
    accepted = next(row for row in told["data"] if row["site"] == "Accepted")
    assert (accepted["decided_by"], accepted["decision"], accepted["hours_late"] > 0) == (cast.member.email, SAID, True)


def test_compliance_of_a_period_is_as_its_end_saw_it(cast: Any, fleet: Any, build: Any) -> None:
    """From nine and a half to six days ago: one was fixed in time, the rest was open and late, and nothing was decided."""
    period = {"from": stamp(ago(days=9, hours=12)), "to": stamp(ago(days=6))}
    told = document(cast.member, build(cast.member, kind="compliance", formats=["json"], parameters=period))
    assert {row["site"]: row["outcome"] for row in told["data"]} == {
        "Early": "met", "Late": "overdue", "Open": "overdue", "Accepted": "overdue", "Silent": "overdue"}
    assert told["decisions"] == []
    later = document(cast.member, build(cast.member, kind="compliance", formats=["json"], parameters={"from": period["to"]}))
    assert "Early" not in {row["site"] for row in later["data"]}
    assert next(row for row in later["data"] if row["site"] == "Late")["outcome"] == "missed"


def test_a_deadline_that_a_decision_had_lifted_is_neither_kept_nor_missed(app: Any, cast: Any, fleet: Any, build: Any) -> None:
    with factories.writing(app):
        execute("UPDATE risk_decisions SET created_at = :at, approved_at = :at", at=ago(days=9))
        factories.reported(fleet["Accepted"], {"webform": "6.2.9"}, ago(minutes=20))
    with app.app_context():
        from webapp.exposure.actions.evaluation import evaluate
        from webapp.kit.db import ALL, enter_scope, rollback, rows

        enter_scope(ALL)
        ids = [row.id for row in rows("SELECT id FROM advisories")]
        rollback()
        evaluate(ids, now())
    told = document(cast.member, build(cast.member, kind="compliance", formats=["json"]))
    assert next(row for row in told["data"] if row["site"] == "Accepted")["outcome"] == "waived"
    assert (told["totals"]["waived"], told["totals"]["percentage"]) == (1, 25.0)


def test_the_live_page_of_compliance_says_the_same_and_leads_to_the_lists(cast: Any, fleet: Any) -> None:
    import html
    import re
    from urllib.parse import parse_qsl, urlsplit

    for query in ({}, {"from": ago(days=9, hours=12).date().isoformat(), "severity": "critical"}):
        page = cast.viewer.browser().get("/reports/compliance", **query)
        assert page.status_code == 200
        links = re.findall(r'<a class="v" href="([^"]+)">([\d,]+)<', html.unescape(page.get_data(as_text=True)))
        assert len(links) >= 5
        for href, number in links:
            parts = urlsplit(href)
            found = cast.viewer.get(parts.path, **dict(parse_qsl(parts.query)))
            assert found.json["meta"]["total"] == int(number), href
    assert SAID in page.get_data(as_text=True)
    assert "No finding in this time" in cast.stranger.browser().get("/reports/compliance").get_data(as_text=True)


@pytest.mark.parametrize("kind", ["exposure", "compliance"])
def test_a_stranger_builds_nothing_of_it(cast: Any, fleet: Any, build: Any, kind: str) -> None:
    assert document(cast.stranger, build(cast.stranger, kind=kind, formats=["json"]))["data"] == []
    body = {"kind": kind, "formats": ["json"], "parameters": {"organization_id": str(cast.organization.id)}}
    assert cast.stranger.post("/reports", body).status_code == 404


@pytest.mark.parametrize(("kind", "parameters", "field"), [
    ("exposure", {"severity": "grave"}, "parameters.severity"), ("exposure", {"as_of": "yesterday"}, "parameters.as_of"),
    ("compliance", {"from": "2026-02-01", "to": "2026-01-01"}, "parameters.to"), ("compliance", {"state": "open"}, "parameters.state")])
def test_what_is_no_filter_is_refused_at_its_field(cast: Any, kind: str, parameters: dict[str, Any], field: str) -> None:
    answer = cast.member.post("/reports", {"kind": kind, "formats": ["json"], "parameters": parameters})
    assert answer.status_code == 422
    assert answer.json["details"][0]["field"] == field
