"""Deployments and incidents as they are told: each once, all or nothing, and what the one says of the other."""

from __future__ import annotations

import pytest

from tests import factories
from tests.insights.delivered import at, deploy, incident, listed, shown
from tests.insights.facts import repository, sha

NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
def ours(cast):
    return repository(cast)


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


def test_the_same_deployment_twice_is_one_and_changes_nothing(cast, ours):
    first = deploy(cast, ours, "5 10", external_id="build-7", commit_sha=sha("a"), ref="main", started_at=at("5 9"))
    assert deploy(cast, ours, "5 10", external_id="build-7", commit_sha=sha("a"), ref="main", started_at=at("5 9")) == first
    assert cast.viewer.get("/deployments").json["meta"]["total"] == 1
    assert cast.admin.get("/audit-logs", resource_type="deployment").json["meta"]["total"] == 1
    deploy(cast, ours, "5 10", external_id="build-7", source="jenkins")
    deploy(cast, ours, "5 10")
    assert cast.viewer.get("/deployments").json["meta"]["total"] == 3


def test_what_is_told_again_of_a_deployment_changes_it(cast, ours):
    first = deploy(cast, ours, "5 10", status="failure", external_id="build-7")
    again = deploy(cast, ours, "5 11", external_id="build-7")
    assert (again["id"], again["status"], again["finished_at"], again["failed"]) == (first["id"], "success", at("5 11"), False)
    assert [row["action"] for row in cast.admin.get("/audit-logs", resource_type="deployment", sort="at").json["data"]] == [
        "deployment.recorded", "deployment.changed"]


def test_a_deployment_stays_where_it_was(cast, ours):
    deploy(cast, ours, "5 10", external_id="build-7")
    moved = {"repository_id": repository(cast)["id"], "environment": "production", "status": "success", "finished_at": at("5 10"),
             "external_id": "build-7"}
    assert cast.member.post("/deployments", moved).status_code == 409


@pytest.mark.parametrize("wrong", [
    {"environment": "moon"}, {"status": "meh"}, {"finished_at": "noon"}, {"started_at": at("6 10")}, {"finished_at": "2999-01-01T00:00:00Z"},
    {"commit_sha": "zzz"}, {"source": "patch_run"}, {"source": "deployment"}, {"colour": "red"}, {"external_id": ""}])
def test_a_bad_deployment_is_refused_at_its_field(cast, ours, wrong):
    good = {"repository_id": ours["id"], "environment": "production", "status": "success", "finished_at": at("5 10")}
    answer = cast.member.post("/deployments", {**good, **wrong})
    field = "finished_at" if "started_at" in wrong else next(iter(wrong))
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)
    nowhere = cast.member.post("/deployments", {**good, "repository_id": None})
    assert (nowhere.status_code, nowhere.json["details"][0]["field"]) == (422, "repository_id")


@pytest.mark.parametrize("path", ["/deployments", "/incidents"])
def test_many_are_taken_all_or_none(cast, ours, path):
    good = ({"repository_id": ours["id"], "environment": "staging", "status": "success", "finished_at": at("5 10")} if path == "/deployments"
            else {"repository_id": ours["id"], "title": "Down", "opened_at": at("5 10")})
    for wrong in ({**good, "repository_id": None}, {**good, "external_id": "one"}):
        answer = cast.member.post(path, {"items": [{**good, "external_id": "one"}, wrong]})
        assert (answer.status_code, answer.json["details"][0]["field"].startswith("items.1")) == (422, True)
    assert cast.member.post(path, {"items": [good, {**good, "repository_id": NOBODY}]}).status_code == 404
    assert cast.viewer.get(path).json["meta"]["total"] == 0
    items = {"items": [{**good, "external_id": name} for name in ("one", "two")]}
    answers = [cast.member.post(path, items).json["data"] for _ in range(2)]
    assert answers == [{"received": 2, "added": 2, "changed": 0, "unchanged": 0}, {"received": 2, "added": 0, "changed": 0, "unchanged": 2}]
    assert cast.viewer.get(path).json["meta"]["total"] == 2


