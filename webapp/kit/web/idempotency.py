"""Idempotency-Key: the same key and body within 24 hours gets the stored answer; one effect, however many repeats.

The key is taken in the transaction of the effect: a repeat that comes while the first is under way waits for its end, and then
finds its answer, or the key free again when it failed. So only what took effect is remembered, and what was refused can be mended
and sent again under the same key.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, g, request

from webapp.kit.clock import now
from webapp.kit.db import execute, rows
from webapp.kit.errors import Invalid, Malformed
from webapp.kit.secrets import keyring
from webapp.kit.web import multipart
from webapp.kit.web.answers import etag_of
from webapp.kit.web.bodies import read_bytes

if TYPE_CHECKING:
    from webapp.kit.web.doors import Door

LONGEST = 255
FORGET = "DELETE FROM idempotency_keys WHERE caller = :caller AND key = :key AND created_at < :now - interval '24 hours'"
TAKE = """
INSERT INTO idempotency_keys (caller, key, request_hash, created_at) VALUES (:caller, :key, :digest, :now) ON CONFLICT DO NOTHING
"""
KEPT = "SELECT request_hash, status, location, body FROM idempotency_keys WHERE caller = :caller AND key = :key"
REMEMBER = "UPDATE idempotency_keys SET status = :status, location = :location, body = :body WHERE caller = :caller AND key = :key"


def recall(door: Door) -> Response | None:
    """The answer that this key already has; else takes the key, so that a repeat waits for this request's end."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None or not door.idempotent or not g.actor.is_known:
        return None
    if not 0 < len(key) <= LONGEST or not key.isprintable():
        raise Malformed(f"Idempotency-Key has 1 to {LONGEST} printable characters.")
    g.idempotency = (f"{g.actor.kind}:{g.actor.id}", key)
    values = {"caller": g.idempotency[0], "key": key, "digest": _digest(), "now": now()}
    while True:
        execute(FORGET, **values)
        if execute(TAKE, **values):
            return None
        if kept := rows(KEPT, **values):  # none where it grew too old, or was cleared away, between these two statements
            return _again(kept[0], values["digest"])


def _digest() -> bytes:
    """What the caller asks for: the address with its query, and the body."""
    raw = multipart.digest() if "files" in g else _body() if request.is_json else request.get_data(cache=True)
    return hashlib.sha256(request.full_path.encode() + b"\n" + raw).digest()


def _again(kept: Any, digest: bytes) -> Response:
    if bytes(kept.request_hash) != digest:
        raise Invalid("This Idempotency-Key was used for another request.", code="idempotency_key_reused")
    body = keyring().decrypt(bytes(kept.body).decode())
    answer = Response(body, kept.status, mimetype="application/json", headers={"Idempotent-Replayed": "true"})
    if kept.location:
        answer.headers["Location"] = kept.location
    told = orjson.loads(answer.get_data())
    if isinstance(told, dict) and isinstance(told.get("data"), dict):
        answer.set_etag(etag_of(told["data"]))
    return answer


def _body() -> bytes:
    """The body within its limits; the stream is put back for who reads it next."""
    raw = read_bytes()
    g.body = raw
    return raw


def remember(answer: Response) -> None:
    """Keeps the answer under its key, in the same transaction as the effect; encrypted, for it may show a secret this once."""
    if "idempotency" in g:
        caller, key = g.idempotency
        execute(REMEMBER, caller=caller, key=key, status=answer.status_code, location=answer.headers.get("Location"),
                body=keyring().encrypt(answer.get_data(as_text=True)).encode())
