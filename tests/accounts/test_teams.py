"""Teams and the people in them, for each role; the numbers of a team are the lengths of the lists that they stand for."""

from __future__ import annotations

import pytest

from tests import factories
from tests.fleet.pages import reported
from webapp.accounts.models import Team, TeamMember
from webapp.kit.clock import stamp

NOBODY = "0190a3b0-0000-7000-8000-000000000000"


def made(cast, name="Web team", **fields):
    answer = cast.admin.post("/teams", {"name": name, "organization_id": str(cast.organization.id), **fields})
    assert answer.status_code == 201, answer.json
    return answer.json["data"]


def names(answer):
    return [row["name"] for row in answer.json["data"]]


def test_a_team_is_made_changed_deleted_and_restored(cast):
    answer = cast.admin.post("/teams", {"name": "Web team", "organization_id": str(cast.organization.id), "description": "Four people."})
    team = answer.json["data"]
    path = f"/teams/{team['id']}"
    assert (answer.status_code, answer.headers["Location"]) == (201, f"/api/v1{path}")
    assert (team["members_count"], team["created_by"], team["is_active"]) == (0, cast.admin.id, True)
    assert cast.viewer.get(path).json["data"] == team
    assert cast.admin.patch(path, {"name": "Web"}).json["data"]["name"] == "Web"
    assert cast.admin.put(path, {"description": ""}).json["data"]["description"] == ""
    gone = cast.admin.delete(path).json["data"]
    assert (gone["is_active"], gone["deleted_at"] is not None) == (False, True)
    assert cast.admin.get(path).status_code == 404
    assert names(cast.admin.get("/teams")) == []
    assert names(cast.admin.get("/teams", include_deleted="true")) == ["Web"]
    assert cast.viewer.get("/teams", include_deleted="true").status_code == 403
    assert cast.admin.post(f"{path}/restore").json["data"]["is_active"] is True
    assert cast.admin.post(f"{path}/restore").status_code == 404
    actions = [row["action"] for row in cast.admin.get("/audit-logs", resource_type="team", sort="at").json["data"]]
    assert actions == ["team.created", "team.changed", "team.changed", "team.deleted", "team.restored"]


def test_a_name_is_taken_once_in_an_organization_whatever_its_case(cast):
    made(cast, "Web team")
    taken = cast.admin.post("/teams", {"name": "WEB TEAM", "organization_id": str(cast.organization.id)})
    assert (taken.status_code, taken.json["details"][0]["field"]) == (409, "name")
    elsewhere = cast.stranger.post("/teams", {"name": "Web team", "organization_id": str(cast.elsewhere.id)})
    assert elsewhere.status_code == 201
    other = made(cast, "Other")
    assert cast.admin.patch(f"/teams/{other['id']}", {"name": "web team"}).status_code == 409
    assert cast.admin.patch(f"/teams/{other['id']}", {"name": "OTHER"}).status_code == 200


def test_a_team_does_not_come_back_to_a_name_that_was_taken_since(cast):
    first = made(cast)
    cast.admin.delete(f"/teams/{first['id']}")
    made(cast)
    assert cast.admin.post(f"/teams/{first['id']}/restore").status_code == 409


def test_a_team_stays_in_its_organization(app, cast):
    with factories.writing(app):
        other = factories.organization()
    team = made(cast)
    for place in (other, cast.elsewhere):
        refused = cast.root.patch(f"/teams/{team['id']}", {"organization_id": str(place.id)})
        assert (refused.status_code, refused.json["details"][0]["field"]) == (422, "organization_id")
    assert cast.root.patch(f"/teams/{team['id']}", {"organization_id": str(cast.organization.id)}).status_code == 200


@pytest.mark.parametrize(("person", "read", "write"), [("admin", 200, 200), ("member", 200, 403), ("viewer", 200, 403),
                                                       ("stranger", 404, (403, 404)), ("root", 200, 200)])
def test_who_may_do_what(cast, person, read, write):
    team, who = made(cast), getattr(cast, person)
    path = f"/teams/{team['id']}"
    allowed = write if isinstance(write, tuple) else (write,)
    assert who.get(path).status_code == read
    assert who.get(f"{path}/members").status_code == read
    assert who.patch(path, {"description": "x"}).status_code in allowed
    assert who.put(f"{path}/members/{cast.viewer.id}").status_code in allowed
    assert who.delete(f"{path}/members/{cast.viewer.id}").status_code in allowed
    assert who.delete(path).status_code in allowed
    assert (team["id"] in who.get("/teams").get_data(as_text=True)) is (read == 200 and write == 403)  # else deleted, or never seen
    if read == 404:
        assert who.post(f"{path}/restore").status_code == 404
        assert cast.root.get(path).status_code == 200


