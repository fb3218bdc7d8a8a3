"""Server-sent events and WebSockets over real sockets, from a web server of two threads."""

from __future__ import annotations

import time
from urllib.request import urlopen

import pytest
from sqlalchemy import text

from tests import factories
from tests.ops.lines import Socket, Stream, web_server
from webapp.kit.db import db
from webapp.kit.redis import redis

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def port(app):
    with web_server(LIVE_CONNECTIONS="12") as port:
        yield port


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


def report(cast, site, version="6.2.7"):
    answer = cast.key("ingest", site=site).post("/ingest", {"full": False, "modules": [{"name": "webform", "version": version}]})
    assert answer.status_code == 200


def opened(port, topics, who, **more):
    """A stream that has said that it listens."""
    stream = Stream(port, topics, who.headers, **more)
    assert stream.status == 200, stream.head
    assert "text/event-stream" in stream.head
    assert stream.next()["event"] == "subscribed"
    return stream


def test_a_report_is_told_to_those_who_see_the_site_and_to_nobody_else(port, cast, site):
    ours, theirs = opened(port, f"site:{site.id}", cast.viewer), opened(port, "fleet", cast.stranger)
    report(cast, site)
    event = ours.next()
    assert (event["event"], event["type"], event["topic"]) == ("change", "inventory.received", f"site:{site.id}")
    assert event["data"]["site_id"] == str(site.id)
    assert event["at"].endswith("Z")
    assert theirs.is_silent(2)
    ours.close()
    theirs.close()


def test_what_one_does_not_see_cannot_be_listened_to(port, cast, site):
    assert Stream(port, f"site:{site.id}", cast.stranger.headers).status == 404
    assert Stream(port, f"org:{cast.organization.id}", cast.stranger.headers).status == 404
    assert Stream(port, "fleet", {}).status == 401
    assert Stream(port, "weather", cast.member.headers).status == 422
    assert Stream(port, "fleet", cast.key("ingest", site=site).headers).status == 403


def test_open_streams_hold_no_thread_and_there_is_an_end_to_them(port, cast):
    """Twelve streams at two threads: ordinary requests are answered, and the thirteenth is told to ask instead."""
    streams = [opened(port, "fleet", cast.member) for _ in range(12)]
    for _ in range(5):  # none of the streams ends by itself: were a thread held by one, nobody would ever answer
        assert urlopen(f"http://127.0.0.1:{port}/health/live", timeout=60).status == 200
    refused = Stream(port, "fleet", cast.member.headers)
    assert refused.status == 503
    assert "Retry-After: 30" in refused.head
    for stream in streams:
        stream.close()


def test_the_place_of_a_closed_stream_is_free_before_any_sign_of_life(app, cast):
    """Here there is never one: what is written to a closed connection is not what tells that it is closed."""
    with web_server("from webapp.kit.live import desk; desk.BEAT = 1e9", LIVE_CONNECTIONS="1") as port:
        opened(port, "fleet", cast.member).close()
        deadline = time.monotonic() + 60
        while (again := Stream(port, "fleet", cast.member.headers)).status == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert again.status == 200
        again.close()


def test_whoever_loses_the_role_hears_nothing_more(port, cast, site):
    stream = opened(port, f"site:{site.id},fleet", cast.member)
    report(cast, site, "1.0.0")
    assert {stream.next()["topic"], stream.next()["topic"]} == {f"site:{site.id}", "fleet"}
    assert cast.admin.delete(f"/organizations/{cast.organization.id}/members/{cast.member.id}").status_code == 200
    time.sleep(2.1)
    report(cast, site, "1.0.1")
    refused = stream.next()
    assert (refused["event"], refused["error"], refused["topic"]) == ("refused", "not_found", f"site:{site.id}")
    assert stream.is_silent(2)
    stream.close()


def test_a_sign_in_that_ends_ends_its_streams(port, cast):
    stream = opened(port, "fleet", cast.viewer)
    assert cast.viewer.post("/auth/logout").status_code == 200
    ended = stream.next()
    assert (ended["event"], ended["error"]) == ("ended", "token_revoked")
    with pytest.raises(ConnectionError):
        stream.next()


