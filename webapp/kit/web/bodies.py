"""Request bodies: read with a limit, unzipped with a limit, parsed strictly."""

from __future__ import annotations

import json
import zlib
from typing import Any

import orjson
from flask import current_app, g, request

from webapp.kit.errors import Invalid, Malformed, PayloadTooLarge, UnsupportedMediaType

UNZIPPED = 4
GZIP = 31
MAGIC = b"\x1f\x8b"
PORTION = 4 * 1024
GZIP_NAMES = ("gzip", "x-gzip")
DEEPEST = 64


def read_body(accepts_form: bool = False) -> Any:
    """The body as JSON that can be stored (or, at doors that say so, as a form); an empty one is refused as malformed."""
    if accepts_form and request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.form.to_dict()
    raw = read_bytes()
    body = parse_json(raw)
    _refuse_unstorable(body)
    _refuse_twins(raw)
    return body


def read_bytes() -> bytes:
    """The body's bytes, unzipped; 413 before a body that is too large is read whole, 415 for what is not JSON."""
    if "body" in g:
        return bytes(g.body)
    _refuse_other_kinds()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", *GZIP_NAMES):
        raise UnsupportedMediaType("Send the body as it is, or with Content-Encoding: gzip.", headers={"Accept-Encoding": "gzip"})
    raw = sent_bytes()
    return raw if encoding == "identity" else unzip(raw, current_app.config["MAX_BODY_BYTES"] * UNZIPPED)


def sent_bytes() -> bytes:
    """The body's bytes as they were sent, compressed where they were; 413 before a body that is too large is read whole."""
    if "sent" not in g:
        limit: int = current_app.config["MAX_BODY_BYTES"]
        too_large = PayloadTooLarge(f"The body is larger than {limit // 2**20} MB.")
        if (request.content_length or 0) > limit:
            raise too_large
        raw = request.stream.read(limit + 1)
        if len(raw) > limit:
            raise too_large
        g.sent = raw
    return bytes(g.sent)


def _refuse_other_kinds() -> None:
    """JSON by its name or as `…+json`, in UTF-8; without any name only where there is no length either, and so perhaps no body."""
    if not request.mimetype and request.content_length is None:
        return
    if not request.is_json:
        raise UnsupportedMediaType(headers={"Accept-Post": "application/json"})
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise UnsupportedMediaType("JSON is UTF-8 (RFC 8259).")


def _refuse_twins(raw: bytes) -> None:
    """An object that names a field twice says two things; readers differ in which of them they believe."""

    def once(pairs: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in pairs]
        for name in names if len(set(names)) < len(names) else ():
            if names.count(name) > 1:
                raise Invalid.at(name, "This field is there twice.")

    json.loads(raw, object_pairs_hook=once)


def _refuse_unstorable(body: Any) -> None:
    """Text that PostgreSQL cannot hold, and nesting that nobody means, refused with the place where they are."""
    below: list[tuple[str, Any, int]] = [("", body, 1)]
    while below:
        path, value, depth = below.pop()
        if depth > DEEPEST:
            raise Malformed(f"The body is nested more than {DEEPEST} deep.")
        if isinstance(value, str) and "\0" in value:
            raise Invalid.at(path, "Control characters are not allowed.")
        if isinstance(value, dict):
            if any("\0" in name for name in value):
                raise Invalid.at(path, "Control characters are not allowed.")
            below += [(f"{path}.{name}".lstrip("."), each, depth + 1) for name, each in value.items()]
        elif isinstance(value, list):
            below += [(f"{path}.{number}".lstrip("."), each, depth + 1) for number, each in enumerate(value)]


def unzip(raw: bytes, limit: int) -> bytes:
    """The content of a gzip body, of all its members together (RFC 1952 §2.2), never more than `limit` bytes of it."""
    content, at = bytearray(), 0
    stream = zlib.decompressobj(GZIP)
    while at < len(raw):
        if stream.eof:
            stream = next_member(raw[at: at + len(MAGIC)])
        portion = raw[at: at + PORTION]  # of tiny members each leaves the rest of its portion behind, and not of the body
        try:
            content += stream.decompress(portion, limit + 1 - len(content))
        except zlib.error:
            raise Malformed("The body says gzip, but is not.") from None
        if len(content) > limit:
            raise PayloadTooLarge(f"Unzipped, the body is larger than {limit // 2**20} MB.")
        at += len(portion) - len(stream.unused_data)
    if not stream.eof:
        raise Malformed("The gzip body ends too early.")
    return bytes(content)


def next_member(beginning: bytes) -> Any:
    """The reader of a further member that begins so; Malformed where none does."""
    if not MAGIC.startswith(beginning):
        raise Malformed("After its gzip content the body goes on with something else.")
    return zlib.decompressobj(GZIP)


def parse_json(raw: bytes) -> Any:
    """JSON as RFC 8259 has it (no NaN, no trailing commas, UTF-8); Malformed otherwise."""
    try:
        return orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError):
        raise Malformed("The body is not JSON." if raw.strip() else "The body is empty.") from None
