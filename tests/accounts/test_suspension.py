"""Suspended people are out until they are reinstated, their keys go on, and one superuser always stays."""

from __future__ import annotations

import pytest

from tests import factories
from tests.accounts.codes import log_in
from tests.accounts.pages import said, text_of, words_of
from tests.cast import Browser, Caller, signed_in


def door(person, what="suspend"):
    return f"/admin/users/{person.id}/{what}"


def test_a_suspended_person_is_out_at_once_and_back_when_reinstated(app, cast):
    refresh = log_in(app).json["data"]["refresh_token"]
    browser = cast.member.browser()
    answer = cast.root.post(door(cast.member), {"reason": "left the company"})
    assert answer.json["data"]["suspended_at"] is not None
    assert cast.member.get("/auth/me").status_code == 401
    assert browser.get("/profile").status_code == 303
    assert Caller(app).post("/auth/refresh", {"refresh_token": refresh}).status_code == 401
    assert cast.root.post(door(cast.member), {}).status_code == 409
    assert cast.root.post(door(cast.member, "reinstate")).json["data"]["suspended_at"] is None
    assert cast.root.post(door(cast.member, "reinstate")).status_code == 409
    assert log_in(app).status_code == 200
    rows = cast.root.get("/audit-logs", action="user.suspended").json["data"]
    assert rows[0]["changes"] == {"reason": [None, "left the company"]}


def test_only_who_knows_the_password_learns_of_the_suspension(app, cast):
    cast.root.post(door(cast.member), {})
    right, wrong, unknown = log_in(app), log_in(app, password="not-the-password"), log_in(app, "nobody@example.com")
    assert (right.status_code, right.json["error"]) == (403, "account_suspended")
    assert (wrong.status_code, wrong.json["message"]) == (unknown.status_code, unknown.json["message"]) == (401, wrong.json["message"])
    page = Browser(app).sign_in(cast.member.email)
    assert (page.status_code, "This account is suspended" in words_of(page)) == (403, True)
    assert cast.root.get("/audit-logs", action="sign_in.refused").json["meta"]["total"] == 2


def test_keys_that_they_made_go_on(app, cast):
    key = cast.key("read")
    cast.root.post(door(cast.admin), {})
    assert key.get("/sites").status_code == 200


def test_it_is_for_superusers(cast):
    for person in (cast.admin, cast.member, cast.key("admin")):
        assert person.post(door(cast.viewer), {}).status_code == 403
        assert person.post(door(cast.viewer, "reinstate")).status_code == 403


def test_the_last_superuser_stays(app, cast):
    for refused in (cast.root.post(door(cast.root), {}), cast.root.patch(f"/users/{cast.root.id}", {"is_superuser": False}),
                    cast.root.delete(f"/users/{cast.root.id}")):
        assert (refused.status_code, refused.json["error"]) == (409, "conflict")
    with factories.writing(app):
        second = factories.user("second@patchboard.example", is_superuser=True)
    other = signed_in(app, second)
    assert cast.root.post(door(other), {}).status_code == 200
    assert cast.root.post(door(cast.root), {}).status_code == 409, "one who is suspended cannot take over"
    cast.root.post(door(other, "reinstate"))
    assert cast.root.patch(f"/users/{cast.root.id}", {"is_superuser": False}).status_code == 200
    assert cast.root.get("/users").status_code == 403


def test_the_last_admin_who_can_sign_in_stays(cast):
    members = f"/organizations/{cast.organization.id}/members"
    assert cast.admin.put(f"{members}/{cast.member.id}", {"role": "admin"}).status_code == 200
    cast.root.post(door(cast.member), {})
    assert cast.root.delete(f"{members}/{cast.admin.id}").status_code == 409


def test_lists_tell_and_filter(cast):
    cast.root.post(door(cast.member), {})
    assert [row["email"] for row in cast.root.get("/users", suspended="true").json["data"]] == [cast.member.email]
    assert cast.member.email not in cast.root.get("/users", suspended="false").get_data(as_text=True)
    assert cast.root.get("/users", two_factor_enabled="true").json["meta"]["total"] == 0


def test_the_pages_suspend_and_reinstate(cast):
    browser, one = cast.root.browser(), f"/members/{cast.member.id}"
    assert said(browser, browser.post(f"{one}/suspend", {"reason": "x"})) == "The account is suspended, and signed out everywhere."
    assert "signed out everywhere, and cannot sign in" in words_of(browser.get(one))
    assert "Suspended" in text_of(browser.get("/members"))
    assert said(browser, browser.post(f"{one}/reinstate")) == "They can sign in again."
    assert browser.post(f"/members/{cast.root.id}/suspend", {}).status_code == 409
    assert cast.admin.browser().post(f"{one}/suspend", {}).status_code == 403


@pytest.mark.parametrize("body", [{"is_superuser": True}, {"password": "marble-forest-92-violin"}])
def test_an_admin_cannot_raise_themselves_or_go_around_the_present_password(cast, body):
    assert cast.admin.patch(f"/users/{cast.admin.id}", body).status_code == 403
    assert cast.admin.get("/auth/me").json["data"]["is_superuser"] is False
    assert cast.admin.patch(f"/users/{cast.admin.id}", {"full_name": "Ada"}).status_code == 200