def test_a_stream_that_comes_back_is_told_what_it_missed(app, port, cast, site):
    stream = opened(port, f"site:{site.id}", cast.member)
    report(cast, site, "1.0.0")
    known = stream.next()["id"]
    stream.close()
    report(cast, site, "1.0.1")
    again = opened(port, f"site:{site.id}", cast.member, query=f"&after={known}")
    assert again.next()["data"]["updated"] == 1
    again.close()
    with app.app_context():
        redis().delete("patchboard:events")
    lost = opened(port, f"site:{site.id}", cast.member, query=f"&after={known}")
    assert lost.next()["event"] == "reset"
    lost.close()


def test_a_stream_holds_no_connection_to_the_database(app, port, cast):
    streams = [opened(port, "fleet", cast.member) for _ in range(10)]
    deadline, held = time.monotonic() + 60, -1
    while held and time.monotonic() < deadline:  # a question that is being asked ends by itself, a connection that is held does not
        time.sleep(0.5)
        with app.app_context():
            held = db.session.scalar(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"))
    assert held == 0
    for stream in streams:
        stream.close()


def test_a_socket_tells_of_a_report_after_a_token(port, cast, site):
    line = Socket(port)
    assert line.status == 101
    line.say({"type": "subscribe", "topics": ["fleet"]})
    assert line.hear()["error"] == "not_authenticated"
    line.say({"type": "auth", "token": cast.viewer.headers["Authorization"].split()[1]})
    assert line.hear()["type"] == "authenticated"
    line.say({"type": "subscribe", "topics": [f"site:{site.id}", f"org:{cast.elsewhere.id}"]})
    refused = line.hear()
    assert (refused["error"], refused["topic"]) == ("not_found", f"org:{cast.elsewhere.id}")
    assert line.hear() == {"type": "subscribed", "topics": [f"site:{site.id}"]}
    report(cast, site)
    event = line.hear()
    assert {"type", "topic", "at", "data"} <= set(event)
    line.say({"type": "unsubscribe", "topics": [f"site:{site.id}"]})
    while (said := line.hear())["type"] != "subscribed":
        pass
    assert said["topics"] == []
    report(cast, site, "6.2.8")
    with pytest.raises(TimeoutError):
        line.hear(2)
    line.close()


@pytest.mark.parametrize("body", ["{", "[]", '{"type": "dance"}', '{"type": "subscribe"}'])
def test_nonsense_is_answered_and_the_socket_stays(port, cast, body):
    line = Socket(port, **cast.member.headers)
    line.say(body)
    assert line.hear()["type"] == "error"
    line.say({"type": "ping"})
    assert line.hear()["type"] == "pong"
    line.close()


def test_a_wrong_token_a_large_message_and_a_long_silence_end_a_socket(port):
    silent, wrong = Socket(port), Socket(port)
    wrong.say({"type": "auth", "token": "not-a-token"})
    assert wrong.hear()["error"] == "invalid_token"
    assert wrong.hear() == {"closed": 4401}
    large = Socket(port)
    large.frame(b'{"type": "' + b"a" * 20_000 + b'"}')
    assert large.hear() == {"closed": 1009}
    assert silent.hear()["error"] == "not_authenticated"
    assert silent.hear() == {"closed": 4401}


def test_a_page_from_elsewhere_opens_no_socket_and_one_from_here_brings_its_cookie(app, port, cast):
    browser = cast.member.browser().client
    cookie = "; ".join(f"{each.key}={each.value}" for each in browser._cookies.values())
    assert Socket(port, Cookie=cookie, Origin="https://evil.example").status == 403
    line = Socket(port, Cookie=cookie, Origin=f"http://127.0.0.1:{port}")
    line.say({"type": "subscribe", "topics": ["fleet"]})
    assert line.hear() == {"type": "subscribed", "topics": ["fleet"]}
    line.close()


def test_what_is_no_handshake_is_told_so(port, cast):
    from tests.ops.lines import Wire

    assert Wire(port, "/api/v1/ws", cast.member.headers).status == 400
