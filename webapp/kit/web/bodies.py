"""Request bodies: read with a limit, unzipped with a limit, parsed strictly."""

from __future__ import annotations

import zlib
from typing import Any

import orjson
from flask import current_app, g, request

from webapp.kit.errors import Malformed, PayloadTooLarge, UnsupportedMediaType

CHUNK = 64 * 1024
UNZIPPED = 4
GZIP = 31


def read_body(accepts_form: bool = False) -> Any:
    """The body as JSON (or, at doors that say so, as a form); an empty one is refused as malformed."""
    if accepts_form and request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.form.to_dict()
    return parse_json(read_bytes())


def read_bytes() -> bytes:
    """The body's bytes, unzipped; 413 before a body that is too large is read whole, 415 for what is not JSON."""
    if "body" in g:
        return bytes(g.body)
    if not request.is_json and not (request.content_length is None and not request.mimetype):
        raise UnsupportedMediaType()
    limit: int = current_app.config["MAX_BODY_BYTES"]
    if (request.content_length or 0) > limit:
        raise PayloadTooLarge(f"The body is larger than {limit // 2**20} MB.")
    raw = request.stream.read(limit + 1)
    if len(raw) > limit:
        raise PayloadTooLarge(f"The body is larger than {limit // 2**20} MB.")
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise UnsupportedMediaType("Send the body as it is, or with Content-Encoding: gzip.")
    return unzip(raw, limit * UNZIPPED)


def unzip(raw: bytes, limit: int) -> bytes:
    """The content of a gzip body, never more than `limit` bytes of it."""
    stream = zlib.decompressobj(GZIP)
    try:
        content = stream.decompress(raw, limit + 1)
    except zlib.error:
        raise Malformed("The body says gzip, but is not.") from None
    if len(content) > limit or stream.unconsumed_tail:
        raise PayloadTooLarge(f"Unzipped, the body is larger than {limit // 2**20} MB.")
    if not stream.eof:
        raise Malformed("The gzip body ends too early.")
    return content


def parse_json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it (no NaN, no trailing commas, UTF-8); Malformed otherwise."""
    try:
        return orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError):
        raise Malformed("The body is not JSON." if raw.strip() else "The body is empty.") from None
