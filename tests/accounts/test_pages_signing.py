"""Signing in and out by browser: cookies, tokens of forms, coming back, being remembered, being out."""

from __future__ import annotations

import pytest

from tests import factories
from tests.accounts.pages import errors_of, heading, text_of, value_of, words_of
from tests.cast import Browser

EMAIL = "member@meridian.example"


def cookie(answer, name):
    return next((line for line in answer.headers.getlist("Set-Cookie") if line.startswith(f"{name}=")), "")


def sign_in(browser, **more):
    return browser.post("/login", {"email": EMAIL, "password": factories.PASSWORD, **more})


def test_a_stranger_is_sent_to_the_form_and_back(cast, app):
    browser = Browser(app)
    answer = browser.get("/members?role=admin")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?next=%2Fmembers%3Frole%3Dadmin"
    form = browser.get(answer.headers["Location"])
    assert heading(form) == "Sign in"
    assert value_of(form, "next") == "/members?role=admin"
    assert sign_in(browser, next="/members?role=admin").headers["Location"] == "/members?role=admin"


@pytest.mark.parametrize("address", [
    "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1", "///evil.example", "http://[", "//[",
    "http://a]/", "/sites\r\nSet-Cookie: a=b", "/sites\n", "/sites\x00", "/sites\x7f", "/sites\x85", "/a b", " /sites", "/sites\\..", "sites",
    "/login", "/login/", "/login?next=/login", "/login/code", "/logout", "/logout#a"])
def test_signing_in_leads_to_pages_of_this_server_only(cast, app, address):
    browser = Browser(app)
    assert value_of(browser.get("/login", next=address), "next") == ""
    assert sign_in(browser, next=address).headers["Location"] == "/overview"


def test_a_fragment_leads_a_stranger_to_the_form_as_a_page(cast, app):
    answer = Browser(app).get("/members", htmx=True)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/login")


def test_the_session_cookie_has_its_flags(cast, app):
    line = cookie(sign_in(Browser(app)), "patchboard").lower()
    assert "httponly" in line
    assert "samesite=lax" in line
    assert "secure" not in line
    assert "expires=" in line


def test_the_session_cookie_is_secure_where_the_server_says_so(cast, app, monkeypatch):
    for name in ("SESSION_COOKIE_SECURE", "REMEMBER_COOKIE_SECURE"):
        monkeypatch.setitem(app.config, name, True)
    browser = Browser(app)
    form = browser.client.get("/login", base_url="https://localhost")
    token = value_of(form, "csrf_token")
    values = {"email": EMAIL, "password": factories.PASSWORD, "remember": "1", "csrf_token": token}
    answer = browser.client.post("/login", data=values, base_url="https://localhost", headers={"Accept": Browser.HTML})
    assert answer.status_code == 303
    assert all("secure" in cookie(answer, name).lower() for name in ("patchboard", "patchboard_remember"))


def test_without_the_token_of_the_form_nobody_signs_in(cast, app):
    browser = Browser(app)
    answer = browser.post("/login", {"email": EMAIL, "password": factories.PASSWORD}, token=False)
    assert answer.status_code == 403
    assert browser.get("/profile").status_code == 303


@pytest.mark.parametrize("values", [{"email": EMAIL, "password": "not-the-password-1"}, {"email": "nobody@example.com", "password": "x"}])
def test_what_is_wrong_is_not_said(cast, app, values):
    answer = Browser(app).post("/login", {**values, "remember": "1"})
    assert answer.status_code == 401
    assert "E-mail address or password is wrong." in words_of(answer)
    assert value_of(answer, "email") == values["email"]
    assert "not-the-password-1" not in text_of(answer)
    assert "checked" in text_of(answer)


def test_an_empty_form_says_what_is_missing(cast, app):
    answer = Browser(app).post("/login", {"email": "", "password": ""})
    assert answer.status_code == 422
    assert set(errors_of(answer)) == {"email", "password"} or set(errors_of(answer)) == {"password"}


