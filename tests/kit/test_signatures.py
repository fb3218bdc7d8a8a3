"""Signatures of requests: those of the shared vectors, and what is not whole, late, early or altered."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from webapp.kit.clock import stamp
from webapp.kit.errors import NotAuthenticated
from webapp.kit.signatures import KEY, NONCE, SIGNATURE, TIMESTAMP, digest_of_request, signature_of

VECTORS = json.loads((Path(__file__).parents[2] / "clients" / "signature-vectors.json").read_text())["vectors"]
AT = datetime.fromtimestamp(1793000000, UTC)


def body_of(vector):
    return vector["body"].encode() if "body" in vector else bytes.fromhex(vector["body_hex"])


def headers(vector, **changes):
    values = {TIMESTAMP: vector["timestamp"], NONCE: vector["nonce"], SIGNATURE: vector["signature"]}
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


def reason(call, *arguments):
    with pytest.raises(NotAuthenticated) as caught:
        call(*arguments)
    assert (caught.value.status, caught.value.code) == (401, "invalid_signature")
    return caught.value.message


def test_there_are_vectors():
    assert len(VECTORS) >= 8
    assert len({vector["signature"] for vector in VECTORS}) == len(VECTORS)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_vectors(vector):
    asked = [vector["secret"], vector["method"], vector["path"]]
    assert "v1=" + digest_of_request(*asked, vector["timestamp"], vector["nonce"], body_of(vector)) == vector["signature"]
    signature_of(headers(vector)).check(*asked, body_of(vector))


@pytest.mark.parametrize("part", ["secret", "method", "path", "timestamp", "nonce", "body"])
def test_whatever_is_altered_is_found(part):
    vector = dict(VECTORS[0])
    vector[part] = {"method": "PUT", "timestamp": "1793000001"}.get(part, vector[part] + "x")
    found = signature_of(headers({**vector, "signature": VECTORS[0]["signature"]}))
    assert "does not fit" in reason(found.check, vector["secret"], vector["method"], vector["path"], body_of(vector))


def test_nothing_said_is_no_signature():
    assert signature_of({}) is None
    assert signature_of({"X-API-Key": "pb_x"}) is None


@pytest.mark.parametrize(("changes", "named"), [
    ({TIMESTAMP: None}, TIMESTAMP), ({TIMESTAMP: "now"}, TIMESTAMP), ({TIMESTAMP: "1793000000.5"}, TIMESTAMP), ({TIMESTAMP: "-1"}, TIMESTAMP),
    ({TIMESTAMP: "9" * 13}, TIMESTAMP), ({TIMESTAMP: "١٧٩٣٠٠٠٠٠٠"}, TIMESTAMP), ({NONCE: None}, NONCE), ({NONCE: "short"}, NONCE),
    ({NONCE: "n" * 129}, NONCE), ({NONCE: "sixteen letters\n"}, NONCE), ({SIGNATURE: None}, SIGNATURE), ({SIGNATURE: "v1=é"}, SIGNATURE),
    ({SIGNATURE: "v2=" + "0" * 64}, SIGNATURE), ({SIGNATURE: "v1=" + "0" * 63}, SIGNATURE), ({SIGNATURE: "v1=" + "A" * 64}, SIGNATURE),
    ({TIMESTAMP: None, NONCE: None, SIGNATURE: None, KEY: "pb_012345678"}, TIMESTAMP)])
def test_what_is_not_whole(changes, named):
    assert named in reason(signature_of, headers(VECTORS[0], **changes))


def test_what_is_refused_is_said_in_a_sentence_with_the_server_s_time():
    found = signature_of(headers(VECTORS[0]))
    start = "The signature is not accepted. "
    assert reason(found.check_time, AT + timedelta(seconds=301)) == (
        start + f"It was signed more than five minutes ago: here it is {stamp(AT + timedelta(seconds=301))}.")
    assert reason(found.check_time, AT - timedelta(seconds=301)) == (
        start + f"It is signed for a time that has not come: here it is {stamp(AT - timedelta(seconds=301))}.")
    assert reason(found.check, "x", "GET", "/", b"") == (
        start + "The signature does not fit the method, path, time, nonce and body of this request.")


@pytest.mark.parametrize(("given", "kept"), [("pb_012345678", "pb_012345678"), (None, None), ("", None)])
def test_the_key_that_is_named_is_kept(given, kept):
    assert signature_of(headers(VECTORS[0], **{KEY: given})).key == kept


@pytest.mark.parametrize(("seconds", "words"), [(301, "more than five minutes ago"), (-301, "has not come"), (10**9, "ago")])
def test_late_and_early(seconds, words):
    assert words in reason(signature_of(headers(VECTORS[0])).check_time, AT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_within_five_minutes(seconds):
    assert signature_of(headers(VECTORS[0])).check_time(AT + timedelta(seconds=seconds)) is None
