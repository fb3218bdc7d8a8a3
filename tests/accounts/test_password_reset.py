"""A new password by mail: the same answer for everybody, a link that works once and for an hour, and an end to all sign-ins."""

from __future__ import annotations

import re

import pytest

from tests import factories
from tests.accounts.codes import code, log_in, switched_on
from tests.accounts.pages import errors_of, heading, text_of, words_of
from tests.cast import Browser, Caller
from tests.kit.postbox import Postbox, serving
from tests.kit.test_mail import outbox, work
from tests.statements import listed
from webapp.accounts.actions import proving
from webapp.kit.db import ALL, commit, enter_scope, execute, rows
from webapp.kit.local.processes import free_port

EMAIL, NEW = "member@meridian.example", "marble-forest-92-violin"


@pytest.fixture
def box(app, monkeypatch):
    port, found = free_port(), Postbox()
    monkeypatch.setitem(app.config, "MAIL_URL", f"smtp://127.0.0.1:{port}")
    monkeypatch.setitem(app.config, "MAIL_FROM", "Patchboard <patchboard@example.com>")
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://patchboard.example")
    with serving(found, port):
        yield found


def ask(app, email=EMAIL, **headers):
    return Caller(app).post("/auth/password/reset-request", {"email": email}, headers=headers)


def token_of(letter):
    return re.search(r"https://patchboard\.example/password/new\?token=([A-Za-z0-9_-]+)\s", letter.get_content()).group(1)


def mailed(app, box, email=EMAIL):
    assert ask(app, email).status_code == 200
    work(app)
    return token_of(box.letters[-1])


def reset(app, token, password=NEW):
    return Caller(app).post("/auth/password/reset", {"token": token, "new_password": password})


def test_the_link_sets_a_password_and_ends_every_sign_in(app, cast, box):
    token = mailed(app, box)
    letter = box.letters[0]
    assert letter["To"] == EMAIL
    assert reset(app, token).status_code == 200
    assert cast.member.get("/auth/me").status_code == 401
    assert log_in(app).status_code == 401
    assert log_in(app, password=NEW).status_code == 200
    work(app)
    assert box.letters[-1]["Subject"] == "Your password was changed"
    actions = [row["action"] for row in cast.root.get("/audit-logs", per_page=200).json["data"]]
    assert {"password.reset_requested", "password.reset"} <= set(actions)


def test_nobody_learns_who_has_an_account(app, cast, box):
    known, unknown = ask(app), ask(app, "nobodyx@meridian.example")
    assert (known.status_code, known.get_data()) == (unknown.status_code, unknown.get_data())
    assert len(outbox(app)) == 2, "the same work for both"
    work(app)
    assert [letter["To"] for letter in box.letters] == [EMAIL]


def test_asking_costs_the_same_for_everybody(app, cast, box, monkeypatch):
    """The time goes into the same things: the same statements in the same order, and nobody's password is looked at."""
    monkeypatch.setattr(proving, "HASHER", None)
    ask(app)
    with listed(app) as known:
        ask(app)
    with listed(app) as unknown:
        ask(app, "nobodyx@meridian.example")
    assert known == unknown
    assert any("job_outbox" in each for each in known)
    assert not any("FROM users" in each for each in known), "nobody is looked up while somebody waits for the answer"


def test_a_link_works_once_and_takes_others_along(app, cast, box):
    first, second = mailed(app, box), mailed(app, box)
    assert reset(app, second).status_code == 200
    for token in (first, second, "made-up"):
        refused = reset(app, token, "another-forest-92-violin")
        assert (refused.status_code, refused.json["details"][0]["field"]) == (422, "token")


def test_a_weak_password_does_not_use_the_link_up(app, cast, box):
    token = mailed(app, box)
    assert reset(app, token, "password1234").json["details"][0]["field"] == "new_password"
    assert reset(app, token).status_code == 200


def test_a_link_is_good_for_an_hour(app, cast, box):
    token = mailed(app, box)
    with app.app_context():
        execute("UPDATE password_resets SET expires_at = expires_at - interval '1 hour'")
        commit()
    assert reset(app, token).json["details"][0]["field"] == "token"


def test_the_token_is_nowhere_but_in_the_mail(app, cast, box):
    token = mailed(app, box)
    with app.app_context():
        enter_scope(ALL)
        kept = str([tuple(row) for table in ("job_outbox", "password_resets", "audit_log") for row in rows(f"SELECT * FROM {table}")])
    assert token not in kept


def test_the_link_names_the_server_as_it_was_set_and_not_as_a_request_says(app, cast, box):
    ask(app, Host="evil.example", **{"X-Forwarded-Host": "evil.example"})
    work(app)
    assert "evil.example" not in box.letters[0].get_content()
    assert "https://patchboard.example/password/new" in box.letters[0].get_content()


