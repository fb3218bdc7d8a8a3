"""Signed requests: who knows a key proves it without sending it, for one request, once, and for five minutes.

    X-Patchboard-Timestamp: 1793000000                     seconds since 1970
    X-Patchboard-Nonce: 9f86d081884c7d65                   16 to 128 of A-Z a-z 0-9 . _ ~ -, never used before with this key
    X-Patchboard-Signature: v1=<64 hexadecimal digits>
    X-Patchboard-Key: pb_AbCdEfGhI                         the key's first characters; not needed beside X-API-Key

The signature is HMAC-SHA-256, under the key's whole text, of five lines joined by line feeds: method, path, timestamp, nonce and
the SHA-256 of the body in hexadecimal. The body is what is sent: of a gzip body the compressed bytes. Test vectors that clients
share: clients/signature-vectors.json.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from blinker import Signal

from webapp.kit.clock import stamp
from webapp.kit.errors import NotAuthenticated

signature_late = Signal()
"""Sent with the actor, `reason` and `at` when a right signature comes at a wrong time: a clock, or somebody who has recorded it."""
TIMESTAMP, NONCE, SIGNATURE, KEY = "X-Patchboard-Timestamp", "X-Patchboard-Nonce", "X-Patchboard-Signature", "X-Patchboard-Key"
HEADERS: Final = (TIMESTAMP, NONCE, SIGNATURE, KEY)
TOLERANCE: Final = timedelta(minutes=5)
CODE: Final = "invalid_signature"

_is_timestamp = re.compile(r"[0-9]{1,12}", re.ASCII).fullmatch
_is_nonce = re.compile(r"[A-Za-z0-9._~-]{16,128}", re.ASCII).fullmatch
_is_signature = re.compile(r"v1=([0-9a-f]{64})", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says of its own signature; `key` are the first characters of the API key, or None beside the key itself."""

    timestamp: str
    nonce: str
    digest: str
    key: str | None

    def check_time(self, at: datetime) -> None:
        """NotAuthenticated where the request was signed more than five minutes ago, or will be in more than five."""
        apart = at.timestamp() - int(self.timestamp)
        if abs(apart) > TOLERANCE.total_seconds():
            wrong = "It was signed more than five minutes ago" if apart > 0 else "It is signed for a time that has not come"
            raise refused(f"{wrong}: here it is {stamp(at)}.")

    def check(self, secret: str, method: str, path: str, body: bytes) -> None:
        """NotAuthenticated unless this is the request that was signed, and with this secret. Takes the same time either way."""
        expected = digest_of_request(secret, method, path, self.timestamp, self.nonce, body)
        if not hmac.compare_digest(expected.encode(), self.digest.encode()):
            raise refused("The signature does not fit the method, path, time, nonce and body of this request.")


def signature_of(headers: Mapping[str, str]) -> Signature | None:
    """The signature that a request carries, None where it says nothing of one; NotAuthenticated where it is not whole."""
    given = {name: headers.get(name, "") for name in HEADERS}
    if not any(given.values()):
        return None
    if not _is_timestamp(given[TIMESTAMP]):
        raise refused(f"{TIMESTAMP} is to be the seconds since 1970, as a number.")
    if not _is_nonce(given[NONCE]):
        raise refused(f"{NONCE} is to be 16 to 128 letters, digits, dots, hyphens, underscores or tildes.")
    found = _is_signature(given[SIGNATURE])
    if not found:
        raise refused(f"{SIGNATURE} is to be v1= and 64 hexadecimal digits.")
    return Signature(given[TIMESTAMP], given[NONCE], found[1], given[KEY] or None)


def digest_of_request(secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes) -> str:
    """The signature of a request, in hexadecimal."""
    text = "\n".join((method, path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def refused(reason: str) -> NotAuthenticated:
    return NotAuthenticated(f"The signature is not accepted. {reason}", code=CODE)