@pytest.mark.parametrize(("person", "read", "told"), [("admin", 200, 201), ("member", 200, 201), ("viewer", 200, 403), ("stranger", 404, 404)])
def test_who_may_see_and_tell(cast, ours, person, read, told):
    who = getattr(cast, person)
    one, down = deploy(cast, ours, "5 10"), incident(cast, ours, "5 11")
    assert who.get(f"/deployments/{one['id']}").status_code == read
    assert who.get(f"/incidents/{down['id']}").status_code == read
    assert who.get("/deployments").json["meta"]["total"] == who.get("/incidents").json["meta"]["total"] == (1 if read == 200 else 0)
    body = {"repository_id": ours["id"], "environment": "production", "status": "success", "finished_at": at("6 10")}
    assert who.post("/deployments", body).status_code == told
    assert who.post("/incidents", {"repository_id": ours["id"], "title": "x", "opened_at": at("6 10")}).status_code == told
    changes = {403: 403, 404: 404}.get(told, 200)
    assert who.patch(f"/incidents/{down['id']}", {"title": "y"}).status_code == changes
    assert who.post(f"/incidents/{down['id']}/resolve", {}).status_code == changes
    assert who.delete(f"/incidents/{down['id']}").status_code == changes
    assert who.post(f"/incidents/{down['id']}/restore").status_code == (404 if person == "stranger" else 403 if person == "viewer" else 200)


def test_keys_do_what_their_scopes_say(app, cast, ours, site):
    body = {"environment": "production", "status": "success", "finished_at": at("6 10")}
    told = cast.key("ingest").post("/deployments", {**body, "repository_id": ours["id"]})
    assert (told.status_code, told.json["data"]["repository_name"]) == (201, ours["name"])
    assert cast.key("ingest").get("/deployments").status_code == 403
    own = cast.key("ingest", site=site)
    assert own.post("/deployments", {**body, "site_id": str(site.id)}).status_code == 201
    assert own.post("/deployments", {**body, "repository_id": ours["id"]}).status_code == 404
    with factories.writing(app):
        other = factories.site(cast.organization)
    assert own.post("/deployments", {**body, "site_id": str(other.id)}).status_code == 404
    assert cast.key("read", site=site).get("/deployments").json["meta"]["total"] == 1
    assert cast.key("read").get("/deployments").json["meta"]["total"] == 2


def test_an_incident_counts_for_the_deployment_that_somebody_names(cast, ours):
    first, second = deploy(cast, ours, "5 10"), deploy(cast, ours, "5 12")
    down = incident(cast, ours, "9 13", deployment_id=first["id"])
    assert (down["cause_id"], down["cause_kind"]) == (first["id"], "explicit")
    assert [shown(cast, each)["failed"] for each in (first, second)] == [True, False]
    assert shown(cast, first)["incidents_count"] == cast.viewer.get("/incidents", cause_id=first["id"]).json["meta"]["total"] == 1


def test_without_a_name_it_is_the_last_deployment_to_production_there_and_not_long_before(cast, ours):
    deploy(cast, ours, "5 10")
    last = deploy(cast, ours, "5 12")
    deploy(cast, ours, "5 13", environment="staging")
    deploy(cast, ours, "5 13", status="cancelled")
    deploy(cast, repository(cast), "5 13")
    near, far, before = incident(cast, ours, "6 11"), incident(cast, ours, "6 13"), incident(cast, ours, "5 9")
    assert (near["cause_id"], near["cause_kind"]) == (last["id"], "inferred")
    assert [(each["cause_id"], each["cause_kind"]) for each in (far, before)] == [(None, "none")] * 2
    assert cast.viewer.get("/incidents", cause_kind="none").json["meta"]["total"] == 2


def test_how_long_before_is_the_organizations_setting(cast, ours):
    deploy(cast, ours, "5 12")
    far = incident(cast, ours, "6 13")
    assert far["cause_id"] is None
    place = f"/organizations/{cast.organization.id}"
    assert cast.admin.patch(place, {"settings": {"attribution_hours": 48}}).status_code == 200
    assert shown(cast, far, "incidents")["cause_kind"] == "inferred"
    assert cast.admin.patch(place, {"settings": {"attribution_hours": 0}}).status_code == 422


