"""Gzip bodies: read whole, of however many members they are (RFC 1952), within one limit; what is left over is refused."""

from __future__ import annotations

import gzip
import time

import pytest

from webapp.kit.errors import Malformed, PayloadTooLarge
from webapp.kit.web.bodies import unzip

PARTS = [b"{\"name\": ", b"", b"\"Zipped", b" twice\"}"]
LIMIT = 2**20


def members(*parts):
    return b"".join(gzip.compress(part) for part in parts)


def test_all_members_are_read():
    assert unzip(members(*PARTS), LIMIT) == b"".join(PARTS)


def test_members_longer_than_what_is_read_at_a_time():
    long = [bytes(range(256)) * 1000, b"a", bytes(range(255, -1, -1)) * 1000]
    assert unzip(members(*long), LIMIT) == b"".join(long)


@pytest.mark.parametrize("more", [b"\0", b"\0" * 100, b"{}", b"\x1f", b"\x1f\x8b", b"\x1f\x8b\x08junkjunkjunk", members(b"x")[:-1], members(b"x")[5:]])
def test_what_is_left_over_is_refused(more):
    with pytest.raises(Malformed):
        unzip(members(*PARTS) + more, LIMIT)


@pytest.mark.parametrize("raw", [b"", b"{}", members(b"x")[:-1], members(b"x")[:5]])
def test_what_is_no_gzip_is_refused(raw):
    with pytest.raises(Malformed):
        unzip(raw, LIMIT)


def test_all_members_share_the_limit():
    half = bytes(LIMIT // 2)
    assert len(unzip(members(half, half), LIMIT)) == LIMIT
    for parts in ([half, half, b"x"], [bytes(LIMIT + 1)], [bytes(LIMIT), b"", b"x"]):
        with pytest.raises(PayloadTooLarge):
            unzip(members(*parts), LIMIT)


def test_very_many_members_take_a_time_that_grows_with_their_number_only():
    empty = members(b"")
    started = time.process_time()
    assert unzip(empty * 50_000, LIMIT) == b""
    assert time.process_time() - started < 5


def test_a_body_of_two_members_is_one_body(cast):
    body = members(*PARTS)
    answer = cast.root.send("POST", "/organizations", data=body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["data"]["name"]) == (201, "Zipped twice")
    answer = cast.root.send("POST", "/organizations", data=body + b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json["message"]) == (400, "After its gzip content the body goes on with something else.")