def test_too_many_tries_are_said_as_such(cast, app, monkeypatch):
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    monkeypatch.setitem(app.config, "LIMIT_LOGIN_FAILURES", "2/hour")
    browser = Browser(app)
    wrong = [browser.post("/login", {"email": EMAIL, "password": "wrong"}).status_code for _ in range(2)]
    answer = sign_in(browser)
    assert (wrong, answer.status_code) == ([401, 401], 429)
    assert "Too many tries" in words_of(answer)
    assert int(answer.headers["Retry-After"]) > 0
    assert value_of(answer, "email") == EMAIL


@pytest.mark.parametrize("address", ["/sites?q=a%20b&sort=-name#top", "/log", "/loginx", "/sites/\u00e9", "/sites//a", "/sites?next=//x"])
def test_pages_of_this_server_are_led_to(cast, app, address):
    assert value_of(Browser(app).get("/login", next=address), "next") == address


@pytest.mark.parametrize("address", ["http://[", "//[", "/sites\r\nA: b", "/login", "/logout"])
def test_whoever_is_signed_in_is_led_home_by_an_address_that_is_none(cast, address):
    answer = cast.member.browser().get("/login", next=address)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/overview")


def test_whoever_is_signed_in_needs_no_form(cast):
    browser = cast.member.browser()
    assert browser.get("/login").headers["Location"] == "/overview"
    assert browser.get("/login", next="/profile").headers["Location"] == "/profile"


def test_signing_out_ends_the_sign_in_and_takes_the_cookies(cast, app):
    browser = Browser(app)
    sign_in(browser, remember="1")
    session = browser.client.get_cookie("patchboard").value
    answer = browser.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login")
    assert browser.client.get_cookie("patchboard_remember") is None
    assert browser.get("/profile").status_code == 303
    browser.client.set_cookie("patchboard", session)
    assert browser.get("/profile").status_code == 303, "the old cookie is worth nothing"


def test_signing_out_takes_the_token_of_a_form(cast):
    browser = cast.member.browser()
    assert browser.post("/logout", token=False).status_code == 403
    assert browser.get("/profile").status_code == 200


def test_a_sign_in_that_has_ended_says_so(cast, app):
    here, there = cast.member.browser(), cast.member.browser()
    there.post("/profile/sign-out-elsewhere")
    answer = here.get("/profile")
    assert answer.status_code == 303
    assert "You were signed out." in words_of(here.get(answer.headers["Location"]))
    assert "You were signed out." not in words_of(here.get("/login")), "once is enough"


def test_being_remembered_outlives_the_session(cast, app):
    browser = Browser(app)
    line = cookie(sign_in(browser, remember="1"), "patchboard_remember").lower()
    assert "httponly" in line
    assert "samesite=lax" in line
    browser.client.delete_cookie("patchboard")
    assert browser.get("/profile").status_code == 200
    assert browser.post("/profile", {"full_name": "Still Here", "email": EMAIL}).status_code == 303


def test_nobody_is_remembered_unasked(cast, app):
    browser = Browser(app)
    assert cookie(sign_in(browser), "patchboard_remember") == ""
    browser.client.delete_cookie("patchboard")
    assert browser.get("/profile").status_code == 303


def test_a_remembered_sign_in_that_was_ended_is_forgotten(cast, app):
    browser = Browser(app)
    sign_in(browser, remember="1")
    cast.member.browser().post("/profile/sign-out-elsewhere")
    browser.client.delete_cookie("patchboard")
    assert browser.get("/profile").status_code == 303
    browser.get("/login")
    assert browser.client.get_cookie("patchboard_remember") is None


def test_the_session_serves_json_but_no_blind_posts(cast):
    browser = cast.admin.browser()
    assert browser.client.get("/api/v1/auth/me").json["data"]["email"] == "admin@meridian.example"
    body = {"name": "x", "scopes": ["read"], "organization_id": str(cast.organization.id)}
    blind = browser.client.post("/api/v1/api-keys", json=body)
    assert (blind.status_code, blind.json["error"]) == (403, "csrf_failed")


def test_a_deleted_account_is_out_at_once(cast):
    browser = cast.member.browser()
    assert browser.get("/profile").status_code == 200
    cast.root.delete(f"/users/{cast.member.id}")
    assert browser.get("/profile").status_code == 303
