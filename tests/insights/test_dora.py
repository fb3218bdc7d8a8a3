"""DORA's numbers over the doors: the worked example, what others got wrong, and that each number equals its list."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

import pytest

from tests import factories, outbox
from tests.catalog.published import beside
from tests.insights.delivered import DAYS, at, deploy, incident, report, run
from tests.insights.facts import a_commit, a_pull_request, repository, sha


def dora(cast, **asked):
    answer = cast.viewer.get("/analytics/dora-metrics", **{**DAYS, **asked})
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


def commits(cast, ours, *told):
    assert cast.member.post(f"/repositories/{ours['id']}/commits", {"items": list(told)}).status_code == 200


def numbers(data):
    return [data["deployment_frequency"]["value"], data["lead_time_for_changes"]["median_hours"], data["lead_time_for_changes"]["p90_hours"],
            data["change_failure_rate"]["percentage"], data["time_to_restore"]["median_hours"], data["deployment_rework_rate"]["percentage"]]


# ---- the worked example

@pytest.fixture
def example(app, cast):
    """The worked example: its advisories, sites, reports and runs, in the order of their times."""
    told = json.loads(beside("insights/patch_dora_worked_example.json").read_text())
    with factories.writing(app):
        sites = {name: factories.site(cast.organization, name=name, environment="staging" if name == "S" else "production") for name in "ABCS"}
    published(app, told["advisories"])
    entries = [(each["at"], each) for each in told["reports"]] + [(each["finished_at"], each) for each in told["patch_runs"]]
    for when, entry in sorted(entries, key=lambda pair: pair[0]):
        moment = datetime.fromisoformat(when.replace("Z", "+00:00")).strftime("%d %H:%M").lstrip("0")
        if "versions" in entry:
            report(cast, sites[entry["site"]], moment, **named(entry["versions"]))
            outbox.work(app)
        else:
            status = {"failed_rolled_back": "rolled_back", "aborted_before_change": "failed"}.get(entry["outcome"], "success")
            updates = {name: (before, after) for name, before, after in entry.get("attempted", entry["changes"])}
            run(cast, sites[entry["site"]], moment, status, entry["environment"], **named(updates))
    return told


def named(modules):
    return {"drupal" if name == "drupal/core" else name: value for name, value in modules.items()}


def published(app, advisories):
    from webapp.catalog.actions.advisories import import_advisories
    from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of

    records = [AdvisoryRecord(source="osv-drupal", source_id=f"SA-CONTRIB-2024-00{place}", ids=ids_of([f"SA-CONTRIB-2024-00{place}"]),
                              published_at=datetime.fromisoformat(each["published_at"].replace("Z", "+00:00")),
                              affected=(Affected(next(iter(named({each["project"]: 0}))), f"<{each['fixed']}"),))
               for place, each in enumerate(advisories, 1)]
    with factories.writing(app):
        import_advisories(records, records[0].published_at)
    outbox.work(app)


def test_the_worked_example_comes_out_as_it_was_worked(cast, example):
    data, expected = dora(cast, change_kind="security_fix", explain=1), example["expected"]
    frequency, wanted = data["deployment_frequency"], expected["deployment_frequency"]
    assert (frequency["value"], frequency["n"], frequency["deployment_days"]) == (wanted["per_week"], wanted["successful"], wanted["deployment_days"])
    rate, wanted = data["change_failure_rate"], expected["change_failure_rate"]
    assert (rate["percentage"], rate["failed"], rate["n"]) == (wanted["percent"], len(wanted["failed"]), wanted["denominator"])
    assert data["deployment_rework_rate"]["percentage"] == expected["deployment_rework_rate"]["percent"]
    lead, wanted = data["lead_time_for_changes"], expected["lead_time_for_changes_hours"]
    assert (lead["median_hours"], lead["p90_hours"]) == (wanted["median"], pytest.approx(wanted["p90"]))
    assert sorted(each["hours"] for each in data["explain"]["lead_time_for_changes"]["counted"]) == sorted(wanted["samples"].values())
    restore, wanted = data["time_to_restore"], expected["failed_deployment_recovery_hours"]
    assert (restore["median_hours"], restore["p90_hours"], restore["n"]) == (wanted["median"], pytest.approx(wanted["p90"]), 2)
    opened, wanted = restore["incident_open"], expected["incident_open_hours"]
    assert (opened["median_hours"], opened["p90_hours"]) == (wanted["median"], pytest.approx(wanted["p90"]))


def test_each_number_is_the_length_of_its_list(cast, example):
    data = dora(cast)

    def length(**asked):
        window = data["deployment_frequency"]["window"]
        return cast.viewer.get("/deployments", environment="production", **{"from": window["start"], "to": window["end"]}, **asked).json["meta"]["total"]

    assert data["deployment_frequency"]["n"] == length(status="success") == 6
    assert data["change_failure_rate"]["n"] == length(changed="true") == 7
    assert data["change_failure_rate"]["failed"] == length(failed="true") == 2
    assert data["deployment_rework_rate"]["rework"] == length(rework="true") == 2
    assert data["time_to_restore"]["n"] == length(failed="true", restored="true") == 2
    assert data["time_to_restore"]["open_incidents"] == cast.viewer.get("/incidents", state="open").json["meta"]["total"] == 0
    assert sum(point["successful_deployments"] for point in data["series"]) == 6
    assert [point["period"] for point in data["series"]] == ["2024-03-04", "2024-03-11"]


# ---- without data, and wrong questions

def test_without_data_nothing_is_zero(cast):
    data = dora(cast)
    assert numbers(data) == [None] * 6
    assert [point["deployments"] for point in data["series"]] == [0, 0]
    assert {point["change_failure_rate"] for point in data["series"]} == {None}
    for name in ("deployment_frequency", "lead_time_for_changes", "change_failure_rate", "time_to_restore"):
        assert (data[name]["trend"], data[name]["trend_detail"]["reason"], data[name]["n"]) == ("stable", "insufficient_data", 0)
        assert data[name]["definition"]


def test_a_window_in_which_nothing_was_deployed_any_more_is_zero(cast):
    deploy(cast, repository(cast), "1 10")
    data = dora(cast)
    assert (data["deployment_frequency"]["value"], data["change_failure_rate"]["percentage"]) == (0.0, None)


@pytest.mark.parametrize(("asked", "field"), [
    ({"start_date": "2024-03-10", "end_date": "2024-03-01"}, "end_date"), ({"start_date": "spring"}, "start_date"),
    ({"end_date": "2024-02-30"}, "end_date"), ({"granularity": "hourly"}, "granularity"), ({"change_kind": "wish"}, "change_kind"),
    ({"start_date": "1990-01-01", "granularity": "daily"}, "granularity"),
    ({"start_date": "0001-01-01"}, "start_date"), ({"end_date": "9999-12-31T23:59:59Z"}, "end_date"), ({"colour": "red"}, "colour"), ({"team_id": "us"}, "team_id")])
def test_wrong_questions_are_refused_at_their_field(cast, asked, field):
    answer = cast.viewer.get("/analytics/dora-metrics", **{**DAYS, **asked})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)


def test_a_question_needs_its_dates(cast):
    answer = cast.viewer.get("/analytics/dora-metrics")
    assert (answer.status_code, {each["field"] for each in answer.json["details"]}) == (422, {"start_date", "end_date"})


# ---- who sees what

def test_strangers_see_nothing_and_what_they_name_is_not_there(app, cast):
    ours = repository(cast)
    deploy(cast, ours, "5 10")
    with factories.writing(app):
        site = factories.site(cast.organization)
    answer = cast.stranger.get("/analytics/dora-metrics", **DAYS)
    assert numbers(answer.json["data"]) == [None] * 6
    team = cast.admin.post("/teams", {"name": "a", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    for name, key in (("site_id", site.id), ("repository_id", ours["id"]), ("organization_id", cast.organization.id), ("team_id", team)):
        assert cast.stranger.get("/analytics/dora-metrics", **DAYS, **{name: str(key)}).status_code == 404
        assert cast.viewer.get("/analytics/dora-metrics", **DAYS, **{name: str(key)}).status_code == 200
    assert cast.root.get("/analytics/dora-metrics", **DAYS, repository_id=ours["id"], organization_id=str(cast.elsewhere.id)).status_code == 404


def test_what_was_told_shows_at_once(cast):
    ours = repository(cast)
    for number in (1, 2):
        deploy(cast, ours, f"{number + 4} 10")
        assert dora(cast)["deployment_frequency"]["n"] == number
    cast.admin.delete(f"/repositories/{ours['id']}")
    assert dora(cast)["deployment_frequency"]["n"] == 0
    cast.admin.post(f"/repositories/{ours['id']}/restore")
    assert dora(cast)["deployment_frequency"]["n"] == 2


def test_a_level_is_shown_of_one_place_and_never_of_a_blend(cast):
    ours = repository(cast)
    deploy(cast, ours, "5 10")
    assert dora(cast)["deployment_frequency"]["level"] is None
    level = dora(cast, repository_id=ours["id"])["deployment_frequency"]["level"]
    assert "2023" in level["source"]
    assert level["threshold"]


def test_days_are_those_of_the_organization(cast):
    ours = repository(cast)
    cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": {"timezone": "Europe/Vienna"}})
    deploy(cast, ours, "3 23:30")
    deploy(cast, ours, "17 23:30")
    data = dora(cast)
    assert (data["deployment_frequency"]["n"], data["deployment_frequency"]["window"]["timezone"]) == (1, "Europe/Vienna")
    assert data["deployment_frequency"]["window"]["start"] == "2024-03-03T23:00:00Z"


# ---- what others got wrong

def test_three_incidents_of_one_deployment_are_one_failure(cast):
    ours = repository(cast)
    runs = [deploy(cast, ours, when) for when in ("5 10", "7 10", "12 10", "14 10")]
    deploy(cast, ours, "8 10", environment="staging")
    for _ in range(3):
        down = incident(cast, ours, "7 11", deployment_id=runs[1]["id"])
        cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": at("7 16")})
    data = dora(cast)
    assert (data["deployment_frequency"]["value"], data["change_failure_rate"]["percentage"], data["time_to_restore"]["median_hours"]) == (2.0, 25.0, 6.0)


def test_a_failure_that_goes_on_counts_and_has_no_recovery(cast):
    ours = repository(cast)
    deploy(cast, ours, "5 10")
    incident(cast, ours, "5 11")
    restore = dora(cast)["time_to_restore"]
    assert (restore["median_hours"], restore["not_restored"], restore["open_incidents"], restore["open_since"]) == (None, 1, 1, at("5 11"))
    assert dora(cast)["change_failure_rate"]["percentage"] == 100.0


def test_an_incident_long_after_any_deployment_counts_for_none(cast):
    ours = repository(cast)
    deploy(cast, ours, "5 10")
    incident(cast, ours, "9 10", resolved_at=at("9 11"))
    data = dora(cast)
    assert (data["change_failure_rate"]["percentage"], data["time_to_restore"]["n"]) == (0.0, 0)


def test_the_first_deployment_swallows_nothing_and_commits_count_once(cast):
    ours = repository(cast)
    commits(cast, ours, a_commit("old", at="2019-05-01T10:00:00Z"), a_commit("head", "old", at=at("6 0")))
    deploy(cast, ours, "4 12", commit_sha=sha("old"))
    deploy(cast, ours, "6 20", commit_sha=sha("head"))
    deploy(cast, ours, "7 20", commit_sha=sha("old"))
    deploy(cast, ours, "8 20", commit_sha=sha("head"))
    data = dora(cast, explain=1)
    lead = data["lead_time_for_changes"]
    assert (lead["median_hours"], lead["n"], lead["change_kind"], lead["methods"]) == (20.0, 1, "commit", ["graph"])
    assert [each["change"] for each in data["explain"]["lead_time_for_changes"]["counted"]] == [sha("head")]


def test_the_seed_is_named_among_what_was_left_out(cast):
    ours = repository(cast)
    commits(cast, ours, a_commit("one", at=at("3 10")))
    deploy(cast, ours, "5 12", commit_sha=sha("one"))
    data = dora(cast, explain=1)
    assert (data["lead_time_for_changes"]["median_hours"], data["lead_time_for_changes"]["left_out"]["seed"]) == (None, 1)
    assert [each["change"] for each in data["explain"]["lead_time_for_changes"]["left_out"]] == [sha("one")]


def test_a_squashed_pull_request_is_found_by_its_head(cast):
    ours = repository(cast, default_branch="main")
    commits(cast, ours, a_commit("seed", at=at("4 1")), a_commit("squashed", "seed", at=at("6 0")))
    told = a_pull_request(1, state="merged", created_at=at("5 9"), merged_at=at("6 1"), merge_commit_sha=sha("squashed"), head_sha=sha("branch"))
    assert cast.member.post(f"/repositories/{ours['id']}/pull-requests", told).status_code == 200
    deploy(cast, ours, "4 12", commit_sha=sha("seed"))
    deploy(cast, ours, "6 20", commit_sha=sha("branch"))
    assert dora(cast)["lead_time_for_changes"]["median_hours"] == 20.0


def test_without_a_graph_pull_requests_stand_for_what_was_brought(cast):
    ours = repository(cast, default_branch="main")
    for number, merged, base in ((1, "4 10", "main"), (2, "6 1", "main"), (3, "6 2", "release")):
        told = a_pull_request(number, state="merged", created_at=at("3 10"), first_commit_at=at("3 20"), merged_at=at(merged), base_branch=base)
        assert cast.member.post(f"/repositories/{ours['id']}/pull-requests", told).status_code == 200
    deploy(cast, ours, "4 12", commit_sha=sha("unknown one"))
    deploy(cast, ours, "6 20", commit_sha=sha("unknown two"))
    lead = dora(cast)["lead_time_for_changes"]
    assert (lead["n"], lead["methods"], lead["median_hours"]) == (1, ["time"], 72.0)


def test_nothing_deployed_has_no_lead_time(cast):
    ours = repository(cast)
    commits(cast, ours, a_commit("one", at=at("4 1")), a_commit("two", "one", at=at("6 0")))
    deploy(cast, ours, "6 20", environment="staging", commit_sha=sha("two"))
    deploy(cast, ours, "6 21", status="failure", commit_sha=sha("two"))
    assert dora(cast)["lead_time_for_changes"]["median_hours"] is None


def test_a_commit_that_reaches_several_sites_arrives_with_the_first(app, cast):
    ours = repository(cast)
    with factories.writing(app):
        sites = [factories.site(cast.organization, repository_id=UUID(ours["id"])) for _ in range(2)]
    commits(cast, ours, a_commit("seed", at=at("4 1")), a_commit("change", "seed", at=at("6 0")))
    for site, hour in zip(sites, (10, 20), strict=True):
        deploy(cast, None, "4 12", site_id=str(site.id), commit_sha=sha("seed"))
        deploy(cast, None, f"6 {hour}", site_id=str(site.id), commit_sha=sha("change"))
    lead = dora(cast)["lead_time_for_changes"]
    assert (lead["n"], lead["median_hours"]) == (1, 10.0)
    assert dora(cast, site_id=str(sites[1].id))["lead_time_for_changes"]["median_hours"] == 20.0


def test_thirty_seconds_are_not_none(cast):
    ours = repository(cast)
    commits(cast, ours, a_commit("seed", at=at("4 1")), a_commit("change", "seed", at=at("6 10")))
    deploy(cast, ours, "4 12", commit_sha=sha("seed"))
    told = {"repository_id": ours["id"], "environment": "production", "status": "success", "finished_at": "2024-03-06T10:00:30Z", "commit_sha": sha("change")}
    assert cast.member.post("/deployments", told).status_code == 201
    assert dora(cast)["lead_time_for_changes"]["median_hours"] == 0.008333


def test_an_update_that_the_site_had_waiting_since_nobody_knows_when_is_left_out(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
    published(app, [{"project": "webform", "fixed": "6.2.3", "published_at": "2024-03-01T10:00Z"}])
    report(cast, site, "5 6", webform="6.2.2")
    run(cast, site, "6 6", webform=("6.2.2", "6.2.3"))
    lead = dora(cast, change_kind="security_fix")["lead_time_for_changes"]
    assert (lead["n"], lead["left_out"]["left_censored"]) == (0, 1)


def test_kinds_are_never_pooled_unasked(cast, example):
    data = dora(cast)["lead_time_for_changes"]
    assert (data["change_kind"], data["n"], data["by_kind"]["security_fix"]["n"]) == ("module_update", 0, 5)
    assert dora(cast, change_kind="all")["lead_time_for_changes"]["n"] == 5
