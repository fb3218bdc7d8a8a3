"""The client of release feeds, against a server on a real socket."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.catalog.feed_server import FeedServer, feed, serving
from webapp.catalog.feeds.client import UpdatesClient
from webapp.catalog.feeds.guest import ATTEMPTS, FetchFailed, Manners
from webapp.catalog.feeds.release_history import parse_feed
from webapp.kit.local.processes import free_port

TINY = feed("tiny", ("1.0.1", "Bug fixes"), ("1.0.0", "Bug fixes"))
SAYS = Manners("Patchboard/test", timeout=60.0, pause=0.25)


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with serving() as made:
        yield made


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(server: FeedServer, slept: list[float]) -> Iterator[UpdatesClient]:
    with closing(UpdatesClient(server.url, SAYS, slept.append)) as made:
        yield made


def test_a_feed_comes_whole_and_says_who_asks(server: FeedServer, client: UpdatesClient) -> None:
    server.replies["/tiny/current"] = (200, {"ETag": '"one"', "Last-Modified": "Wed, 18 Nov 2026 17:00:00 GMT"}, TINY)
    answer = client.fetch("tiny", "current")
    assert answer.body is not None
    assert parse_feed(answer.body).short_name == "tiny"
    assert (answer.etag, answer.last_modified) == ('"one"', "Wed, 18 Nov 2026 17:00:00 GMT")
    path, headers = server.asked[0]
    assert path == "/release-history/tiny/current"
    assert headers["user-agent"] == "Patchboard/test"
    assert "if-none-match" not in headers


def test_what_has_not_changed_costs_no_body(server: FeedServer, client: UpdatesClient) -> None:
    server.replies["/tiny/current"] = lambda headers: (304, {}, b"") if headers["If-None-Match"] == '"one"' else (200, {}, TINY)
    assert client.fetch("tiny", "current", '"one"', "Wed, 18 Nov 2026 17:00:00 GMT").body is None
    assert server.asked[0][1]["if-modified-since"] == "Wed, 18 Nov 2026 17:00:00 GMT"
    assert client.fetch("tiny", "current", '"two"').body == TINY


def test_one_connection_and_a_pause_between(server: FeedServer, client: UpdatesClient, slept: list[float]) -> None:
    for name in ("a", "b", "c"):
        server.replies[f"/{name}/7.x"] = (200, {}, feed(name))
        client.fetch(name, "7.x")
    assert len(server.connections) == 1
    assert slept == [0.25, 0.25]


def test_a_packed_answer_is_unpacked_and_a_bomb_is_not(server: FeedServer, client: UpdatesClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.catalog.feeds.client.LARGEST", 1_000_000)
    server.replies["/tiny/current"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(TINY))
    assert client.fetch("tiny", "current").body == TINY
    server.replies["/bomb/current"] = (200, {"Content-Encoding": "gzip"}, gzip.compress(b" " * 50_000_000))
    with pytest.raises(FetchFailed, match="larger"):
        client.fetch("bomb", "current")
    server.replies["/large/current"] = (200, {}, b"x" * 1_000_001)
    with pytest.raises(FetchFailed, match="larger"):
        client.fetch("large", "current")
    server.replies["/broken/current"] = (200, {"Content-Encoding": "gzip"}, b"no gzip")
    with pytest.raises(FetchFailed, match="broken"):
        client.fetch("broken", "current")


def test_a_project_that_is_not_there(server: FeedServer, client: UpdatesClient) -> None:
    assert client.fetch("nothing", "current").is_missing
    for name in ("../secrets", "a/b", "a?b", "", "ä"):
        with pytest.raises(FetchFailed, match="name"):
            client.fetch(name, "current")
    assert len(server.asked) == 1


def test_what_fails_by_the_servers_fault_is_tried_again_later_each_time(
    server: FeedServer, client: UpdatesClient, slept: list[float]
) -> None:
    server.replies["/tiny/current"] = [(503, {}, b"down"), (502, {}, b"down"), (200, {}, TINY)]
    assert client.fetch("tiny", "current").body == TINY
    assert [each for each in slept if each >= 1] == [1.0, 2.0]
    server.replies["/never/current"] = (500, {}, b"down")
    with pytest.raises(FetchFailed, match="500") as failed:
        client.fetch("never", "current")
    assert failed.value.again
    assert len([path for path, _ in server.asked if "never" in path]) == ATTEMPTS
    server.replies["/busy/current"] = [(429, {"Retry-After": "7"}, b""), (200, {}, TINY)]
    client.fetch("busy", "current")
    assert 7.0 in slept
    server.replies["/forbidden/current"] = (403, {}, b"")
    with pytest.raises(FetchFailed, match="403") as refused:
        client.fetch("forbidden", "current")
    assert not refused.value.again


def test_redirects_stay_on_the_host(server: FeedServer, client: UpdatesClient) -> None:
    server.replies["/old/current"] = (301, {"Location": "/release-history/new/current"}, b"")
    server.replies["/new/current"] = (200, {}, TINY)
    assert client.fetch("old", "current").body == TINY
    for target in ("http://127.0.0.2/x", "https://example.org/x", "//example.org/x", "file:///etc/passwd", ""):
        server.replies["/away/current"] = (302, {"Location": target}, b"")
        with pytest.raises(FetchFailed, match="another host"):
            client.fetch("away", "current")
    server.replies["/circle/current"] = (302, {"Location": "/release-history/circle/current"}, b"")
    with pytest.raises(FetchFailed, match="circle"):
        client.fetch("circle", "current")


def test_a_server_that_is_away_or_silent_is_told_from_one_that_says_no(slept: list[float]) -> None:
    with closing(UpdatesClient(f"http://127.0.0.1:{free_port()}/r", SAYS, slept.append)) as client, pytest.raises(FetchFailed) as away:
        client.fetch("tiny", "current")
    assert away.value.again
    assert away.value.reason == "The server could not be reached."
    with socket.create_server(("127.0.0.1", 0)) as mute:
        quick = Manners("Patchboard/test", timeout=0.1, pause=0)
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/r"
        with closing(UpdatesClient(url, quick, slept.append)) as client, pytest.raises(FetchFailed, match="in time"):
            client.fetch("tiny", "current")


def test_nothing_at_all_is_no_answer(server: FeedServer, client: UpdatesClient) -> None:
    server.replies["/empty/current"] = (200, {}, b"  \n")
    with pytest.raises(FetchFailed, match="nothing"):
        client.fetch("empty", "current")
