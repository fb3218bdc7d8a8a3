"""Limits: who is charged for what, how much comes through, what the answer says, and what holds while Redis is away."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from tests import factories
from tests.cast import Caller
from webapp.kit.redis import connect, redis
from webapp.kit.web import limits
from webapp.kit.web.counting import SLIDE, Counters, standing

WRONG_KEY = {"X-API-Key": "pb_" + "A" * 40}


@pytest.fixture
def running(app, cast, monkeypatch):
    """Limits switched on; answers with a function that sets them."""
    monkeypatch.setitem(app.config, "LIMITS_ENABLED", True)

    def with_settings(**settings):
        for name, value in settings.items():
            monkeypatch.setitem(app.config, name, value)

    return with_settings


@pytest.fixture
def limited(app, running, monkeypatch):
    """Limits switched on, and their clock stopped at the beginning of a day: however slow this machine is, no window slides."""
    with app.app_context():
        storage = limits.limiter.limiter.storage
        stopped = storage.get_connection().register_script(SLIDE.replace(b"redis.call('TIME')", b"{'1800057600', '0'}"))
    monkeypatch.setattr(storage, "script", stopped, raising=False)
    return running


def statuses(send, times):
    return [send().status_code for _ in range(times)]


def test_somebody_unknown_has_a_hundred_a_minute_and_is_told_when_to_come_back(limited, client):
    assert statuses(lambda: client.get("/auth/me"), 100) == [401] * 100
    refused = client.get("/auth/me")
    assert (refused.status_code, refused.json["error"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 121
    assert (refused.headers["RateLimit-Limit"], refused.headers["RateLimit-Remaining"]) == ("100", "0")


def test_windows_go_on_with_the_clock(running, client):
    running(LIMIT_ANONYMOUS="1/second")

    def comes(status, seconds=60):
        until = time.monotonic() + seconds
        while (found := client.get("/auth/me").status_code) != status and time.monotonic() < until:
            pass
        return found == status

    assert [comes(401), comes(429), comes(401)] == [True] * 3


def test_a_thousand_an_hour_however_they_are_spread(limited, client):
    limited(LIMIT_ANONYMOUS="100/minute;5/hour")
    assert statuses(lambda: client.get("/nowhere"), 7) == [404] * 5 + [429] * 2
    assert int(client.get("/nowhere").headers["Retry-After"]) > 60


def test_unknown_paths_and_methods_count_and_probes_do_not(limited, client):
    limited(LIMIT_ANONYMOUS="3/minute")
    assert [client.get("/nowhere").status_code, client.delete("/organizations").status_code, client.get("/auth/me").status_code] == [404, 405, 401]
    assert client.get("/nowhere").status_code == 429
    assert client.get("/health/live").status_code == 200
    assert "RateLimit-Limit" not in client.get("/health/live").headers


def test_every_answer_says_where_one_stands(limited, cast):
    limited(LIMIT_PERSON="500/hour;40/minute")
    first, second = cast.admin.get("/organizations"), cast.admin.get("/nowhere")
    assert (first.headers["RateLimit-Limit"], first.headers["RateLimit-Remaining"]) == ("40", "39")
    assert second.headers["RateLimit-Remaining"] == "38"
    assert first.headers["RateLimit-Policy"] == "500;w=3600, 40;w=60"
    assert 0 < int(first.headers["RateLimit-Reset"]) <= 60


def test_people_and_keys_are_counted_for_themselves_wherever_they_are(limited, cast):
    limited(LIMIT_PERSON="2/minute", LIMIT_API_KEY="1/minute", LIMIT_ANONYMOUS="1/minute")
    assert statuses(lambda: cast.admin.get("/organizations"), 3) == [200, 200, 429]
    assert statuses(lambda: cast.viewer.get("/organizations"), 3) == [200, 200, 429]


def test_sites_behind_one_address_all_get_through(app, limited, cast):
    limited(LIMIT_SITE_REPORTS="2/minute", LIMIT_ANONYMOUS="1/minute", LIMIT_API_KEY="1/minute", LIMIT_PERSON="10000/minute")
    with factories.writing(app):
        sites = [factories.site(cast.organization) for _ in range(200)]
    agents = [cast.key("ingest", site=site) for site in sites]
    body = {"modules": [{"name": "webform", "version": "6.2.7"}]}
    assert {agent.post("/ingest", body).status_code for agent in agents} == {200}
    assert statuses(lambda: agents[0].post("/ingest", body), 2) == [200, 429]
    assert agents[1].post("/ingest", body).status_code == 200


@pytest.mark.parametrize("headers", [WRONG_KEY, {"Authorization": "Bearer pb_wrong"}, {"Authorization": "Bearer a.b.c"}, {"X-API-Key": "x"}])
def test_who_guesses_keys_is_told_to_wait_and_good_keys_from_there_are_not(app, limited, cast, headers):
    key = cast.key("read")
    limited(LIMIT_ANONYMOUS="5/minute")
    assert statuses(lambda: Caller(app, headers).get("/sites"), 7) == [401] * 5 + [429] * 2
    assert key.get("/sites").status_code == 200


def test_a_wrong_cookie_is_nobody(app, limited):
    limited(LIMIT_ANONYMOUS="3/minute")
    sent = {"Cookie": "patchboard=forged; patchboard_remember=forged|1"}
    assert statuses(lambda: Caller(app, sent).get("/sites"), 5) == [401] * 3 + [429] * 2


def log_in(client, email, password="not-the-password-1"):
    return client.post("/auth/login", {"email": email, "password": password})


def test_failures_by_address_of_mail(limited, client, cast):
    assert statuses(lambda: log_in(client, "admin@meridian.example"), 12) == [401] * 10 + [429] * 2
    assert log_in(client, "ADMIN@meridian.example", factories.PASSWORD).status_code == 429
    assert log_in(client, "viewer@meridian.example", factories.PASSWORD).status_code == 200


def test_failures_spread_over_many_addresses_of_mail(limited, client, cast):
    limited(LIMIT_ADDRESS_FAILURES="6/hour", LIMIT_LOGIN="1000/minute")
    assert [log_in(client, f"somebody{number}@meridian.example").status_code for number in range(8)] == [401] * 6 + [429] * 2
    assert log_in(client, "viewer@meridian.example", factories.PASSWORD).status_code == 429


def test_log_ins_that_succeed_use_no_failures_up(limited, client, cast):
    limited(LIMIT_ADDRESS_FAILURES="3/hour", LIMIT_LOGIN_FAILURES="3/hour")
    assert {log_in(client, "viewer@meridian.example", factories.PASSWORD).status_code for _ in range(6)} == {200}


def test_tries_by_address(limited, client, cast):
    assert statuses(lambda: log_in(client, "viewer@meridian.example", factories.PASSWORD), 22) == [200] * 20 + [429] * 2


def test_exports_have_a_tighter_limit(limited, cast):
    limited(LIMIT_EXPORTS="2/minute")
    assert statuses(lambda: cast.admin.get("/sites", format="csv"), 3) == [200, 200, 429]
    assert cast.admin.get("/sites").status_code == 200


@contextmanager
def proxies(app, hops):
    """The application as it is behind so many proxies."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    before = app.wsgi_app
    app.wsgi_app = ProxyFix(before, x_for=hops, x_proto=hops, x_host=hops) if hops else before
    try:
        yield
    finally:
        app.wsgi_app = before


