"""The own account as a page."""

from __future__ import annotations

from tests import factories
from tests.accounts.pages import errors_of, heading, said, text_of, value_of, words_of
from tests.cast import Browser

NEW = "harbour-lamp-29-velvet"


def test_the_profile_shows_the_account_and_where_it_is_signed_in(cast):
    browser = cast.member.browser()
    page = browser.get("/profile")
    assert heading(page) == "Profile and security"
    assert value_of(page, "email") == "member@meridian.example"
    words = words_of(page)
    assert "This one" in words
    assert "Meridian Member" in words
    assert "Token of the API" in words, "the sign-in of the test's token"


def test_name_and_address_are_changed(cast, app):
    browser = cast.member.browser()
    answer = browser.post("/profile", {"full_name": "Mem <b>Ber</b>", "email": "mem@meridian.example"})
    assert said(browser, answer) == "Your account is saved."
    page = browser.get("/profile")
    assert value_of(page, "full_name") == "Mem <b>Ber</b>"
    assert "<b>Ber</b>" not in text_of(page)
    assert Browser(app).sign_in("mem@meridian.example").status_code == 303


def test_a_name_can_be_taken_away_again(cast):
    browser = cast.member.browser()
    browser.post("/profile", {"full_name": "Mem", "email": "member@meridian.example"})
    browser.post("/profile", {"full_name": "", "email": "member@meridian.example"})
    assert cast.member.get("/auth/me").json["data"]["full_name"] == ""


def test_what_was_typed_survives_an_error(cast):
    browser = cast.member.browser()
    answer = browser.post("/profile", {"full_name": "Mem", "email": "no address"})
    assert answer.status_code == 422
    assert errors_of(answer) == {"email": "Not an e-mail address."}
    assert (value_of(answer, "full_name"), value_of(answer, "email")) == ("Mem", "no address")
    taken = browser.post("/profile", {"full_name": "Mem", "email": "ADMIN@meridian.example"})
    assert taken.status_code == 409
    assert errors_of(taken) == {"email": "There is an account with this address."}


def test_a_new_password_ends_all_other_sign_ins(cast, app):
    here, there = cast.member.browser(), cast.member.browser()
    answer = here.post("/profile/password", {"current_password": factories.PASSWORD, "new_password": NEW})
    assert "signed out everywhere else" in said(here, answer)
    assert here.get("/profile").status_code == 200
    assert there.get("/profile").status_code == 303
    assert cast.member.get("/auth/me").status_code == 401
    assert Browser(app).sign_in("member@meridian.example").status_code == 401
    assert Browser(app).sign_in("member@meridian.example", NEW).status_code == 303


def test_a_password_is_refused_with_the_reason_and_never_shown(cast):
    browser = cast.member.browser()
    wrong = browser.post("/profile/password", {"current_password": "not-mine-at-all", "new_password": NEW})
    assert errors_of(wrong) == {"current_password": "This is not your present password."}
    short = browser.post("/profile/password", {"current_password": factories.PASSWORD, "new_password": "short-one"})
    assert short.status_code == 422
    assert errors_of(short) == {"new_password": "A password has 12 characters or more."}
    for answer in (wrong, short):
        assert NEW not in text_of(answer)
        assert "short-one" not in text_of(answer)
        assert factories.PASSWORD not in text_of(answer)
        assert value_of(answer, "email") == "member@meridian.example", "the other form is as it was"


def test_signing_out_everywhere_else(cast):
    here, there = cast.member.browser(), cast.member.browser()
    assert "Sign out everywhere else" in words_of(here.get("/profile"))
    assert said(here, here.post("/profile/sign-out-elsewhere")) == "You are signed out everywhere else."
    assert there.get("/profile").status_code == 303
    assert "Sign out everywhere else" not in words_of(here.get("/profile"))
    rows = cast.root.get("/audit-logs", action="sign_in.others_ended").json["data"]
    assert [row["actor"]["label"] for row in rows] == ["member@meridian.example"]


def test_every_change_takes_the_token_of_the_form(cast):
    browser = cast.member.browser()
    for path in ("/profile", "/profile/password", "/profile/sign-out-elsewhere"):
        assert browser.post(path, {}, token=False).status_code == 403


def test_an_api_key_has_no_profile(cast, app):
    key = cast.key("read")
    assert app.test_client().get("/profile", headers={**key.headers, "Accept": "text/html"}).status_code == 403
