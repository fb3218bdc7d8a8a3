"""Cursors: a place in a long list as a word that fits only the list, the filters and the order that it was made for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from flask import current_app, request

from webapp.kit.errors import Invalid
from webapp.kit.listing import Place

NOT_BOUND = ("cursor", "page", "per_page", "skip", "limit", "format", "sort")
SEAL = 9


def write_cursor(place: Place | None, order: Sequence[str]) -> str | None:
    """A place in this list as a word that fits nowhere else, and that nobody but this server can make.

    `order` is what the list is sorted by, whether or not the address says so.
    """
    if place is None:
        return None
    said = orjson.dumps([value.isoformat() if hasattr(value, "isoformat") else str(value) for value in place])
    return base64.urlsafe_b64encode(_seal(said, order) + said).decode().rstrip("=")


def read_cursor(text: str, order: Sequence[str]) -> Place:
    """The place that a cursor names; Invalid for anything that this list, with these filters, has not given out."""
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        raise _foreign() from None
    seal, said = whole[:SEAL], whole[SEAL:]
    if not hmac.compare_digest(seal, _seal(said, order)):
        raise _foreign()
    return Place.read(orjson.loads(said))


def _foreign() -> Invalid:
    return Invalid.at("cursor", "This is not a cursor of this list with these filters and this order.")


def _seal(said: bytes, order: Sequence[str]) -> bytes:
    """What ties a cursor to its list, filters and order."""
    bound: Mapping[str, Any] = {name: sorted(values) for name, values in request.args.lists() if name not in NOT_BOUND}
    about = orjson.dumps([request.path, bound, list(order)], option=orjson.OPT_SORT_KEYS)
    key: str = current_app.config["SECRET_KEY"]
    return hmac.new(key.encode(), b"cursor\n" + about + b"\n" + said, hashlib.sha256).digest()[:SEAL]