@pytest.mark.parametrize("what", ["suspended_at", "deleted_at"])
def test_who_is_out_gets_no_link_and_uses_none(app, cast, box, what):
    token = mailed(app, box)
    with app.app_context():
        enter_scope(ALL)
        execute(f"UPDATE users SET {what} = now() WHERE email = :email", email=EMAIL)
        commit()
    ask(app)
    work(app)
    assert len(box.letters) == 1
    assert reset(app, token).status_code == 422


def test_a_password_changed_meanwhile_ends_the_link(app, cast, box):
    token = mailed(app, box)
    assert cast.member.post("/auth/password", {"current_password": factories.PASSWORD, "new_password": NEW}).status_code == 200
    assert reset(app, token, "another-forest-92-violin").status_code == 422


def test_a_new_password_is_no_way_past_the_second_factor(app, cast, box):
    secret, _ = switched_on(cast.member)
    assert reset(app, mailed(app, box)).status_code == 200
    assert log_in(app, password=NEW).json["error"] == "otp_required"
    assert log_in(app, password=NEW, otp=code(secret)).status_code == 200


def test_while_the_mail_server_is_away_the_link_waits(app, cast, monkeypatch):
    port, found = free_port(), Postbox()
    for name, value in {"MAIL_URL": f"smtp://127.0.0.1:{port}", "MAIL_FROM": "p@example.com", "PUBLIC_URL": "https://patchboard.example"}.items():
        monkeypatch.setitem(app.config, name, value)
    assert ask(app).status_code == 200
    work(app)
    assert [row.state for row in outbox(app)] == ["waiting"]
    with serving(found, port):
        work(app)
    assert reset(app, token_of(found.letters[0])).status_code == 200


def test_without_a_mail_server_that_is_said(app, cast, monkeypatch):
    monkeypatch.setitem(app.config, "MAIL_URL", "")
    for email in (EMAIL, "nobodyx@meridian.example"):
        assert ask(app, email).json["data"] == {"accepted": True, "sends_mail": False}
    assert outbox(app) == []
    said = words_of(Browser(app).get("/password/forgot"))
    assert "This server sends no mail" in said
    assert "A superuser can make you a new password" in said


def test_asking_is_limited_by_address_of_the_person_and_of_the_network(app, cast, box, monkeypatch):
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    monkeypatch.setitem(app.config, "LIMIT_RESETS", "2/hour")
    monkeypatch.setitem(app.config, "LIMIT_RESET_TRIES", "7/hour")
    assert [ask(app).status_code for _ in range(3)] == [200, 200, 429]
    assert [ask(app, "nobodyx@meridian.example").status_code for _ in range(3)] == [200, 200, 429]
    assert [reset(app, "made-up").status_code for _ in range(2)] == [422, 429]


def test_the_pages_lead_from_forgotten_to_set(app, cast, box):
    browser = Browser(app)
    assert 'href="/password/forgot"' in text_of(browser.get("/login"))
    assert errors_of(browser.post("/password/forgot", {"email": "nothing"})) == {"email": "Not an e-mail address."}
    for email in (EMAIL, "nobodyx@meridian.example"):
        asked = browser.post("/password/forgot", {"email": email})
        assert heading(asked) == "Look into your mail"
    work(app)
    token = token_of(box.letters[0])
    form = browser.get(f"/password/new?token={token}")
    assert token in text_of(form)
    assert form.headers["Referrer-Policy"] == "same-origin"
    weak = browser.post("/password/new", {"token": token, "new_password": "short"})
    assert (weak.status_code, set(errors_of(weak))) == (422, {"new_password"})
    assert token in text_of(weak)
    assert heading(browser.post("/password/new", {"token": token, "new_password": NEW})) == "Your password is set"
    used = browser.post("/password/new", {"token": token, "new_password": NEW})
    assert "has expired or was used" in words_of(used)
    assert Browser(app).sign_in(EMAIL, NEW).status_code == 303


def test_mail_goes_out_when_the_second_factor_changes(app, cast, box):
    secret, _ = switched_on(cast.member)
    cast.member.post("/auth/2fa/disable", {"otp": code(secret)})
    work(app)
    assert [letter["Subject"] for letter in box.letters] == ["Your second factor was changed"] * 2
    assert "switched on" in box.letters[0].get_content()
    assert "switched off" in box.letters[1].get_content()


def test_mail_goes_out_when_a_superuser_makes_a_new_password(app, cast, box):
    assert cast.root.patch(f"/users/{cast.member.id}", {"password": NEW}).status_code == 200
    work(app)
    assert [(letter["To"], letter["Subject"]) for letter in box.letters] == [(EMAIL, "Your password was changed")]
    assert cast.member.get("/auth/me").status_code == 401
