"""The second factor by browser: two steps to sign in, a QR code to set it up, recovery codes shown once."""

from __future__ import annotations

import html
import re
from urllib.parse import unquote

import time_machine

from tests import factories
from tests.accounts.codes import EMAIL, code, switched_on
from tests.accounts.pages import errors_of, heading, said, text_of, words_of
from tests.cast import Browser
from webapp.accounts.pages.second_factor import qr_code
from webapp.kit.clock import now

HERE = "/profile/two-factor"


def first_step(app, **more):
    browser = Browser(app)
    answer = browser.post("/login", {"email": EMAIL, "password": factories.PASSWORD, **more})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login/code")
    return browser


def codes_of(answer):
    return re.search(r"<pre[^>]*>(.*?)</pre>", text_of(answer), re.DOTALL).group(1).strip().splitlines()


def test_signing_in_takes_two_steps(app, cast):
    secret, _ = switched_on(cast.member)
    browser = first_step(app, next="/profile")
    assert browser.get("/profile").status_code == 303, "the password alone is no sign-in"
    assert heading(browser.get("/login/code")) == "Enter your code"
    wrong = browser.post("/login/code", {"otp": "000000"})
    assert (wrong.status_code, "is wrong, too old" in words_of(wrong)) == (401, True)
    done = browser.post("/login/code", {"otp": code(secret)})
    assert (done.status_code, done.headers["Location"]) == (303, "/profile")
    assert browser.get("/profile").status_code == 200


def test_the_password_is_kept_nowhere_between_the_steps(app, cast):
    switched_on(cast.member)
    browser = first_step(app)
    with browser.client.session_transaction() as session:
        kept = str(dict(session))
    assert factories.PASSWORD not in kept
    assert "argon2" not in kept
    assert factories.PASSWORD not in text_of(browser.get("/login/code"))


def test_a_recovery_code_is_taken_too(app, cast):
    _, codes = switched_on(cast.member)
    assert first_step(app).post("/login/code", {"otp": codes[0]}).status_code == 303
    assert first_step(app).post("/login/code", {"otp": codes[0]}).status_code == 401


def test_the_second_step_needs_the_first_in_the_same_browser(app, cast):
    secret, _ = switched_on(cast.member)
    stranger = Browser(app)
    assert stranger.get("/login/code").headers["Location"] == "/login"
    answer = stranger.post("/login/code", {"otp": code(secret)})
    assert answer.headers["Location"] == "/login"
    assert stranger.get("/profile").status_code == 303


def test_the_first_step_is_forgotten_after_five_minutes(app, cast):
    secret, _ = switched_on(cast.member)
    browser = first_step(app)
    with time_machine.travel(now().timestamp() + 301, tick=True):
        assert browser.post("/login/code", {"otp": code(secret)}).headers["Location"] == "/login"


def test_a_password_that_was_changed_between_the_steps_ends_it(app, cast):
    secret, _ = switched_on(cast.member)
    browser = first_step(app)
    body = {"current_password": factories.PASSWORD, "new_password": "marble-forest-92-violin"}
    assert cast.member.post("/auth/password", body).status_code == 200
    assert browser.post("/login/code", {"otp": code(secret)}).headers["Location"] == "/login"


def test_who_is_suspended_between_the_steps_stays_out(app, cast):
    secret, _ = switched_on(cast.member)
    browser = first_step(app)
    cast.root.post(f"/admin/users/{cast.member.id}/suspend", {})
    assert browser.post("/login/code", {"otp": code(secret)}).headers["Location"] == "/login"


def test_a_session_that_was_tampered_with_is_nothing(app, cast):
    switched_on(cast.member)
    browser = first_step(app)
    for wrong in ({}, {"user": "x", "at": 1, "mark": ""}, {"user": cast.member.id, "at": "soon", "mark": ""},
                  {"user": cast.member.id, "at": int(now().timestamp()), "mark": "0" * 32}):
        with browser.client.session_transaction() as session:
            session["second_step"] = wrong
        assert browser.get("/login/code").headers["Location"] == "/login"


def test_remembering_survives_the_second_step(app, cast):
    secret, _ = switched_on(cast.member)
    answer = first_step(app, remember="1").post("/login/code", {"otp": code(secret)})
    assert any(line.startswith("patchboard_remember=") for line in answer.headers.getlist("Set-Cookie"))


def test_no_way_leads_to_another_host(app, cast):
    secret, _ = switched_on(cast.member)
    browser = first_step(app, next="//evil.example/x")
    assert browser.post("/login/code", {"otp": code(secret)}).headers["Location"] == "/overview"


def test_it_is_set_up_switched_on_and_off_by_pages(cast):
    browser = cast.member.browser()
    assert "Off. Your password alone" in words_of(browser.get("/profile"))
    wrong = browser.post(f"{HERE}/setup", {"password": "not-my-password"})
    assert (wrong.status_code, set(errors_of(wrong))) == (422, {"password"})
    assert browser.post(f"{HERE}/setup", {"password": factories.PASSWORD}).headers["Location"] == HERE
    page = browser.get(HERE)
    secret = re.search(r"<pre[^>]*>\s*([A-Z2-7]{32})\s*</pre>", text_of(page)).group(1)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert 'class="pb-qr"' in text_of(page)
    again = browser.post(f"{HERE}/enable", {"otp": "000000"})
    assert (again.status_code, set(errors_of(again))) == (422, {"otp"})
    shown = browser.post(f"{HERE}/enable", {"otp": code(secret)})
    codes = codes_of(shown)
    assert (len(codes), heading(shown)) == (10, "Your second factor is on")
    file = unquote(html.unescape(re.search(r'href="data:text/plain;charset=utf-8,([^"]*)"', text_of(shown)).group(1)))
    assert all(each in file for each in codes)
    on = browser.get(HERE)
    assert secret not in text_of(on)
    assert codes[0] not in text_of(on)
    assert "10 of 10 recovery codes left" in words_of(on)
    fresh = codes_of(browser.post(f"{HERE}/recovery-codes", {"password": factories.PASSWORD}))
    assert not set(fresh) & set(codes)
    assert browser.post(f"{HERE}/disable", {"password": "wrong"}).status_code == 422
    assert said(browser, browser.post(f"{HERE}/disable", {"password": factories.PASSWORD})) == "Your second factor is off."


def test_few_recovery_codes_left_are_said(app, cast):
    _, codes = switched_on(cast.member)
    for each in codes[:7]:
        browser = first_step(app)
        assert browser.post("/login/code", {"otp": each}).status_code == 303
    assert "3 of 10 recovery codes are left" in words_of(browser.get(HERE))


def test_a_superuser_resets_it_by_page(app, cast):
    switched_on(cast.member)
    browser = cast.root.browser()
    assert "Reset second factor" in words_of(browser.get(f"/members/{cast.member.id}"))
    answer = browser.post(f"/members/{cast.member.id}/reset-two-factor")
    assert said(browser, answer).startswith("The second factor is off.")
    assert Browser(app).sign_in(EMAIL).headers["Location"] == "/overview"


def test_a_qr_code_is_its_dark_squares_within_a_white_border():
    code_ = qr_code("otpauth://totp/x")
    runs = [[int(each) for each in found] for found in re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", code_.path)]
    assert min(run[0] for run in runs) == min(run[1] for run in runs) == 4
    assert max(run[0] + run[2] for run in runs) == max(run[1] + 1 for run in runs) == code_.size - 4
    assert runs[0] == [4, 4, 7, 7], "the mark of the upper left corner"
