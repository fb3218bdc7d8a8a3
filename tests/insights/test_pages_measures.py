"""Pages of numbers, deployments, incidents and sprints: the same as their JSON, and each number the length of its list."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests import factories
from tests.insights.delivered import at, deploy, incident, run
from tests.insights.facts import a_commit, a_pull_request, repository, sha
from tests.insights.test_planning import closed, team

MARCH = {"start_date": "2024-03-04", "end_date": "2024-03-17"}


@pytest.fixture
def ours(cast):
    return repository(cast)


@pytest.fixture
def member(cast):
    return cast.member.browser()


def text(browser, path, **query):
    answer = browser.get(path, **query)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return unescape(answer.get_data(as_text=True))


def tiles(page):
    """The numbers of a page by name, each with its address (None without one)."""
    found = re.findall(r'<div class="pb-tile"><span[^>]*>([^<]+)</span>(?:<a class="v" href="([^"]+)">([^<]+)<|<span class="v">([^<]+)<)', page)
    return {name: (value or plain, href or None) for name, href, value, plain in found}


def total(browser, href):
    found = re.search(r'data-announce="([\d,]+) found"', text(browser, href))
    return int(found[1].replace(",", ""))


def delivered(cast, ours):
    commits = [a_commit("seed", at=at("4 1")), a_commit("change", "seed", at=at("6 0"))]
    cast.member.post(f"/repositories/{ours['id']}/commits", {"items": commits})
    deploy(cast, ours, "4 12", commit_sha=sha("seed"))
    deploy(cast, ours, "6 20", commit_sha=sha("change"))
    deploy(cast, ours, "12 10", status="failure")
    deploy(cast, ours, "12 14")


def test_each_number_leads_to_as_many_deployments_as_it_counts(cast, ours, member):
    delivered(cast, ours)
    page = text(member, "/insights", **MARCH)
    found = tiles(page)
    data = cast.viewer.get("/analytics/dora-metrics", **MARCH).json["data"]
    assert found["Deployments a week"][0] == "1.5"
    assert total(member, found["Deployments a week"][1]) == data["deployment_frequency"]["n"] == 3
    assert found["Change failure rate"][0] == "25.0 %"
    assert total(member, found["Change failure rate"][1]) == data["change_failure_rate"]["failed"] == 1
    assert found["Time to restore, median"][0] == "4 h"
    assert total(member, found["Time to restore, median"][1]) == data["time_to_restore"]["n"] == 1
    assert found["Lead time, median"][0] == "20 h"
    rework = re.search(r'<a href="([^"]+)">25\.0 %</a> of the deployments were rework', page)[1]
    assert total(member, rework) == 1
    assert "of 1 commit, nine of ten within 20 h" in page
    assert page.count('<a class="strong5" href="/insights/why/') == 5
    assert page.count("<svg class=\"pb-chart") >= 6


def test_why_names_the_records_and_what_was_left_out(cast, ours, member):
    delivered(cast, ours)
    page = text(member, "/insights/why/lead_time_for_changes", **MARCH)
    assert sha("change")[:12] in page
    assert "20 h" in page
    assert "It came with the first deployment that is known" in page
    rate = text(member, "/insights/why/change_failure_rate", **MARCH)
    assert "Change failure rate: 25.0 %" in rate
    assert rate.count('class="name" href="/deployments/') == 1
    for name in ("deployment_frequency", "time_to_restore", "deployment_rework_rate"):
        assert "What counts" in text(member, f"/insights/why/{name}", **MARCH)
    assert member.get("/insights/why/wishes").status_code == 404


def test_without_deployments_nothing_is_zero(member):
    page = text(member, "/insights")
    assert "Nothing was deployed to production in this time" in page
    assert {name: value for name, (value, _) in tiles(page).items()} == dict.fromkeys(
        ("Deployments a week", "Lead time, median", "Change failure rate", "Time to restore, median"), "–")


def test_filters_and_parts_of_the_page_are_the_questions_of_the_json(cast, ours, member):
    delivered(cast, ours)
    other = repository(cast, "Other")
    assert tiles(text(member, "/insights", **MARCH, repository_id=other["id"]))["Deployments a week"][0] == "–"
    assert member.get("/insights", repository_id="nonsense").status_code == 422
    assert cast.stranger.browser().get("/insights", repository_id=ours["id"]).status_code == 404
    part = member.get("/insights", htmx=True, **MARCH).get_data(as_text=True)
    assert '<div id="results"' in part
    assert "<html" not in part
    page = text(member, "/insights", **MARCH)
    assert re.search(r'href="(/api/v1/analytics/dora-metrics\?[^"]+)"', page)[1].count("2024-03") == 2


def test_cycle_time_and_code_quality_have_pages(cast, ours, member):
    delivered(cast, ours)
    told = a_pull_request(1, state="merged", created_at=at("5 9"), merged_at=at("6 1"), merge_commit_sha=sha("change"))
    cast.member.post(f"/repositories/{ours['id']}/pull-requests", told)
    page = text(member, "/insights/cycle-time", **MARCH)
    assert "Raise webform" in page
    assert tiles(page)["Whole, on average"][0] == cycle_words(cast)
    cast.member.post("/quality-measurements", {"repository_id": ours["id"], "measured_at": at("6 10"), "lines_covered": 3, "lines_to_cover": 4})
    repository(cast, "Never measured one")
    page = text(member, "/insights/code-quality", **MARCH)
    assert tiles(page)["Lines covered by tests"] == ("75.0 %", "#counted")
    assert "Never measured one" in page
    for path in ("/insights/cycle-time", "/insights/code-quality"):
        assert "–" in text(cast.stranger.browser(), path)


def cycle_words(cast):
    from webapp.kit.web.formatting import hours

    return hours(cast.viewer.get("/analytics/cycle-time", **MARCH).json["data"]["total_cycle_time_hours"])


# ---- deployments and incidents

def test_deployments_are_listed_with_what_became_of_them(app, cast, ours, member):
    with factories.writing(app):
        site = factories.site(cast.organization, name="Town hall")
    failed = run(cast, site, "5 10", "failed", webform=("6.2.2", "6.2.3"))
    run(cast, site, "5 14", webform=("6.2.2", "6.2.3"))
    deploy(cast, ours, "6 10", ref="release/7")
    page = text(member, "/deployments")
    assert page.index("release/7") < page.index("Town hall")
    assert f'href="/patch-runs/{failed["id"]}"' in page
    assert "Rework" in page
    assert total(member, "/deployments?failed=true") == 1
    one = cast.viewer.get("/deployments", failed="true").json["data"][0]
    detail = text(member, f"/deployments/{one['id']}")
    assert "A patch run failed" in detail
    assert cast.stranger.browser().get(f"/deployments/{one['id']}").status_code == 404


def test_an_incident_is_recorded_resolved_and_dismissed(cast, ours, member):
    bad = deploy(cast, ours, "5 10")
    answer = member.post("/incidents/new", {"title": "Forms are down", "repository_id": ours["id"], "opened_at": at("5 11"), "severity": "high"})
    assert answer.status_code == 303
    path = answer.headers["Location"]
    page = text(member, path)
    assert f'href="/deployments/{bad["id"]}"' in page
    assert "Nobody named it" in page
    refused = member.post(f"{path}/resolve", {"resolved_at": at("5 9")})
    assert (refused.status_code, "This lies before opened_at" in refused.get_data(as_text=True)) == (422, True)
    assert member.post(f"{path}/resolve", {"resolved_at": ""}).status_code == 303
    assert "Resolved" in text(member, "/incidents", state="resolved")
    viewer = cast.viewer.browser()
    assert f"{path}/dismiss" not in text(viewer, path)
    assert viewer.post(f"{path}/dismiss").status_code == 403
    assert member.post(f"{path}/dismiss").status_code == 303
    assert member.get(path).status_code == 404


def test_a_form_for_an_incident_says_what_is_wrong_and_keeps_what_was_typed(cast, member):
    answer = member.post("/incidents/new", {"title": "Forms are down", "opened_at": "noon"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "Forms are down" in page, "RFC 3339" in page) == (422, True, True)


def test_the_list_of_incidents_says_which_deployment_each_counts_for(cast, ours, member):
    deploy(cast, ours, "5 10")
    incident(cast, ours, "5 11")
    incident(cast, ours, "9 11")
    page = text(member, "/incidents")
    assert page.count(">the one of ") == 1
    assert total(member, "/incidents?cause_kind=none") == 1


# ---- sprints

def test_sprints_are_planned_started_and_closed(cast, member):
    team = cast.admin.post("/teams", {"name": "Web", "organization_id": str(cast.organization.id)}).json["data"]["id"]
    value = {"name": "Sprint 1", "team_id": team, "start_date": "2024-01-01", "end_date": "2024-01-14", "planned_points": "20", "completed_points": ""}
    assert member.post("/sprints/new", value).status_code == 303
    one = cast.viewer.get("/sprints").json["data"][0]
    assert (one["planned_points"], one["completed_points"]) == (20, None)
    assert member.post(f"/sprints/{one['id']}/start").status_code == 303
    assert member.post(f"/sprints/{one['id']}/start").status_code == 409
    assert member.post(f"/sprints/{one['id']}/edit", {**value, "planned_points": "30", "completed_points": "25"}).status_code == 303
    assert member.post(f"/sprints/{one['id']}/close").status_code == 303
    page = text(member, "/sprints")
    assert ("125 %" in page, "Closed" in page) == (True, True)
    assert "20" in text(member, f"/sprints/{one['id']}/edit")
    assert member.post("/sprints/new", {**value, "end_date": "2023-01-01"}).status_code == 422
    assert "Plan sprint" not in text(cast.viewer.browser(), "/sprints")


# ---- velocity

def test_velocity_shows_the_team_that_closed_a_sprint_last_unless_another_is_chosen(cast, member):
    assert "No sprint was closed yet" in text(member, "/insights/velocity")
    web, shop = team(cast, "Web"), team(cast, "Shop")
    for number, done in ((1, 10), (2, 20), (3, 24)):
        closed(cast, web, number, 20, done)
    closed(cast, shop, 2, 8, 6)
    page = text(member, "/insights/velocity")
    data = cast.viewer.get("/analytics/velocity", team_id=web).json["data"]
    assert "What Web got done" in page
    assert tiles(page)["Done in a sprint, on average"] == ("18", "#sprints")
    assert data["average_velocity"] == 18
    assert tiles(page)["Of what was committed"][0] == "90 %"
    assert re.findall(r'<span class="name">([^<]+)<', page) == [row["name"] for row in data["sprints"]]
    assert "10 points done in Sprint 1, 24 in Sprint 3" in page
    other = text(member, "/insights/velocity", team_id=shop, sprint_count=3)
    assert tiles(other)["Done in a sprint, on average"][0] == "6"
    assert f"/api/v1/analytics/velocity?team_id={shop}&sprint_count=3" in other


def test_velocity_of_a_team_of_others_is_not_found(cast):
    ours = team(cast)
    closed(cast, ours, 1, 10, 10)
    stranger = cast.stranger.browser()
    assert stranger.get("/insights/velocity", team_id=ours).status_code == 404
    assert "No sprint was closed yet" in text(stranger, "/insights/velocity")
