"""The second factor by the API: set up, asked for at every sign-in, each code once, and the ways out when it is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pyotp import TOTP

from tests import factories
from tests.accounts.codes import EMAIL, code, log_in, switched_on
from tests.cast import Caller
from webapp.accounts.values import new_recovery_codes, new_totp_secret, otpauth_uri, recovery_digest, totp_step
from webapp.kit.clock import now
from webapp.kit.db import db, rows


def recorded(cast, prefix):
    return [(row["action"], row["status"]) for row in cast.root.get("/audit-logs", q="", per_page=200).json["data"]
            if row["action"].startswith(prefix)]


def test_setting_up_gives_a_secret_and_an_address_for_the_app(cast):
    data = cast.member.post("/auth/2fa/setup", {}).json["data"]
    assert data["otpauth_uri"].startswith("otpauth://totp/Patchboard:")
    assert f"secret={data['secret']}" in data["otpauth_uri"]
    assert cast.member.get("/auth/me").json["data"]["two_factor_enabled"] is False
    assert cast.member.post("/auth/2fa/setup", {"password": "not-my-password"}).json["details"][0]["field"] == "password"
    assert cast.member.post("/auth/2fa/enable", {"otp": "000000"}).json["details"][0]["field"] == "otp"


def test_a_second_set_up_takes_the_place_of_the_first(cast):
    first = cast.member.post("/auth/2fa/setup", {}).json["data"]["secret"]
    second = cast.member.post("/auth/2fa/setup", {}).json["data"]["secret"]
    assert cast.member.post("/auth/2fa/enable", {"otp": code(first)}).status_code == 422
    assert cast.member.post("/auth/2fa/enable", {"otp": code(second)}).status_code == 200


def test_a_code_is_asked_for_and_works_once(app, cast):
    secret, _ = switched_on(cast.member)
    assert cast.root.get(f"/users/{cast.member.id}").json["data"]["two_factor_enabled"] is True
    missing = log_in(app)
    assert (missing.status_code, missing.json["error"]) == (401, "otp_required")
    wrong = log_in(app, otp="000000")
    assert (wrong.status_code, wrong.json["error"]) == (401, "otp_invalid")
    present = code(secret)
    assert log_in(app, otp=f"{present[:3]} {present[3:]}").status_code == 200
    assert log_in(app, otp=present).json["error"] == "otp_invalid"
    assert log_in(app, otp=code(secret, -1)).json["error"] == "otp_invalid", "an older step is over with the newer one"
    assert log_in(app, otp=code(secret, 1)).status_code == 200
    assert log_in(app, password="not-the-password", otp=present).json["error"] == "invalid_credentials"
    assert ("two_factor.failed", "failure") in recorded(cast, "two_factor")


def test_a_recovery_code_works_once_whatever_its_case(app, cast):
    _, codes = switched_on(cast.member)
    assert len(set(codes)) == 10
    assert log_in(app, otp=codes[0].upper().replace("-", " ")).status_code == 200
    assert log_in(app, otp=codes[0]).status_code == 401
    assert log_in(app, otp=codes[1]).status_code == 200
    assert recorded(cast, "two_factor.recovery_code_used") == [("two_factor.recovery_code_used", "success")] * 2


def test_new_recovery_codes_end_those_before(app, cast):
    secret, codes = switched_on(cast.member)
    assert cast.member.post("/auth/2fa/recovery-codes", {}).json["details"][0]["field"] == "otp"
    assert cast.member.post("/auth/2fa/recovery-codes", {"otp": "123456"}).json["details"][0]["field"] == "otp"
    fresh = cast.member.post("/auth/2fa/recovery-codes", {"otp": code(secret)}).json["data"]["recovery_codes"]
    assert len(fresh) == 10
    assert log_in(app, otp=codes[0]).status_code == 401
    assert log_in(app, otp=fresh[0]).status_code == 200


@pytest.mark.parametrize("proof", ["password", "otp", "recovery"])
def test_it_is_switched_off_by_who_proves_who_they_are(app, cast, proof):
    secret, codes = switched_on(cast.member)
    assert cast.member.post("/auth/2fa/disable", {"password": "not-my-password"}).status_code == 422
    body = {"password": {"password": factories.PASSWORD}, "otp": {"otp": code(secret)}, "recovery": {"otp": codes[3]}}[proof]
    assert cast.member.post("/auth/2fa/disable", body).json["data"]["two_factor_enabled"] is False
    assert log_in(app).status_code == 200
    assert cast.member.post("/auth/2fa/disable", body).status_code == 409
    with app.app_context():
        assert rows("SELECT count(*) AS n FROM second_factors")[0].n == rows("SELECT count(*) AS n FROM recovery_codes")[0].n == 0


def test_what_is_on_is_not_set_up_again_and_what_is_off_has_no_codes(cast):
    assert cast.member.post("/auth/2fa/enable", {"otp": "123456"}).status_code == 409
    assert cast.member.post("/auth/2fa/recovery-codes", {"password": factories.PASSWORD}).status_code == 409
    switched_on(cast.member)
    assert cast.member.post("/auth/2fa/setup", {}).status_code == 409
    assert cast.member.post("/auth/2fa/enable", {"otp": "123456"}).status_code == 409


def test_a_superuser_resets_that_of_others_and_nobody_else_does(app, cast):
    switched_on(cast.member)
    door = f"/admin/users/{cast.member.id}/reset-two-factor"
    assert cast.admin.post(door).status_code == 403
    assert cast.root.post(f"/admin/users/{cast.root.id}/reset-two-factor").status_code == 403
    assert cast.root.post(door).json["data"]["two_factor_enabled"] is False
    assert cast.root.post(door).status_code == 409
    assert log_in(app).status_code == 200
    assert ("two_factor.reset", "success") in recorded(cast, "two_factor")


def test_no_secret_leaves_or_lies_in_the_clear(app, cast):
    secret, codes = switched_on(cast.member)
    with app.app_context():
        kept = rows("SELECT secret FROM second_factors")[0].secret
        hashes = [bytes(row.code_hash) for row in rows("SELECT code_hash FROM recovery_codes")]
    assert secret not in kept
    assert all(len(each) == 32 for each in hashes)
    log = cast.root.get("/audit-logs", per_page=200).get_data(as_text=True)
    assert not any(each in log for each in (secret, *codes))
    assert secret not in cast.root.get(f"/users/{cast.member.id}").get_data(as_text=True)


def test_wrong_codes_count_as_failed_sign_ins(app, cast, monkeypatch):
    secret, _ = switched_on(cast.member)
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    answers = [log_in(app, otp="000000").status_code for _ in range(10)]
    assert answers == [401] * 10
    assert log_in(app, otp=code(secret)).status_code == 429
    assert log_in(app, "viewer@meridian.example").status_code == 200, "the limit is this account's"


def test_right_tries_are_no_failures(app, cast, monkeypatch):
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    assert [log_in(app).status_code for _ in range(12)] == [200] * 12


def test_a_log_in_by_form_takes_the_code_too(app, cast):
    secret, _ = switched_on(cast.member)
    sent = Caller(app).send("POST", "/auth/login", data={"username": EMAIL, "password": factories.PASSWORD, "otp": code(secret)})
    assert sent.status_code == 200


@pytest.mark.parametrize(("seconds", "steps"), [(0, 0), (30, 1), (-30, -1)])
def test_codes_of_the_steps_beside_this_one_are_taken(seconds, steps):
    secret, at = new_totp_secret(), now()
    present = int(at.timestamp()) // 30
    assert totp_step(secret, TOTP(secret).at(at + timedelta(seconds=seconds)), at) == present + steps


@pytest.mark.parametrize("said", ["", "12345", "1234567", "12345a", "１２３４５６", "abcde-fghjk"])
def test_what_is_no_code_is_no_step(said):
    assert totp_step(new_totp_secret(), said, now()) is None


def test_a_code_of_two_steps_ago_is_too_old():
    secret, at = new_totp_secret(), now()
    assert totp_step(secret, TOTP(secret).at(at - timedelta(seconds=90)), at) is None


def test_the_address_names_account_and_server():
    secret = "ABCDEFGH" * 4
    assert otpauth_uri(secret, "a+b@example.com").startswith(f"otpauth://totp/Patchboard:a%2Bb%40example.com?secret={secret}")


def test_a_recovery_code_is_one_persons_alone(cast):
    made = new_recovery_codes()[0]
    mine = recovery_digest(made, cast.member.id, "server")
    assert mine == recovery_digest(f" {made.upper()} ", cast.member.id, "server")
    assert mine != recovery_digest(made, cast.viewer.id, "server") != recovery_digest(made, cast.viewer.id, "other")


def test_the_database_refuses_a_step_that_is_not_newer(app, cast):
    secret, _ = switched_on(cast.member)
    with factories.writing(app):
        db.session.connection().exec_driver_sql("UPDATE second_factors SET last_step = last_step + 100")
    assert log_in(app, otp=code(secret, 1)).json["error"] == "otp_invalid"
