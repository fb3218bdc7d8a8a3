"""Idempotency-Key: the same key and body within 24 hours gets the stored answer; one effect, however many repeats."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from flask import Response, g, request

from webapp.kit.clock import now
from webapp.kit.db import execute, rows
from webapp.kit.errors import Invalid
from webapp.kit.web.bodies import read_bytes

if TYPE_CHECKING:
    from webapp.kit.web.doors import Door

LONGEST = 255


def recall(door: Door) -> Response | None:
    """The answer that this key already has; else takes the key, so that a repeat waits for this request's end."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or not key or not door.idempotent or not g.actor.is_known:
        return None
    if len(key) > LONGEST:
        raise Invalid("Idempotency-Key has 255 characters at most.")
    raw = request.get_data(cache=True) if not request.is_json else _body()
    digest = hashlib.sha256(request.path.encode() + b"\n" + raw).digest()
    g.idempotency = (f"{g.actor.kind}:{g.actor.id}", key)
    values = {"caller": g.idempotency[0], "key": key, "digest": digest, "now": now()}
    execute("DELETE FROM idempotency_keys WHERE caller = :caller AND key = :key AND created_at < :now - interval '24 hours'", **values)
    taken = execute(
        "INSERT INTO idempotency_keys (caller, key, request_hash, created_at) VALUES (:caller, :key, :digest, :now)"
        " ON CONFLICT DO NOTHING", **values)
    if taken:
        return None
    kept = rows("SELECT request_hash, status, location, body FROM idempotency_keys WHERE caller = :caller AND key = :key", **values)[0]
    if bytes(kept.request_hash) != digest:
        raise Invalid("This Idempotency-Key was used for another request.", code="idempotency_key_reused")
    answer = Response(bytes(kept.body), kept.status, mimetype="application/json", headers={"Idempotent-Replayed": "true"})
    if kept.location:
        answer.headers["Location"] = kept.location
    return answer


def _body() -> bytes:
    """The body within its limits; the stream is put back for who reads it next."""
    raw = read_bytes()
    g.body = raw
    return raw


def remember(answer: Response) -> None:
    """Keeps the answer under its key, in the same transaction as the effect."""
    if "idempotency" not in g:
        return
    caller, key = g.idempotency
    execute("UPDATE idempotency_keys SET status = :status, location = :location, body = :body WHERE caller = :caller AND key = :key",
            status=answer.status_code, location=answer.headers.get("Location"), body=answer.get_data(), caller=caller, key=key)