def test_strangers_get_404_and_keys_what_their_scopes_say(app, cast):
    team = made(cast)
    path = f"/teams/{team['id']}"
    for send in (cast.stranger.get, cast.stranger.delete):
        assert send(path).status_code == 404
    assert cast.stranger.put(path, {"name": "x"}).status_code == 404
    assert cast.stranger.put(f"{path}/members/{cast.stranger.id}").status_code == 404
    assert cast.stranger.get(f"/organizations/{cast.organization.id}/teams").status_code == 404
    with factories.writing(app):
        site = factories.site(cast.organization)
    assert names(cast.key("read").get("/teams")) == ["Web team"]
    assert cast.key("write").patch(path, {"name": "x"}).status_code == 403
    assert cast.key("admin").patch(path, {"description": "by a key"}).status_code == 200
    assert cast.key("read", site=site).get("/teams").json["meta"]["total"] == 0
    assert cast.key("read", site=site).get(path).status_code == 404


@pytest.mark.parametrize(("body", "field"), [({"name": ""}, "name"), ({"name": "x" * 201}, "name"), ({"colour": "red"}, "colour"),
                                             ({"members_count": 3}, "members_count"), ({"description": 7}, "description")])
def test_nonsense_is_refused_at_its_field(cast, body, field):
    whole = {"name": "A", "organization_id": str(cast.organization.id), **body}
    for answer in (cast.admin.post("/teams", whole), cast.admin.patch(f"/teams/{made(cast)['id']}", body)):
        assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)


def test_an_unknown_organization_has_no_teams(cast):
    assert cast.admin.post("/teams", {"name": "A", "organization_id": NOBODY}).status_code == 404
    assert cast.admin.post("/teams", {"name": "A", "organization_id": str(cast.elsewhere.id)}).status_code == 404
    assert cast.admin.post("/teams", {"name": "A"}).json["details"][0]["field"] == "organization_id"


def test_an_etag_that_is_stale_is_refused(cast):
    path = f"/teams/{made(cast)['id']}"
    tag = cast.admin.get(path).headers["ETag"]
    assert cast.admin.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert cast.admin.patch(path, {"name": "New"}, headers={"If-Match": tag}).status_code == 200
    for send in (cast.admin.patch, cast.admin.put):
        assert send(path, {"name": "Newer"}, headers={"If-Match": tag}).status_code == 412
    assert cast.admin.delete(path, headers={"If-Match": tag}).status_code == 412
    assert cast.admin.delete(path, headers={"If-Match": cast.admin.get(path).headers["ETag"]}).status_code == 200


def test_lists_are_filtered_sorted_and_exported(cast):
    for name in ("Beta", "alpha", "=Gamma"):
        made(cast, name)
    beta = next(row for row in cast.admin.get("/teams").json["data"] if row["name"] == "Beta")
    cast.admin.put(f"/teams/{beta['id']}/members/{cast.member.id}")
    assert names(cast.viewer.get("/teams")) == ["=Gamma", "alpha", "Beta"]
    assert names(cast.viewer.get("/teams", sort="-name")) == ["Beta", "alpha", "=Gamma"]
    assert names(cast.viewer.get("/teams", sort="-members_count", per_page=1)) == ["Beta"]
    assert names(cast.viewer.get("/teams", q="ALPH")) == ["alpha"]
    assert names(cast.viewer.get("/teams", member_id=cast.member.id)) == ["Beta"]
    assert names(cast.viewer.get(f"/organizations/{cast.organization.id}/teams", sort="-created_at")) == ["=Gamma", "alpha", "Beta"]
    assert names(cast.viewer.get("/teams", organization_id=str(cast.elsewhere.id))) == []
    assert cast.viewer.get("/teams", sort="colour").status_code == 422
    text = cast.viewer.get("/teams", format="csv").get_data(as_text=True)
    assert "'=Gamma" in text
    assert cast.viewer.get(f"/teams/{beta['id']}/members", format="csv").get_data(as_text=True).count(cast.member.email) == 1
    assert cast.viewer.get("/teams", format="xlsx").status_code == 200


def test_only_people_with_a_role_are_in_a_team(app, cast):
    path = f"/teams/{made(cast)['id']}"
    assert cast.admin.put(f"{path}/members/{cast.stranger.id}").status_code == 404
    assert cast.admin.put(f"{path}/members/{NOBODY}").status_code == 404
    put = cast.admin.put(f"{path}/members/{cast.viewer.id}")
    assert (put.status_code, put.json["data"]["role"], put.json["data"]["email"]) == (200, "viewer", cast.viewer.email)
    assert cast.admin.put(f"{path}/members/{cast.viewer.id}").json["data"] == put.json["data"]
    assert cast.admin.get(path).json["data"]["members_count"] == 1
    assert [row["user_id"] for row in cast.viewer.get(f"{path}/members").json["data"]] == [cast.viewer.id]
    assert cast.admin.get("/audit-logs", action="team.member_added").json["meta"]["total"] == 1
    assert cast.admin.delete(f"{path}/members/{cast.viewer.id}").json["data"]["user_id"] == cast.viewer.id
    assert cast.admin.delete(f"{path}/members/{cast.viewer.id}").status_code == 404
    assert cast.admin.get(path).json["data"]["members_count"] == 0