def test_without_proxies_nobody_chooses_an_address(app, limited):
    limited(LIMIT_ANONYMOUS="2/minute")
    sent = [Caller(app, {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": "1.1.1.1"}).get("/sites").status_code for number in range(4)]
    assert sent == [401, 401, 429, 429]


def test_behind_a_proxy_only_what_it_wrote_counts(app, limited):
    limited(LIMIT_ANONYMOUS="2/minute")

    def ask(forwarded):
        return Caller(app, {"X-Forwarded-For": forwarded}).get("/sites").status_code

    with proxies(app, 1):
        assert [ask(f"10.9.8.{number}, 203.0.113.7") for number in range(3)] == [401, 401, 429]
        assert ask("203.0.113.8:51000") == 401
        assert ask("203.0.113.8") == 401
        assert ask("::ffff:203.0.113.8") == 429
        assert [ask(f"2001:db8:1:2::{number}") for number in range(3)] == [401, 401, 429]
        assert ask("2001:db8:1:3::1") == 401
        assert ask("'; DROP TABLE x") == 401


def test_a_window_slides(limited, client):
    limited(LIMIT_ANONYMOUS="10/minute")
    assert [standing(10, 60, True, (10, 30.0, 0, 30.0)).remaining, standing(10, 60, True, (10, 0.0, 0, 60.0)).remaining] == [5, 10]
    assert standing(10, 60, False, (0, 12.0, 10, 12.0)).wait == 19
    assert standing(10, 60, False, (10, 60.0, 0, 60.0)).wait == 7
    assert standing(1, 60, False, (0, 12.0, 1, 12.0)).wait == 73


@pytest.fixture
def silent():
    """The address of a Redis that accepts connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


@pytest.fixture(params=["silent", "away"])
def gone(request, app, monkeypatch):
    """The application with a Redis that does not answer, or is not there."""
    url = request.getfixturevalue("silent") if request.param == "silent" else "redis://127.0.0.1:9/0"
    monkeypatch.setitem(app.extensions, "patchboard_redis", connect(url))
    monkeypatch.setattr(limits, "counters", Counters(limits.limiter))


def waiters(client, monkeypatch):
    """The threads that a client's fuse lets through to Redis, and how often: who is let through may have to wait."""
    guard, found = client.fuse.guard, Counter()

    @contextmanager
    def counted():
        with guard():
            found[threading.current_thread().name] += 1
            yield

    monkeypatch.setattr(client.fuse, "guard", counted)
    return found


def test_without_redis_limits_hold_in_memory_and_nobody_waits(app, limited, client, gone, monkeypatch):
    limited(LIMIT_ANONYMOUS="7/hour")
    waited = waiters(app.extensions["patchboard_redis"], monkeypatch)
    assert statuses(lambda: client.get("/auth/me"), 9) == [401] * 7 + [429] * 2
    for _ in range(20):
        client.get("/auth/me")
    assert waited.total() == 1, "the first finds out, and nobody else asks"


def test_many_at_once_wait_for_a_silent_redis_once(app, limited, silent, monkeypatch):
    waiting = connect(silent)
    monkeypatch.setitem(app.extensions, "patchboard_redis", waiting)
    waited = waiters(waiting, monkeypatch)

    def ask():
        caller = Caller(app)
        for _ in range(20):
            caller.get("/auth/me")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert waited
    assert max(waited.values()) == 1


def test_redis_is_used_again_when_it_is_back(app, limited, client, monkeypatch):
    limited(LIMIT_ANONYMOUS="1000/minute")
    with app.app_context():
        fuse = redis().fuse
    fuse.is_blown, fuse.probed_at = True, 0.0
    client.get("/auth/me")
    until = time.monotonic() + 60
    while fuse.is_blown and time.monotonic() < until:
        client.get("/auth/me")
        time.sleep(0.05)
    assert not fuse.is_blown
    with app.app_context():
        redis().flushdb()
        client.get("/auth/me")
        assert any(b"127.0.0.1" in key for key in redis().keys("*"))