def test_a_cause_that_comes_later_is_found(cast, ours):
    down = incident(cast, ours, "5 13")
    assert down["cause_id"] is None
    late = deploy(cast, ours, "5 12")
    assert shown(cast, down, "incidents")["cause_id"] == late["id"]
    assert cast.admin.delete(f"/deployments/{late['id']}").json["data"]["is_active"] is False
    assert shown(cast, down, "incidents")["cause_id"] is None
    assert cast.admin.post(f"/deployments/{late['id']}/restore").status_code == 200
    assert shown(cast, down, "incidents")["cause_id"] == late["id"]


def test_a_cause_is_a_deployment_of_the_same_place(cast, ours):
    elsewhere = deploy(cast, repository(cast), "5 10")
    for named in (elsewhere["id"], NOBODY):
        body = {"repository_id": ours["id"], "title": "x", "opened_at": at("5 11"), "deployment_id": named}
        answer = cast.member.post("/incidents", body)
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "deployment_id")


def test_resolving_stamps_a_time_and_finds_the_deployment_that_ended_it(cast, ours):
    bad = deploy(cast, ours, "5 10")
    down = incident(cast, ours, "5 11")
    fix = deploy(cast, ours, "5 15")
    done = cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": at("5 16")}).json["data"]
    assert (done["state"], done["resolution"], done["remedy_id"], done["recovery_hours"]) == ("resolved", "person", fix["id"], 6.0)
    assert (shown(cast, fix)["rework"], shown(cast, bad)["rework"], shown(cast, bad)["restored_at"]) == (True, False, at("5 16"))
    again = cast.member.post(f"/incidents/{down['id']}/resolve", {})
    assert (again.status_code, again.json["data"]["resolved_at"]) == (200, at("5 16"))
    assert cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": at("5 17")}).status_code == 409
    now_done = cast.member.post(f"/incidents/{incident(cast, ours, '6 1')['id']}/resolve", {}).json["data"]
    assert now_done["resolved_at"] > at("6 1")


def test_an_incident_is_not_over_before_it_began(cast, ours):
    body = {"title": "x", "repository_id": ours["id"], "opened_at": at("5 10"), "resolved_at": at("4 10")}
    assert cast.member.post("/incidents", body).json["details"][0]["field"] == "resolved_at"
    down = incident(cast, ours, "5 10")
    assert cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": at("5 9")}).status_code == 422
    assert cast.member.patch(f"/incidents/{down['id']}", {"resolved_at": at("5 9")}).status_code == 422
    assert cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": "2999-01-01T00:00:00Z"}).status_code == 422


def test_one_that_is_resolved_stays_so_when_its_source_repeats_itself(cast, ours):
    down = incident(cast, ours, "5 10", external_id="pd-1")
    cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": at("5 12")})
    told = {"title": down["title"], "repository_id": ours["id"], "opened_at": at("5 10"), "external_id": "pd-1"}
    assert cast.member.post("/incidents", told).json["data"]["resolved_at"] == at("5 12")


def test_a_dismissed_incident_counts_for_nothing_until_it_is_back(cast, ours):
    one = deploy(cast, ours, "5 10")
    down = incident(cast, ours, "5 11", external_id="pd-1")
    assert cast.member.delete(f"/incidents/{down['id']}").json["data"]["is_active"] is False
    assert shown(cast, one)["failed"] is False
    told = {"title": "again", "repository_id": ours["id"], "opened_at": at("5 11"), "external_id": "pd-1"}
    assert cast.member.post("/incidents", told).json["data"]["is_active"] is False
    assert cast.viewer.get("/incidents").json["meta"]["total"] == 0
    assert cast.member.post(f"/incidents/{down['id']}/restore").json["data"]["title"] == down["title"]
    assert shown(cast, one)["failed"] is True


def test_a_deployment_that_failed_is_an_incident_until_the_next_comes_good(cast, ours):
    bad = deploy(cast, ours, "5 10", status="failure")
    down, = listed(cast, "/incidents")
    assert (down["source"], down["cause_id"], down["opened_at"], down["state"]) == ("deployment", bad["id"], at("5 10"), "open")
    deploy(cast, ours, "5 11", status="failure", environment="staging")
    good = deploy(cast, ours, "5 14")
    down, = listed(cast, "/incidents")
    assert (down["state"], down["resolution"], down["remedy_id"], down["recovery_hours"]) == ("resolved", "deployment", good["id"], 4.0)
    deploy(cast, ours, "5 13", external_id="came late")
    assert listed(cast, "/incidents")[0]["recovery_hours"] == 3.0
    cast.admin.delete(f"/deployments/{bad['id']}")
    assert listed(cast, "/incidents") == []


