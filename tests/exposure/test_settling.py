"""Reports and advisories open and close exposures, in whatever order they come."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from tests import factories
from tests.exposure.conftest import advisory, ago, found, work
from webapp.kit.clock import stamp


@pytest.fixture
def site(app: Any, cast: Any) -> Any:
    with factories.writing(app):
        return factories.site(cast.organization, name="Town hall")


def report(cast: Any, site: Any, versions: dict[str, Any], at: Any, **more: Any) -> Any:
    modules = [{"name": name, "version": version} if not isinstance(version, dict) else {"name": name, **version}
               for name, version in versions.items()]
    answer = cast.member.post(f"/sites/{site.id}/modules", {"reported_at": stamp(at), "modules": modules, **more})
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


def test_a_report_opens_and_the_fix_closes_with_both_reports_as_evidence(app: Any, cast: Any, site: Any, publish: Any) -> None:
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=9)))
    first = report(cast, site, {"webform": "6.2.7"}, ago(days=5))
    assert (first["exposures_opened"], first["exposures_closed"]) == (1, 0)
    row = cast.viewer.get("/exposures").json["data"][0]
    assert (row["state"], row["site"]["name"], row["module"], row["version"]) == ("open", "Town hall", "webform", "6.2.7")
    assert row["exposed_since"] == stamp(ago(days=5)), "the installation came after the publication"
    assert row["opened_report_id"] == first["report_id"]
    assert row["verified"] is False, "five days without a report, and one was due each day"
    second = report(cast, site, {"webform": "6.2.9"}, ago(days=2))
    assert (second["exposures_opened"], second["exposures_closed"]) == (0, 1)
    row = cast.viewer.get("/exposures").json["data"][0]
    assert (row["state"], row["fixed_version"], row["closed_report_id"]) == ("fixed", "6.2.9", second["report_id"])
    assert row["hours_exposed"] == 72
    assert row["verified"] is True


def test_an_advisory_finds_what_is_installed_already(app: Any, cast: Any, site: Any, publish: Any) -> None:
    sent = report(cast, site, {"webform": "6.2.7", "token": "8.x-1.14"}, ago(days=5))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)),
            advisory("SA-CONTRIB-2026-002", ("token", "<1.14.0"), published=ago(days=1)))
    rows = found(app)
    assert [(row.advisory, row.started_at, row.ended_at) for row in rows] == [("SA-CONTRIB-2026-001", ago(days=1), None)]
    listed = cast.viewer.get("/exposures", advisory="sa-contrib-2026-001").json["data"]
    assert listed[0]["opened_report_id"] == sent["report_id"], "the report that shows it installed"
    assert cast.viewer.get("/exposures", advisory="SA-CONTRIB-2026-002").json["data"] == []


def test_a_changed_advisory_corrects_what_it_said_before(app: Any, cast: Any, site: Any, publish: Any) -> None:
    report(cast, site, {"webform": "6.2.7"}, ago(days=5))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.5"), published=ago(days=1)))
    assert found(app) == []
    actions = {row["action"] for row in cast.root.get("/audit-logs", resource_type="exposure").json["data"]}
    assert actions == {"exposure.opened", "exposure.withdrawn"}
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=2)))
    assert [row.started_at for row in found(app)] == [ago(days=2)]


def test_a_hole_that_comes_back_is_flagged(app: Any, cast: Any, site: Any, publish: Any) -> None:
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=20)))
    for version, days in (("6.2.7", 10), ("6.2.9", 8), ("6.2.7", 3)):
        report(cast, site, {"webform": version}, ago(days=days))
    again = cast.viewer.get("/exposures", reintroduced="true").json["data"]
    assert [(row["state"], row["exposed_since"]) for row in again] == [("open", stamp(ago(days=3)))]
    assert cast.viewer.get("/exposures", state="fixed").json["meta"]["total"] == 1


def test_a_late_report_moves_the_clock_and_keeps_one_row(app: Any, cast: Any, site: Any, publish: Any) -> None:
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=20)))
    report(cast, site, {"webform": "6.2.7"}, ago(days=10))
    report(cast, site, {"webform": "6.2.9"}, ago(days=2))
    report(cast, site, {"webform": "6.2.9"}, ago(days=6))
    assert [(row.started_at, row.ended_at) for row in found(app)] == [(ago(days=10), ago(days=6))]


def test_a_submodule_stands_for_its_project_and_code_that_is_off_is_told_apart(app: Any, cast: Any, site: Any, publish: Any) -> None:
    report(cast, site, {"webform_ui": {"version": "6.2.7", "project": "webform"},
                        "ctools": {"version": "1.0.0", "enabled": False}}, ago(days=5))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)),
            advisory("SA-CONTRIB-2026-002", ("ctools", "<1.5.0"), published=ago(days=1)))
    assert [(row.advisory, row.enabled) for row in found(app)] == [("SA-CONTRIB-2026-001", True), ("SA-CONTRIB-2026-002", False)]
    assert [row["advisory"] for row in cast.viewer.get("/exposures", runs="true").json["data"]] == ["SA-CONTRIB-2026-001"]


def test_core_is_matched_as_drupal_and_not_by_its_modules(app: Any, cast: Any, site: Any, publish: Any) -> None:
    report(cast, site, {"node": {"version": "10.3.1", "project": "drupal"}}, ago(days=5), drupal={"core_version": "10.3.1"})
    publish(advisory("SA-CORE-2026-001", ("drupal", ">=10.3 <10.3.6"), published=ago(days=1)))
    assert [(row.version, row.n) for row in found(app)] == [("10.3.1", 1)]
    assert report(cast, site, {"node": {"version": "10.3.6", "project": "drupal"}}, ago(hours=3),
                  drupal={"core_version": "10.3.6"})["exposures_closed"] == 1


def test_announcements_and_withdrawn_advisories_open_nothing(app: Any, cast: Any, site: Any, publish: Any) -> None:
    report(cast, site, {"webform": "6.2.7"}, ago(days=5))
    publish(advisory("PSA-2026-01", ("webform", "<6.2.9"), published=ago(days=1), kind="psa"))
    assert found(app) == []
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1), withdrawn_at=ago(hours=1)))
    assert found(app) == []


def test_the_deadline_follows_settings_and_severity_while_the_clock_runs(app: Any, cast: Any, site: Any, publish: Any) -> None:
    report(cast, site, {"webform": "6.2.7"}, ago(days=5))
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)))
    start = ago(days=1)

    def due() -> str:
        return str(cast.viewer.get("/exposures").json["data"][0]["due_at"])

    assert due() == stamp(start + timedelta(days=7)), "not judged: the deadline of high"
    days = {"critical": 1, "high": 3, "moderate": 14, "low": 30}
    answer = cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"sla_days": days}})
    assert answer.status_code == 200
    assert due() == stamp(start + timedelta(days=3))
    publish(advisory("SA-CONTRIB-2026-001", published=None, source="drupal.org", source_id="4711",
                     risk="AC:None/A:None/CI:All/II:All/E:Exploit/TD:All"))
    assert due() == stamp(start + timedelta(days=1))
    assert cast.viewer.get("/exposures", overdue="true", severity="critical").json["meta"]["total"] == 1


def test_a_report_and_an_advisory_at_once_see_each_other(app: Any, cast: Any, publish: Any) -> None:
    """Whichever commits first, the other finds it: the site is locked while its clocks are set."""
    with factories.writing(app):
        sites = [factories.site(cast.organization, name=f"Site {number:02}") for number in range(12)]
    problems: list[Any] = []

    def send(each: Any) -> None:
        try:
            report(cast, each, {"webform": "6.2.7"}, ago(days=3))
        except AssertionError as problem:
            problems.append(problem)

    threads = [threading.Thread(target=send, args=(each,)) for each in sites]
    for thread in threads[:6]:
        thread.start()
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=1)))
    for thread in threads[6:]:
        thread.start()
    for thread in threads:
        thread.join()
    work(app)
    assert not problems
    assert [(row.site, row.n) for row in found(app)] == [(f"Site {number:02}", 1) for number in range(12)]


def test_a_site_says_how_many_stand_open(app: Any, cast: Any, site: Any, publish: Any) -> None:
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=9)),
            advisory("SA-CONTRIB-2026-002", ("ctools", "<2"), published=ago(days=9)))
    report(cast, site, {"webform": "6.2.7", "ctools": {"version": "1.0.0", "enabled": False}}, ago(hours=5))
    with factories.writing(app):
        from webapp.kit.db import rows

        counted = rows("SELECT exposures_count, exposed_since FROM sites WHERE id = :id", id=site.id)[0]
    assert (counted.exposures_count, counted.exposed_since) == (1, ago(hours=5))


def test_lists_of_sites_and_modules_know_what_stands_open(app: Any, cast: Any, site: Any, publish: Any) -> None:
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=9), aliases=["CVE-2026-77"]))
    report(cast, site, {"webform": "6.2.7", "webform_ui": {"version": "6.2.7", "project": "webform"}, "token": "1.0.0"}, ago(hours=5))
    with factories.writing(app):
        factories.reported(factories.site(cast.organization), {"webform": "6.2.9"}, ago(hours=5))
    assert [row["name"] for row in cast.viewer.get("/sites", advisory="cve-2026-77").json["data"]] == ["Town hall"]
    assert cast.viewer.get("/sites", advisory="SA-CONTRIB-2026-002").json["data"] == []
    shown = cast.viewer.get(f"/sites/{site.id}").json["data"]
    assert (shown["status"], shown["exposures_count"], shown["status_since"]) == ("vulnerable", 1, stamp(ago(hours=5)))
    modules = {row["name"]: [each["name"] for each in row["advisories"]] for row in cast.viewer.get(f"/sites/{site.id}/modules").json["data"]}
    assert modules == {"webform": ["SA-CONTRIB-2026-001"], "webform_ui": ["SA-CONTRIB-2026-001"], "token": []}
    filtered = cast.viewer.get(f"/sites/{site.id}/modules", advisory="SA-CONTRIB-2026-001").json["data"]
    assert {row["name"] for row in filtered} == {"webform", "webform_ui"}
    before = cast.viewer.get(f"/sites/{site.id}/modules", as_of=stamp(ago(hours=6))).json["data"]
    assert before == []
    report(cast, site, {"webform": "6.2.9", "webform_ui": {"version": "6.2.9", "project": "webform"}, "token": "1.0.0"}, ago(hours=1))
    assert cast.viewer.get(f"/sites/{site.id}").json["data"]["exposures_count"] == 0
    then = cast.viewer.get(f"/sites/{site.id}/modules", as_of=stamp(ago(hours=2)), name="webform").json["data"]
    assert [each["name"] for each in then[0]["advisories"]] == ["SA-CONTRIB-2026-001"]


@pytest.mark.parametrize("unclear", [None, "built by hand"])
def test_a_version_that_nobody_can_read_fixes_nothing(cast: Any, site: Any, publish: Any, unclear: str | None) -> None:
    publish(advisory("SA-CONTRIB-2026-001", ("webform", "<6.2.9"), published=ago(days=9)))
    report(cast, site, {"webform": "6.2.7"}, ago(hours=5))
    held = report(cast, site, {"webform": unclear}, ago(hours=4))
    assert (held["exposures_opened"], held["exposures_closed"]) == (0, 0)
    row = cast.viewer.get("/exposures").json["data"][0]
    assert (row["state"], row["version"], row["verified"]) == ("open", "6.2.7", False)
    assert cast.viewer.get("/exposures", verified="false").json["meta"]["total"] == 1
    assert cast.viewer.get("/exposures", state="fixed").json["meta"]["total"] == 0
    again = report(cast, site, {"webform": "6.2.7"}, ago(hours=3))
    assert (again["exposures_opened"], again["exposures_closed"]) == (0, 0)
    assert cast.viewer.get("/exposures").json["data"][0]["verified"] is True
    report(cast, site, {"webform": unclear}, ago(hours=2))
    fixed = report(cast, site, {"webform": "6.2.9"}, ago(hours=1))
    assert fixed["exposures_closed"] == 1
    row = cast.viewer.get("/exposures").json["data"][0]
    assert (row["state"], row["fixed_version"], row["hours_exposed"], row["verified"]) == ("fixed", "6.2.9", 4, True)


def test_the_core_whose_version_nobody_can_read_keeps_its_findings(cast: Any, site: Any, publish: Any) -> None:
    publish(advisory("SA-CORE-2026-001", ("drupal", ">=10.3.0 <10.3.9"), published=ago(days=9)))
    first = report(cast, site, {"node": "10.3.8"}, ago(hours=5), drupal={"core_version": "10.3.8"})
    held = report(cast, site, {"node": "10.3.8"}, ago(hours=4), drupal={"core_version": "garbage"})
    assert (first["exposures_opened"], held["exposures_opened"], held["exposures_closed"]) == (1, 0, 0)
    assert cast.viewer.get("/exposures").json["data"][0]["version"] == "10.3.8"
