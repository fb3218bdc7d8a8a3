"""Organizations, the people in them, and API keys, for each role."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests import factories
from tests.cast import Browser, Caller


def test_only_superusers_make_organizations(cast):
    assert cast.admin.post("/organizations", {"name": "New"}).status_code == 403
    made = cast.root.post("/organizations", {"name": "New Place", "settings": {"timezone": "Europe/Vienna", "sla_days": {"critical": 2}}})
    assert made.status_code == 201
    assert (made.json["data"]["slug"], made.json["data"]["created_by"]) == ("new-place", cast.root.id)
    assert made.headers["Location"] == f"/api/v1/organizations/{made.json['data']['id']}"
    assert cast.root.post("/organizations", {"name": "NEW PLACE"}).json["details"][0]["field"] == "name"


@pytest.mark.parametrize(("settings", "field"), [({"timezone": "Mars/Base"}, "settings.timezone"), ({"sla_days": {"critical": 0}}, "settings.sla_days.critical"),
                                                 ({"colour": "red"}, "settings.colour")])
def test_settings_that_cannot_be_meant(cast, settings, field):
    answer = cast.admin.patch(f"/organizations/{cast.organization.id}", {"settings": settings})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, field)


def test_settings_are_changed_one_by_one(cast):
    path = f"/organizations/{cast.organization.id}"
    cast.admin.patch(path, {"settings": {"timezone": "Europe/Vienna"}})
    assert cast.admin.patch(path, {"settings": {"default_language": "de"}}).json["data"]["settings"] == {
        **BY_DEFAULT, "timezone": "Europe/Vienna", "default_language": "de"}


BY_DEFAULT = {"timezone": "UTC", "default_language": "en", "sla_days": {"critical": 2, "high": 7, "moderate": 30, "low": 90},
              "attribution_hours": 24, "require_second_approver": False, "require_two_factor": False, "developer_metrics": "self+lead",
              "pseudonymise_developers": False}


def test_settings_are_answered_whole_by_every_door(cast):
    path = f"/organizations/{cast.organization.id}"
    assert [cast.admin.get(each).json["data"]["settings"] for each in (path, path)] == [BY_DEFAULT, BY_DEFAULT], "kept, and anew"
    assert cast.admin.get("/organizations").json["data"][0]["settings"] == BY_DEFAULT
    made = cast.root.post("/organizations", {"name": "Other", "settings": {"sla_days": {"low": 60}}})
    assert made.json["data"]["settings"] == {**BY_DEFAULT, "sla_days": {**BY_DEFAULT["sla_days"], "low": 60}}
    shown = next(csv.DictReader(io.StringIO(cast.admin.get("/organizations", format="csv").get_data(as_text=True))))
    assert json.loads(shown["settings"]) == BY_DEFAULT


def test_the_tag_of_a_kept_answer_is_one_to_change_by(cast):
    path = f"/organizations/{cast.organization.id}"
    tags = [cast.admin.get(path).headers["ETag"] for _ in range(2)]
    assert tags[0] == tags[1]
    changed = cast.admin.patch(path, {"settings": {"sla_days": {"high": 5}}}, headers={"If-Match": tags[1]})
    assert changed.json["data"]["settings"]["sla_days"] == {**BY_DEFAULT["sla_days"], "high": 5}
    assert cast.admin.get(path).headers["ETag"] == changed.headers["ETag"]


def test_to_send_back_the_settings_that_were_read_is_no_change(cast):
    path = f"/organizations/{cast.organization.id}"
    read = cast.admin.get(path)
    again = cast.admin.patch(path, {"settings": read.json["data"]["settings"]})
    assert (again.status_code, again.headers["ETag"]) == (200, read.headers["ETag"])


def test_each_sees_their_own(cast):
    for person, names in ((cast.admin, ["Meridian"]), (cast.viewer, ["Meridian"]), (cast.stranger, ["Elsewhere"]),
                          (cast.root, ["Elsewhere", "Meridian"])):
        assert [row["name"] for row in person.get("/organizations").json["data"]] == names
    assert cast.stranger.get(f"/organizations/{cast.organization.id}").status_code == 404
    assert cast.viewer.patch(f"/organizations/{cast.organization.id}", {"name": "x"}).status_code == 403


def test_deleting_takes_the_sites_along_and_restoring_brings_back_just_those(app, cast):
    with factories.writing(app):
        kept, gone = (str(factories.site(cast.organization).id) for _ in range(2))
    cast.admin.delete(f"/sites/{gone}")
    path = f"/organizations/{cast.organization.id}"
    assert cast.admin.delete(path).json["data"]["is_active"] is False
    assert cast.admin.get(path).status_code == 404
    assert cast.admin.get(f"/sites/{kept}").status_code == 404
    assert cast.root.post(f"{path}/restore").status_code == 200
    assert cast.admin.get(f"/sites/{kept}").status_code == 200
    assert cast.admin.get(f"/sites/{gone}").status_code == 404


def test_an_admin_manages_people_of_the_own_organization_only(cast):
    body = {"email": "new@meridian.example", "password": factories.PASSWORD, "organization_id": str(cast.organization.id), "role": "member"}
    made = cast.admin.post("/users", body)
    assert made.status_code == 201
    assert made.json["data"]["organizations"] == [{"id": str(cast.organization.id), "name": "Meridian", "role": "member"}]
    assert cast.admin.post("/users", {**body, "email": "b@x.example", "is_superuser": True}).status_code == 403
    assert cast.admin.post("/users", {**body, "email": "c@x.example", "organization_id": str(cast.elsewhere.id)}).status_code == 404
    assert cast.stranger.get(f"/users/{made.json['data']['id']}").status_code == 404
    assert cast.member.get("/users").status_code == 403


@pytest.mark.parametrize("password", ["short", "somebody-here", "x" * 73, "ä" * 37])
def test_passwords_that_will_not_do(cast, password):
    answer = cast.root.post("/users", {"email": "somebody-here@example.com", "password": password})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "password")


@pytest.mark.parametrize("email", ["", "no-at-sign", "a@", "a b@example.com", "a@example.com\nBcc: b@example.com"])
def test_addresses_that_are_none(cast, email):
    answer = cast.root.post("/users", {"email": email, "password": factories.PASSWORD})
    assert (answer.status_code, answer.json["details"][0]["field"]) == (422, "email")


def test_an_admin_changes_names_of_those_who_belong_to_them_alone(app, cast):
    assert cast.admin.patch(f"/users/{cast.viewer.id}", {"full_name": "Vera"}).status_code == 200
    assert cast.admin.patch(f"/users/{cast.viewer.id}", {"password": factories.PASSWORD}).status_code == 403
    cast.root.put(f"/organizations/{cast.elsewhere.id}/members/{cast.viewer.id}", {"role": "viewer"})
    assert cast.admin.patch(f"/users/{cast.viewer.id}", {"full_name": "Mine"}).status_code == 403


def test_roles_and_the_last_admin(cast):
    members = f"/organizations/{cast.organization.id}/members"
    assert cast.admin.put(f"{members}/{cast.admin.id}", {"role": "viewer"}).status_code == 409
    assert cast.admin.delete(f"{members}/{cast.admin.id}").status_code == 409
    assert cast.admin.put(f"{members}/{cast.member.id}", {"role": "admin"}).status_code == 200
    assert cast.admin.delete(f"{members}/{cast.admin.id}").status_code == 200
    assert cast.admin.get(f"/organizations/{cast.organization.id}").status_code == 404
    assert cast.stranger.put(f"{members}/{cast.stranger.id}", {"role": "admin"}).status_code == 404


def test_deleted_people_are_out_and_come_back(app, cast):
    assert cast.root.delete(f"/users/{cast.member.id}").json["data"]["is_active"] is False
    assert cast.member.get("/auth/me").status_code == 401
    assert cast.root.get(f"/users/{cast.member.id}").status_code == 404
    assert cast.root.post(f"/users/{cast.member.id}/restore").status_code == 200
    assert cast.member.get("/auth/me").status_code == 401, "what they were signed in with has ended"
    assert Browser(app).sign_in(cast.member.email).status_code == 303
    assert cast.root.delete(f"/users/{cast.root.id}").status_code == 409


def test_a_keys_secret_is_shown_once_and_kept_as_a_hash(app, cast):
    made = cast.admin.post("/api-keys", {"name": "CI", "scopes": ["read"], "organization_id": str(cast.organization.id)}).json["data"]
    assert made["secret"].startswith("pb_")
    assert made["secret"] not in cast.admin.get(f"/api-keys/{made['id']}").get_data(as_text=True)
    assert made["secret"] not in cast.admin.get("/audit-logs", per_page=200).get_data(as_text=True)
    with app.app_context():
        from webapp.kit.db import ALL, enter_scope, rows

        enter_scope(ALL)
        assert made["secret"] not in str(rows("SELECT * FROM api_keys"))


def test_what_keys_may_do(app, cast):
    with factories.writing(app):
        site = factories.site(cast.organization)
    reads, ingests = cast.key("read"), cast.key(site=site)
    assert reads.get("/sites").json["meta"]["total"] == 1
    assert reads.patch(f"/sites/{site.id}", {"name": "x"}).status_code == 403
    assert cast.key("write").patch(f"/sites/{site.id}", {"name": "x"}).status_code == 200
    for path in ("/sites", f"/sites/{site.id}", "/organizations", "/users", "/audit-logs"):
        assert ingests.get(path).status_code == 403, path
    assert cast.member.post("/api-keys", {"name": "x", "scopes": ["read"], "organization_id": str(cast.organization.id)}).status_code == 403
    assert cast.admin.post("/api-keys", {"name": "x", "scopes": [], "organization_id": str(cast.organization.id)}).status_code == 422


def test_rotation_overlaps(app, cast):
    made = cast.admin.post("/api-keys", {"name": "CI", "scopes": ["read"], "organization_id": str(cast.organization.id)}).json["data"]
    fresh = cast.admin.post(f"/api-keys/{made['id']}/rotate", {"overlap_hours": 1}).json["data"]
    for secret in (made["secret"], fresh["secret"]):
        assert Caller(app, {"X-API-Key": secret}).get("/sites").status_code == 200
    assert cast.admin.get(f"/api-keys/{made['id']}").json["data"]["expires_at"] is not None


def test_the_last_admin_of_an_organization_is_not_deleted(app, cast):
    path = f"/users/{cast.admin.id}"
    refused = cast.root.delete(path)
    assert (refused.status_code, refused.json["error"]) == (409, "conflict")
    assert "last admin of Meridian." in refused.json["message"]
    assert cast.admin.get("/auth/me").status_code == 200
    member = f"/users/{cast.member.id}"
    assert cast.admin.put(f"/organizations/{cast.organization.id}/members/{cast.member.id}", {"role": "admin"}).status_code == 200
    assert cast.root.post(f"/admin{member}/suspend", {}).status_code == 200
    assert cast.root.delete(path).status_code == 409, "who is kept out administers nothing"
    assert cast.root.post(f"/admin{member}/reinstate").status_code == 200
    assert cast.root.delete(path).status_code == 200


def test_the_last_admin_of_a_deleted_organization_may_go(cast):
    assert cast.root.delete(f"/organizations/{cast.elsewhere.id}").status_code == 200
    assert cast.root.delete(f"/users/{cast.stranger.id}").status_code == 200


@pytest.mark.parametrize(("local", "status"), [("a" * 64, 201), ("a" * 65, 422), ("\u00e9" * 32, 201), ("\u00e9" * 33, 422)])
def test_addresses_have_64_octets_before_the_at(cast, local, status):
    answer = cast.root.post("/users", {"email": f"{local}@meridian.example", "password": factories.PASSWORD})
    assert (answer.status_code, [each["field"] for each in answer.json.get("details", [])]) == (status, ["email"] if status == 422 else [])
