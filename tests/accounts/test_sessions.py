"""Where somebody is signed in, and ending it: one, all others, all."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from tests import factories
from tests.accounts.codes import log_in
from tests.accounts.pages import said, words_of
from tests.cast import Browser, Caller
from webapp.kit.clock import now

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def bearer(app, **headers):
    data = Caller(app, headers).post("/auth/login", {"email": "member@meridian.example", "password": factories.PASSWORD}).json["data"]
    return Caller(app, {"Authorization": f"Bearer {data['access_token']}"})


def test_the_list_says_device_address_and_which_is_this_one(app, cast):
    mine = bearer(app, **{"User-Agent": FIREFOX})
    answer = mine.get("/auth/sessions").json
    assert answer["meta"]["total"] == 2
    current = next(row for row in answer["data"] if row["current"])
    assert (current["device"], current["ip"], current["kind"]) == ("Firefox on Linux", "127.0.0.1", "token")
    assert set(current) == {"id", "kind", "device", "ip", "created_at", "last_seen_at", "ended_at", "current"}
    assert mine.get("/auth/sessions", q="firefox").json["meta"]["total"] == 1
    assert mine.get("/auth/sessions", sort="-created_at", per_page=1).json["data"][0]["id"] == current["id"]


def test_one_is_ended_by_its_owner_alone(app, cast):
    first, second = bearer(app), bearer(app)
    wanted = next(row["id"] for row in second.get("/auth/sessions").json["data"] if row["current"])
    assert cast.viewer.delete(f"/auth/sessions/{wanted}").status_code == 404
    assert first.delete(f"/auth/sessions/{wanted}").json["data"]["ended_at"] is not None
    assert second.get("/auth/me").json["error"] == "token_revoked"
    assert first.delete(f"/auth/sessions/{wanted}").status_code == 404
    assert first.get("/auth/me").status_code == 200


def test_all_others_and_all(app, cast):
    first, second = bearer(app), bearer(app)
    assert first.post("/auth/sessions/end-others").json["data"] == {"ended": 2}
    assert second.get("/auth/me").status_code == cast.member.get("/auth/me").status_code == 401
    assert first.post("/auth/sessions/end-all").json["data"] == {"ended": 1}
    assert first.get("/auth/me").status_code == 401
    assert cast.viewer.get("/auth/me").status_code == 200


def test_the_profile_ends_one(app, cast):
    other, browser = bearer(app, **{"User-Agent": FIREFOX}), cast.member.browser()
    assert "Firefox on Linux" in words_of(browser.get("/profile"))
    wanted = next(row["id"] for row in other.get("/auth/sessions").json["data"] if row["current"])
    assert said(browser, browser.post(f"/profile/sign-ins/{wanted}/end")) == "That sign-in is ended."
    assert other.get("/auth/me").status_code == 401
    assert cast.viewer.browser().post(f"/profile/sign-ins/{wanted}/end").status_code == 404


def test_keys_have_no_sessions(cast):
    assert cast.key("admin").get("/auth/sessions").status_code == 403


def test_a_hash_of_older_parameters_is_renewed_at_the_sign_in(app, cast):
    from webapp.accounts.actions.proving import HASHER
    from webapp.kit.db import rows

    def kept():
        with app.app_context():
            return rows("SELECT password_hash FROM users WHERE email = :email", email=cast.member.email)[0].password_hash

    assert HASHER.check_needs_rehash(kept())
    assert log_in(app).status_code == 200
    renewed = kept()
    assert not HASHER.check_needs_rehash(renewed)
    assert log_in(app).status_code == 200
    assert kept() == renewed


def test_without_redis_people_sign_in_and_are_still_limited(app, cast, monkeypatch):
    from redis import Redis

    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)
    monkeypatch.setitem(app.extensions, "patchboard_redis", Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.2))
    assert log_in(app).status_code == 200


def test_an_access_token_ends_by_itself_and_says_so(cast):
    with time_machine.travel(now() + timedelta(minutes=31)):
        refused = cast.viewer.get("/auth/me")
    assert (refused.status_code, refused.json["error"]) == (401, "token_expired")
    assert cast.viewer.get("/auth/me").status_code == 200


def test_a_cookie_that_names_no_sign_in_is_nobodys(app):
    browser = Browser(app)
    with browser.client.session_transaction() as kept:
        kept["_user_id"] = "nobody's"
    answer = browser.get("/sites")
    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (303, "/login")