def test_what_a_person_has_said_of_such_an_incident_stays(cast, ours):
    deploy(cast, ours, "5 10", status="failure")
    down, = listed(cast, "/incidents")
    cast.member.post(f"/incidents/{down['id']}/resolve", {"resolved_at": at("5 11")})
    deploy(cast, ours, "5 14")
    assert listed(cast, "/incidents")[0]["resolved_at"] == at("5 11")


def test_deployments_of_a_deleted_repository_or_site_are_not_shown(app, cast, ours, site):
    deploy(cast, ours, "5 10")
    deploy(cast, None, "5 10", site_id=str(site.id))
    assert cast.viewer.get("/deployments").json["meta"]["total"] == 2
    cast.admin.delete(f"/repositories/{ours['id']}")
    cast.admin.delete(f"/sites/{site.id}")
    assert cast.viewer.get("/deployments").json["meta"]["total"] == 0


def test_a_deployment_to_a_site_is_its_repositorys_too(cast, ours, site):
    cast.admin.patch(f"/sites/{site.id}", {"repository_id": ours["id"]})
    told = deploy(cast, None, "5 10", site_id=str(site.id))
    assert (told["repository_id"], told["site_name"]) == (ours["id"], site.name)
    assert cast.viewer.get("/deployments", repository_id=ours["id"]).json["meta"]["total"] == 1


def test_whose_a_deployment_was_it_stays(cast, ours):
    teams = [cast.admin.post("/teams", {"name": name, "organization_id": str(cast.organization.id)}).json["data"]["id"] for name in "ab"]
    unowned = deploy(cast, ours, "4 10")
    cast.admin.patch(f"/repositories/{ours['id']}", {"team_id": teams[0]})
    deploy(cast, ours, "5 10")
    cast.admin.patch(f"/repositories/{ours['id']}", {"team_id": teams[1]})
    deploy(cast, ours, "6 10")
    assert [cast.viewer.get("/deployments", team_id=team).json["meta"]["total"] for team in teams] == [1, 2]
    assert shown(cast, unowned)["team_id"] == teams[1]
    for team in teams:  # a person in both teams doubles nothing
        cast.admin.put(f"/teams/{team}/members/{cast.member.id}")
    assert cast.viewer.get("/deployments").json["meta"]["total"] == 3


def test_lists_are_filtered_sorted_paged_and_exported(cast, ours):
    for day in range(4, 9):
        deploy(cast, ours, f"{day} 10", ref="=main", environment="production" if day % 2 else "staging")
    assert [row["finished_at"] for row in listed(cast, "/deployments", environment="production", sort="finished_at")] == [at("5 10"), at("7 10")]
    assert len(listed(cast, "/deployments", **{"from": at("5 10"), "to": at("7 10")})) == 2
    first = cast.viewer.get("/deployments", limit=2, cursor="").json
    rest = cast.viewer.get("/deployments", limit=3, cursor=first["meta"]["next_cursor"]).json
    assert [row["finished_at"] for row in first["data"] + rest["data"]] == [at(f"{day} 10") for day in range(8, 3, -1)]
    assert cast.viewer.get("/deployments", environment="moon").status_code == 422
    assert cast.viewer.get("/deployments", sort="colour").status_code == 422
    assert "'=main" in cast.viewer.get("/deployments", format="csv").get_data(as_text=True)
    incident(cast, ours, "5 11", severity="high")
    assert [cast.viewer.get("/incidents", **asked).json["meta"]["total"] for asked in (
        {"state": "open"}, {"state": "resolved"}, {"severity": "high"}, {"severity": "low"}, {"q": "down"}, {"q": "nothing"})] == [1, 0, 1, 0, 1, 0]


def test_an_etag_that_is_stale_is_refused(cast, ours):
    path = f"/incidents/{incident(cast, ours, '5 10')['id']}"
    tag = cast.viewer.get(path).headers["ETag"]
    assert cast.member.patch(path, {"severity": "high"}, headers={"If-Match": tag}).status_code == 200
    assert cast.member.patch(path, {"severity": "low"}, headers={"If-Match": tag}).status_code == 412