def test_leaving_the_organization_is_leaving_its_teams_for_good(cast):
    team, gone = made(cast), made(cast, "Gone")
    for each in (team, gone):
        cast.admin.put(f"/teams/{each['id']}/members/{cast.member.id}")
    cast.admin.delete(f"/teams/{gone['id']}")
    role = f"/organizations/{cast.organization.id}/members/{cast.member.id}"
    assert cast.admin.delete(role).status_code == 200
    assert cast.admin.get(f"/teams/{team['id']}").json["data"]["members_count"] == 0
    assert cast.admin.put(role, {"role": "member"}).status_code == 200
    cast.admin.post(f"/teams/{gone['id']}/restore")
    for each in (team, gone):
        assert cast.admin.get(f"/teams/{each['id']}/members").json["data"] == []
        assert cast.admin.put(f"/teams/{each['id']}/members/{cast.member.id}").status_code == 200


def test_a_deleted_account_is_in_no_team_until_it_is_back(cast):
    path = f"/teams/{made(cast)['id']}"
    cast.admin.put(f"{path}/members/{cast.member.id}")
    cast.root.delete(f"/users/{cast.member.id}")
    assert (cast.admin.get(path).json["data"]["members_count"], cast.admin.get(f"{path}/members").json["data"]) == (0, [])
    assert cast.admin.put(f"{path}/members/{cast.member.id}").status_code == 404
    cast.root.post(f"/users/{cast.member.id}/restore")
    assert cast.admin.get(path).json["data"]["members_count"] == 1


def test_every_number_of_a_team_is_the_length_of_its_list(app, cast):
    team = made(cast)
    with factories.writing(app):
        mine = {"team_id": team["id"]}
        sites = {name: factories.site(cast.organization, name=name, **mine) for name in ("vulnerable", "outdated", "ok", "never", "silent")}
        reported(sites["vulnerable"], {"webform": ("6.2.7", "6.2.9", True), "token": ("1.0.0", "1.1.0", True)}, days=2)
        reported(sites["outdated"], {"webform": ("6.2.8", "6.2.9", False)}, hours=2)
        reported(sites["ok"], {"webform": ("6.2.9", None, False)}, hours=2)
        reported(sites["silent"], {"webform": ("6.2.9", None, False)}, days=20)
        reported(factories.site(cast.organization), {"webform": ("6.2.7", "6.2.9", True)}, hours=2)
    run = {"started_at": stamp(factories.ago(hours=1)), "status": "success", "trigger": "manual",
           "updates": [{"module": "webform", "from_version": "6.2.8", "to_version": "6.2.9"}]}
    assert cast.member.post(f"/sites/{sites['ok'].id}/patch-run", run).status_code == 201
    cast.member.post(f"/sites/{sites['ok'].id}/patch-run", {**run, "started_at": stamp(factories.ago(days=40))})
    found = cast.viewer.get(f"/teams/{team['id']}").json["data"]["metrics"]

    def length(path, **asked):
        return cast.viewer.get(path, team_id=team["id"], **asked).json["meta"]["total"]

    assert found["sites_count"] == length("/sites") == 5
    assert found["sites_by_status"] == {status: length("/sites", status=status) for status in found["sites_by_status"]}
    assert found["sites_by_status"] == {"vulnerable": 1, "unsupported": 0, "outdated": 1, "silent": 1, "unknown": 1, "ok": 1}
    assert found["sites_with_security_updates"] == length("/sites", has_security_updates="true") == 1
    assert found["security_updates"] == sum(row["sites_count"] for row in cast.viewer.get(
        "/reports/module-updates", team=team["id"], security_only="true").json["data"]) == 2
    assert found["patch_runs_last_30d"] == length("/patch-runs", **{"from": found["since"]}) == 1
    whole = cast.viewer.get("/reports/patch-run", team=team["id"], **{"from": found["since"]}).json["data"]["update_lag"]
    assert found["update_lag_last_30d"] == {name: whole[name] for name in ("median_hours", "p90_hours", "updates")}


def test_members_lie_in_the_organization_of_their_team_whatever_writes_them(app, cast):
    from sqlalchemy.exc import IntegrityError

    from webapp.kit.clock import now
    from webapp.kit.db import db

    with pytest.raises(IntegrityError), factories.writing(app):
        team = Team(organization_id=cast.organization.id, name="A")
        db.session.add(team)
        db.session.flush()
        db.session.add(TeamMember(team_id=team.id, user_id=cast.stranger.id, organization_id=cast.organization.id, created_at=now()))
        db.session.flush()
