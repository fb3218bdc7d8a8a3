"""Nonces of signed requests: each is taken once with its key.

They are kept in PostgreSQL, in the transaction of the request that brings them: where they cannot be looked up, nothing can be
received either, and of twenty equal requests at once the unique key lets one through.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from webapp.kit.db import execute, regardless
from webapp.kit.signatures import TOLERANCE, refused

TAKE = "INSERT INTO seen_nonces (key_id, nonce, seen_at) VALUES (:key, :nonce, :at) ON CONFLICT DO NOTHING"
FORGET = "DELETE FROM seen_nonces WHERE seen_at < :before"
KEPT: timedelta = 3 * TOLERANCE
"""A request may be dated five minutes ahead and is taken until five minutes after that; the rest is for clocks that disagree."""


def take_nonce(key_id: UUID, nonce: str, at: datetime) -> None:
    """Notes that a nonce was used, also where the request comes to nothing; NotAuthenticated where it was used before."""
    taken: list[int] = []
    regardless(lambda: taken.append(execute(TAKE, key=key_id, nonce=nonce, at=at)))
    if not taken[0]:
        raise refused("This nonce was used before: each request needs one of its own.")


def forget_nonces(at: datetime) -> int:
    """Forgets the nonces of requests that are too old to be taken again; gives how many."""
    return execute(FORGET, before=at - KEPT)
