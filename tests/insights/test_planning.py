"""Sprints, code quality and cycle time over the doors."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.catalog.published import DATA, answers, beside
from tests.insights.delivered import DAYS, at, deploy
from tests.insights.facts import a_commit, a_pull_request, repository, sha


def team(cast, name="Web"):
    return cast.admin.post("/teams", {"name": name, "organization_id": str(cast.organization.id)}).json["data"]["id"]


def sprint(cast, team_id, number=1, **fields):
    value = {"team_id": team_id, "name": f"Sprint {number}", "start_date": f"2024-{number:02}-01", "end_date": f"2024-{number:02}-14", **fields}
    answer = cast.member.post("/sprints", value)
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def verb(cast, thing, name, body=None):
    return cast.member.post(f"/sprints/{thing['id']}/{name}", body)


def closed(cast, team_id, number, planned, completed):
    made = sprint(cast, team_id, number, planned_points=planned, completed_points=completed)
    for name in ("start", "close"):
        assert verb(cast, made, name, {}).status_code == 200
    return made


def measured(cast, name, **asked):
    answer = cast.viewer.get(f"/analytics/{name}", **asked)
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


# ---- sprints and velocity

def test_velocity_is_what_was_published(cast):
    case, ours = answers("insights/velocity_cases.json")["cases"][0], team(cast)
    for number, points in enumerate(zip(case["committed"], case["completed"], strict=True), 1):
        closed(cast, ours, number, *points)
    five = measured(cast, "velocity", team_id=ours, sprint_count=5, explain=1)
    assert (five["average_velocity"], five["n"], len(five["explain"]["counted"])) == (case["rolling_5_average_after_sprint"]["7"], 5, 5)
    six = measured(cast, "velocity", team_id=ours)
    assert [row["completed_points"] for row in six["sprints"]] == case["completed"][-6:]
    assert six["average_velocity"] == pytest.approx(sum(case["completed"][-6:]) / 6, abs=1e-5)


def test_what_was_committed_is_frozen_when_it_begins_and_what_was_done_when_it_is_closed(cast):
    ours = team(cast)
    made = sprint(cast, ours, planned_points=20, completed_points=0, external_id="7", source="jira")
    assert verb(cast, made, "close").status_code == 409
    assert verb(cast, made, "start").json["data"]["committed_points"] == 20
    assert verb(cast, made, "start").status_code == 409
    again = sprint(cast, ours, planned_points=35, completed_points=25, external_id="7", source="jira")
    assert (again["id"], again["planned_points"], again["committed_points"]) == (made["id"], 35, 20)
    assert verb(cast, made, "close").json["data"]["velocity"] == 25
    cast.member.patch(f"/sprints/{made['id']}", {"completed_points": 99})
    row, = measured(cast, "velocity", team_id=ours)["sprints"]
    assert (row["planned_points"], row["completed_points"], row["velocity"], row["completion_rate"]) == (20, 25, 25, 1.25)


def test_figures_may_be_told_as_they_are_frozen(cast):
    ours = team(cast)
    made = sprint(cast, ours)
    verb(cast, made, "start", {"planned_points": 10})
    assert verb(cast, made, "close", {"completed_points": 8}).json["data"]["completion_rate"] == 0.8


def test_only_closed_sprints_count_and_nothing_planned_has_no_rate(cast):
    ours = team(cast)
    closed(cast, ours, 1, 0, 5)
    closed(cast, ours, 2, None, None)
    verb(cast, sprint(cast, ours, 3, planned_points=9, completed_points=9), "start")
    found = measured(cast, "velocity", team_id=ours, explain=1)
    assert [(row["planned_points"], row["completion_rate"]) for row in found["sprints"]] == [(0, None), (None, None)]
    assert (found["average_velocity"], found["n"], len(found["explain"]["left_out"])) == (5, 1, 1)


def test_a_team_without_sprints_has_no_velocity_and_a_question_names_one(cast):
    found = measured(cast, "velocity", team_id=team(cast))
    assert (found["average_velocity"], found["sprints"], found["trend"]) == (None, [], "stable")
    assert cast.viewer.get("/analytics/velocity").json["details"][0]["field"] == "team_id"
    assert cast.stranger.get("/analytics/velocity", team_id=team(cast, "b")).status_code == 404
    assert cast.viewer.get("/analytics/velocity", team_id=team(cast, "c"), sprint_count=0).status_code == 422


@pytest.mark.parametrize(("wrong", "field"), [({"end_date": "2023-12-31"}, "end_date"), ({"planned_points": -1}, "planned_points"),
                                              ({"name": ""}, "name"), ({"start_date": "soon"}, "start_date"), ({"state": "closed"}, "state")])
def test_a_bad_sprint_is_refused_at_its_field(cast, wrong, field):
    value = {"team_id": team(cast), "name": "One", "start_date": "2024-01-01", "end_date": "2024-01-14", **wrong}
    answer = cast.member.post("/sprints", value)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)


def test_a_sprint_is_its_teams_and_who_may_what(cast):
    one, other = team(cast), team(cast, "Other")
    made = sprint(cast, one, external_id="7")
    path = f"/sprints/{made['id']}"
    assert cast.member.post("/sprints", {**{key: made[key] for key in ("name", "start_date", "end_date", "external_id")}, "team_id": other}).status_code == 409
    assert cast.member.patch(path, {"team_id": other}).status_code == 422
    assert cast.member.patch(path, {"end_date": "2023-01-01"}).status_code == 422
    assert [getattr(cast, who).get(path).status_code for who in ("viewer", "stranger")] == [200, 404]
    assert [getattr(cast, who).post(f"{path}/start").status_code for who in ("viewer", "stranger", "member")] == [403, 404, 200]
    assert cast.stranger.post("/sprints", {"team_id": one, "name": "x", "start_date": "2024-01-01", "end_date": "2024-01-02"}).status_code == 404
    assert cast.member.delete(path).json["data"]["is_active"] is False
    assert cast.viewer.get("/sprints").json["meta"]["total"] == 0
    assert cast.member.post(f"{path}/restore").json["data"]["state"] == "active"
    told = {"items": [{"team_id": one, "name": f"S{number}", "start_date": "2024-01-01", "end_date": "2024-01-02", "external_id": f"s{number}"}
                      for number in range(3)]}
    assert [cast.member.post("/sprints", told).json["data"]["added"] for _ in range(2)] == [3, 0]
    assert cast.viewer.get("/sprints", state="planned", sort="name").json["meta"]["total"] == 3


# ---- code quality

def tell_quality(cast, place, when="6 10", **fields):
    answer = cast.member.post("/quality-measurements", {"repository_id": place["id"], "measured_at": at(when), **fields})
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def quality(cast, **asked):
    return measured(cast, "code-quality", **{**DAYS, **asked})


def test_coverage_is_weighed_and_debt_in_hours(cast):
    for covered, lines in ((90, 100), (0, 300)):
        tell_quality(cast, repository(cast), lines_covered=covered, lines_to_cover=lines, code_smells=4, technical_debt_minutes=45, bugs=1,
                     vulnerabilities=2)
    empty = repository(cast, "Empty")
    found = quality(cast, explain=1)
    assert (found["test_coverage"], found["technical_debt_hours"], found["n"]) == (22.5, 1.5, 2)
    assert (found["code_smells"], found["bugs"], found["vulnerabilities"], found["security_issues"]) == (8, 2, 4, None)
    assert found["missing"] == [{"id": empty["id"], "name": "Empty"}]
    assert (len(found["explain"]["counted"]), found["explain"]["left_out"][0]["name"]) == (2, "Empty")


def test_the_newest_that_speaks_of_a_number_counts(cast):
    ours = repository(cast)
    tell_quality(cast, ours, "5 10", lines_covered=1, lines_to_cover=2, bugs=7)
    tell_quality(cast, ours, "6 10", lines_covered=3, lines_to_cover=4)
    tell_quality(cast, ours, "20 10", bugs=0)
    found = quality(cast)
    assert (found["test_coverage"], found["bugs"]) == (75.0, 7)
    assert quality(cast, end_date="2024-03-20")["bugs"] == 0
    assert [(point["test_coverage"], point["bugs"]) for point in quality(cast, granularity="daily")["series"]][:4] == [
        (None, None), (50.0, 7), (75.0, 7), (75.0, 7)]
    assert quality(cast, start_date="2024-03-06")["previous"]["test_coverage"] == 50.0


def test_without_measurements_nothing_is_zero(cast):
    found = quality(cast)
    assert [found[name] for name in ("test_coverage", "technical_debt_hours", "bugs", "n")] == [None, None, None, 0]


def test_the_same_measurement_twice_is_one(cast):
    ours = repository(cast)
    assert tell_quality(cast, ours, bugs=1)["id"] == tell_quality(cast, ours, bugs=1)["id"] == tell_quality(cast, ours, bugs=2)["id"]
    assert cast.viewer.get("/quality-measurements").json["data"][0]["bugs"] == 2
    gone = cast.viewer.get("/quality-measurements").json["data"][0]["id"]
    assert cast.member.delete(f"/quality-measurements/{gone}").status_code == 403
    assert cast.admin.delete(f"/quality-measurements/{gone}").status_code == 200
    assert quality(cast)["n"] == 0
    assert cast.admin.post(f"/quality-measurements/{gone}/restore").status_code == 200
    assert quality(cast)["n"] == 1


@pytest.mark.parametrize(("wrong", "field"), [
    ({"lines_covered": 5}, "lines_to_cover"), ({"lines_covered": 5, "lines_to_cover": 4}, "lines_covered"), ({"test_coverage": 101}, "test_coverage"),
    ({"bugs": -1}, "bugs"), ({"bugs": None}, "test_coverage"), ({"measured_at": "2999-01-01T00:00:00Z"}, "measured_at")])
def test_a_bad_measurement_is_refused_at_its_field(cast, wrong, field):
    value = {"repository_id": repository(cast)["id"], "measured_at": at("6 10"), "bugs": 1, **wrong}
    answer = cast.member.post("/quality-measurements", value)
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)


# ---- documents of tools

def post_document(cast, place, raw, kind="application/xml", who="member", headers=None, **asked):
    query = {"repository_id": place["id"], "measured_at": at("6 10"), **asked}
    return getattr(cast, who).send("POST", "/quality-measurements", data=raw, content_type=kind, query_string=query, headers=headers)


CLOVER = b'<?xml version="1.0"?><coverage generated="1709719200"><project timestamp="0"><file name="a.php"><metrics statements="8" coveredstatements="5"/></file></project></coverage>'
COBERTURA = (b'<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd"><coverage line-rate="0.5"><packages><package>'
             b'<classes><class filename="a.php"><lines><line number="1" hits="3"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>')


@pytest.mark.parametrize(("raw", "form", "covered"), [(CLOVER, "clover", (5, 8)), (COBERTURA, "cobertura", (1, 2))])
def test_coverage_reports_are_told_by_their_shape(cast, raw, form, covered):
    ours = repository(cast)
    for body, headers in ((raw, None), (gzip.compress(raw), {"Content-Encoding": "gzip"})):
        answer = post_document(cast, ours, body, headers=headers)
        assert (answer.status_code, answer.json["data"]["format"]) == (201, form), answer.json
        assert (answer.json["data"]["lines_covered"], answer.json["data"]["lines_to_cover"]) == covered
    assert cast.viewer.get("/quality-measurements").json["meta"]["total"] == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="the published reports are not beside this checkout")
def test_reports_as_phpunit_writes_them_are_read_as_published(cast):
    for told in answers("insights/coverage/_manifest.json")["files"]:
        ours, expected = repository(cast), told["expected"]
        raw = beside(f"insights/coverage/{told['file']}").read_bytes().replace(b"%i", b"1709719200").replace(b"%s", b"1")
        answer = post_document(cast, ours, raw)
        assert answer.status_code == 201, (told["file"], answer.json)
        found = answer.json["data"]
        wanted = (int(expected.get("lines_covered", expected.get("coveredstatements", 5))), int(expected.get("lines_valid", expected.get("statements", 8))))
        assert (found["lines_covered"], found["lines_to_cover"]) == wanted, told["file"]


def test_a_report_says_itself_when_it_was_made(cast):
    ours = repository(cast)
    answer = cast.member.send("POST", "/quality-measurements", data=CLOVER, content_type="text/xml", query_string={"repository_id": ours["id"]})
    assert answer.json["data"]["measured_at"] == "2024-03-06T10:00:00Z"


LAUGHS = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><coverage>&b;</coverage>'
FILE = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]><coverage>&x;</coverage>'
PARAMETER = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x">%x;]><coverage/>'


@pytest.mark.parametrize("raw", [LAUGHS, FILE, PARAMETER, b"<coverage>", b"<html></html>", b"", b"\xff\xfe", b"<coverage/>",
                                 b'<coverage><project><metrics statements="x" coveredstatements="1"/></project></coverage>',
                                 b'<coverage><project><metrics statements="1" coveredstatements="2"/></project></coverage>',
                                 b'<?xml version="1.0" encoding="wrong"?><coverage/>'])
def test_hostile_and_wrong_xml_is_refused(cast, raw):
    answer = post_document(cast, repository(cast), raw)
    assert answer.status_code in (400, 422), answer.json
    assert b"root:" not in answer.get_data()
    assert cast.viewer.get("/quality-measurements").json["meta"]["total"] == 0


def test_a_document_is_of_a_repository_that_one_may_tell_about(cast):
    ours = repository(cast)
    assert post_document(cast, ours, CLOVER, who="stranger").status_code == 404
    assert post_document(cast, ours, CLOVER, who="viewer").status_code == 403
    nowhere = cast.member.send("POST", "/quality-measurements", data=CLOVER, content_type="application/xml")
    assert nowhere.json["details"][0]["field"] == "repository_id"
    doubly = cast.member.post(f"/quality-measurements?repository_id={ours['id']}", {"repository_id": ours["id"], "measured_at": at("6 10"), "bugs": 1})
    assert doubly.json["details"][0]["field"] == "repository_id"


@pytest.mark.parametrize(("measures", "expected"), [
    ({"lines_to_cover": "400", "uncovered_lines": "310", "coverage": "99", "code_smells": "12", "bugs": "3", "vulnerabilities": "2",
      "security_hotspots": "4", "sqale_index": "90", "new_bugs": None},
     {"lines_covered": 90, "lines_to_cover": 400, "code_smells": 12, "bugs": 3, "vulnerabilities": 2, "security_issues": 6,
      "technical_debt_minutes": 90.0, "test_coverage": None}),
    ({"coverage": "81.5", "software_quality_maintainability_issues": "12", "software_quality_reliability_issues": "3",
      "software_quality_security_issues": "2", "software_quality_maintainability_remediation_effort": "90"},
     {"test_coverage": 81.5, "code_smells": 12, "bugs": 3, "vulnerabilities": 2, "security_issues": 2, "technical_debt_minutes": 90.0})])
def test_sonarqubes_measures_are_read_with_old_and_new_keys(cast, measures, expected):
    told = [{"metric": name, "value": value} if value is not None else {"metric": name, "period": {"index": 1, "value": "9"}}
            for name, value in measures.items()]
    answer = post_document(cast, repository(cast), json.dumps({"component": {"key": "web", "measures": told}}), "application/json")
    assert answer.status_code == 201, answer.json
    assert {name: answer.json["data"][name] for name in expected} == expected


@pytest.mark.parametrize("measures", [[], [{"metric": "ncloc", "value": "9"}], [{"metric": "coverage", "value": "much"}], ["x"],
                                      [{"metric": "coverage", "value": "nan"}], [{"metric": "coverage", "value": "101"}],
                                      [{"metric": "bugs", "value": "-1"}], [{"metric": "bugs", "value": "1e400"}]])
def test_a_sonarqube_document_without_numbers_is_refused(cast, measures):
    answer = post_document(cast, repository(cast), json.dumps({"component": {"measures": measures}}), "application/json")
    assert answer.status_code == 422


# ---- cycle time

def cycle(cast, **asked):
    return measured(cast, "cycle-time", **{**DAYS, **asked})


def tell(cast, ours, *commits, **request):
    if commits:
        assert cast.member.post(f"/repositories/{ours['id']}/commits", {"items": list(commits)}).status_code == 200
    value = a_pull_request(request.pop("number", 1), state="merged", created_at=at("6 9"), merged_at=request.pop("merged_at", at("6 15")), **request)
    assert cast.member.post(f"/repositories/{ours['id']}/pull-requests", value).status_code == 200


@pytest.fixture
def delivered(cast):
    """One pull request: coding 10 h, review 5 h, testing 2 h, deployment 3 h; a seed deployment before it."""
    ours = repository(cast, default_branch="main")
    tell(cast, ours, a_commit("seed", at=at("4 1")), a_commit("head", "seed", at=at("6 0")), first_commit_at=at("6 0"),
         ready_for_review_at=at("6 10"), first_review_at=at("6 12"), approved_at=at("6 14"), merge_commit_sha=sha("head"), head_sha=sha("head"))
    deploy(cast, ours, "4 12", commit_sha=sha("seed"))
    deploy(cast, ours, "6 17", environment="staging", commit_sha=sha("head"))
    deploy(cast, ours, "6 20", commit_sha=sha("head"))
    return ours


def test_cycle_time_is_the_sum_of_its_parts(cast, delivered):
    found = cycle(cast, explain=1)
    assert found["breakdown"] == {"coding_hours": 10, "review_hours": 5, "testing_hours": 2, "deployment_hours": 3}
    assert (found["total_cycle_time_hours"], found["pickup_hours"], found["n"], found["methods"]) == (20, 2, 1, ["graph"])
    assert found["percentiles"] == {"p50": 20, "p75": 20, "p90": 20}
    assert found["explain"]["counted"][0]["total_hours"] == 20
    assert [point["n"] for point in found["series"]] == [1, 0]


def test_what_is_not_deployed_is_counted_apart(cast, delivered):
    tell(cast, delivered, a_commit("next", "head", at=at("7 0")), number=2, merged_at=at("7 15"), merge_commit_sha=sha("next"))
    found = cycle(cast, explain=1)
    assert (found["n"], found["left_out"]["not_deployed"], found["total_cycle_time_hours"]) == (1, 1, 20)
    assert found["explain"]["left_out"][0]["number"] == 2


def test_what_the_first_deployment_swallowed_and_programs_do_not_count(cast):
    ours = repository(cast, default_branch="main")
    tell(cast, ours, a_commit("old", at=at("5 1")), merged_at=at("6 15"), merge_commit_sha=sha("old"))
    tell(cast, ours, number=2, merged_at=at("6 16"), author_email="support@dependabot.com", author_name="dependabot[bot]")
    deploy(cast, ours, "9 12", commit_sha=sha("old"))
    found = cycle(cast)
    assert (found["n"], found["left_out"]) == (0, {"bot": 1, "seed": 1, "not_deployed": 0})


def test_without_a_graph_the_next_deployment_counts_and_says_so(cast):
    ours = repository(cast, default_branch="main")
    tell(cast, ours)
    deploy(cast, ours, "5 12")
    deploy(cast, ours, "6 20")
    found = cycle(cast)
    assert (found["n"], found["methods"], found["without_testing"]) == (1, ["time"], 1)
    assert found["total_cycle_time_hours"] == 11


def test_a_deployment_of_the_merge_itself_needs_no_graph(cast):
    ours = repository(cast, default_branch="main")
    tell(cast, ours, merge_commit_sha=sha("merge"))
    deploy(cast, ours, "6 18", commit_sha=sha("elsewhere"))
    deploy(cast, ours, "6 20", commit_sha=sha("merge"))
    found = cycle(cast)
    assert (found["methods"], found["breakdown"]["deployment_hours"]) == (["sha"], 5)


def test_cycle_time_of_nothing_is_null_and_strangers_see_nothing(cast, delivered):
    found = cast.stranger.get("/analytics/cycle-time", **DAYS).json["data"]
    assert (found["total_cycle_time_hours"], set(found["breakdown"].values()), found["n"]) == (None, {None}, 0)
    assert cast.stranger.get("/analytics/cycle-time", **DAYS, repository_id=delivered["id"]).status_code == 404
