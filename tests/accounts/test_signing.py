"""Signing in for tokens, staying signed in, and being out at once."""

from __future__ import annotations

import pytest

from tests import factories
from tests.cast import Caller


def log_in(client, email="member@meridian.example", password=factories.PASSWORD, **more):
    return client.post("/auth/login", {"email": email, "password": password, **more})


def bearer(app, token):
    return Caller(app, {"Authorization": f"Bearer {token}"})


def test_login_gives_tokens_and_the_account(app, cast, client):
    data = log_in(client, "MEMBER@meridian.example").json["data"]
    assert data["token_type"] == "bearer"
    assert 0 < data["expires_in"] <= 1800
    assert data["user"]["organizations"] == [{"id": str(cast.organization.id), "name": "Meridian", "role": "member"}]
    assert "password" not in str(data["user"])
    assert bearer(app, data["access_token"]).get("/auth/me").json["data"]["email"] == "member@meridian.example"


def test_login_takes_a_form(cast, client):
    sent = client.send("POST", "/auth/login", data={"username": "member@meridian.example", "password": factories.PASSWORD})
    assert sent.status_code == 200


def test_a_wrong_password_and_an_unknown_address_look_alike(cast, client):
    wrong, unknown = log_in(client, password="not-the-password"), log_in(client, "nobody@example.com")
    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert (wrong.json["error"], wrong.json["message"]) == (unknown.json["error"], unknown.json["message"])
    assert wrong.headers["WWW-Authenticate"] == "Bearer"


def test_a_failed_login_is_recorded(cast, client):
    client.post("/auth/login", {"email": "member@meridian.example", "password": "wrong-password"}, headers={"X-Request-ID": "failed-one"})
    rows = cast.root.get("/audit-logs", request_id="failed-one").json["data"]
    assert [(row["action"], row["status"]) for row in rows] == [("sign_in.failed", "failure")]
    assert "wrong-password" not in str(rows)


@pytest.mark.parametrize("body", [{}, {"email": "a@example.com"}, {"email": ["a"], "password": {"$ne": ""}}, {"email": "a", "password": ""}])
def test_login_without_fields_is_422(cast, client, body):
    assert client.post("/auth/login", body).status_code == 422


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "pb_0000", "pb_" + "0" * 43])
def test_bad_tokens_are_401(app, cast, token):
    assert bearer(app, token).get("/auth/me").status_code == 401


def test_a_refresh_token_is_no_access_token_and_the_other_way_round(app, cast, client):
    tokens = log_in(client).json["data"]
    assert bearer(app, tokens["refresh_token"]).get("/auth/me").status_code == 401
    assert client.post("/auth/refresh", {"refresh_token": tokens["access_token"]}).status_code == 401


def test_refresh_rotates(app, cast, client):
    tokens = log_in(client).json["data"]
    fresh = client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json["data"]
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert bearer(app, fresh["access_token"]).get("/auth/me").status_code == 200


def test_a_rotated_token_used_again_ends_its_family(app, cast, client):
    tokens = log_in(client).json["data"]
    fresh = client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).json["data"]
    assert client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401
    assert client.post("/auth/refresh", {"refresh_token": fresh["refresh_token"]}).status_code == 401
    assert bearer(app, fresh["access_token"]).get("/auth/me").json["error"] == "token_revoked"
    assert cast.root.get("/audit-logs", action="sign_in.token_reused").json["meta"]["total"] == 1


def test_logout_holds_even_when_redis_has_been_emptied(app, cast, client):
    tokens = log_in(client).json["data"]
    caller = bearer(app, tokens["access_token"])
    assert caller.post("/auth/logout").status_code == 200
    with app.app_context():
        from webapp.kit.redis import redis

        redis().flushdb()
    assert caller.get("/auth/me").status_code == 401
    assert client.post("/auth/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401


def test_a_password_change_ends_the_other_sessions(app, cast, client):
    first, second = (bearer(app, log_in(client).json["data"]["access_token"]) for _ in range(2))
    body = {"current_password": factories.PASSWORD, "new_password": "marble-forest-92-violin"}
    assert first.post("/auth/password", {**body, "current_password": "wrong-password"}).json["details"][0]["field"] == "current_password"
    assert first.post("/auth/password", {**body, "new_password": "short"}).json["details"][0]["field"] == "new_password"
    assert first.post("/auth/password", body).status_code == 200
    assert first.get("/auth/me").status_code == 200
    assert second.get("/auth/me").status_code == 401
    assert log_in(client).status_code == 401
    assert log_in(client, password="marble-forest-92-violin").status_code == 200


def test_own_account(cast):
    assert cast.viewer.put("/auth/me", {"full_name": "Vera V."}).json["data"]["full_name"] == "Vera V."
    assert cast.viewer.put("/auth/me", {"is_superuser": True}).status_code == 422
    assert cast.viewer.put("/auth/me", {"email": "ADMIN@meridian.example"}).status_code == 409


def test_registration_is_off_until_it_is_switched_on(app, cast, client):
    body = {"email": "new@example.com", "password": factories.PASSWORD}
    assert client.post("/auth/register", body).status_code == 404
    app.config["REGISTRATION"] = True
    try:
        assert client.post("/auth/register", body).json["data"]["is_superuser"] is False
        assert client.post("/auth/register", {**body, "email": "NEW@example.com"}).status_code == 409
    finally:
        app.config["REGISTRATION"] = False


def test_a_password_guesser_is_stopped(app, cast, client):
    app.config["LIMITS_ENABLED"] = True
    try:
        answers = [log_in(client, password="not-the-password").status_code for _ in range(11)]
    finally:
        app.config["LIMITS_ENABLED"] = False
    assert answers == [401] * 10 + [429]
