"""Forms with a file (`multipart/form-data`, RFC 7578): streamed to the disk as they come, never held in memory whole."""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, cast

from flask import current_app, g, request
from marshmallow import ValidationError, fields
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.kit.errors import Malformed, PayloadTooLarge, UnsupportedMediaType
from webapp.kit.web.bodies import GZIP, GZIP_NAMES, next_member
from webapp.kit.web.bodies import PORTION as ZIPPED_PORTION

BESIDE = 256 * 1024
"""Bytes that a form may have beside its file."""
MOST_PARTS = 20
PORTION = 64 * 1024
FORM = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file as somebody sent it: its content, and the name that they gave it, which is not to be trusted in any way."""

    content: BinaryIO
    name: str
    size: int
    sha256: str


class File(fields.Field[Incoming]):
    """A file in a form."""

    openapi: ClassVar[dict[str, Any]] = {"type": "string", "format": "binary"}

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Incoming:
        if not isinstance(value, Incoming):
            raise ValidationError("Send it as a file.")
        return value


class Unzipped(io.RawIOBase):
    """A gzip body as it is read, one member after the other: never more than `limit` bytes of it, however little was sent."""

    def __init__(self, source: Any, limit: int) -> None:
        self.source, self.left, self.waiting = source, limit, b""
        self.stream = zlib.decompressobj(GZIP)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self.waiting:
            sent = self.stream.unconsumed_tail or self.stream.unused_data or self.source.read(ZIPPED_PORTION)
            if not sent:
                if self.stream.eof:
                    return 0
                raise Malformed("The gzip body ends too early.")
            if self.stream.eof:
                self.stream = next_member(sent[:2])
            try:
                self.waiting = self.stream.decompress(sent, PORTION)
            except zlib.error:
                raise Malformed("The body says gzip, but is not.") from None
        found, self.waiting = self.waiting[:len(buffer)], self.waiting[len(buffer):]
        self.left -= len(found)
        if self.left < 0:
            raise too_large()
        buffer[:len(found)] = found
        return len(found)


def limit() -> int:
    return int(current_app.config["UPLOAD_MAX_BYTES"])


def too_large() -> PayloadTooLarge:
    return PayloadTooLarge(f"The file is larger than {limit() // 2**20} MB.")


def read(is_page: bool = False) -> None:
    """Reads the form of this request; PayloadTooLarge before one that says it is too large is read, or as soon as one is.

    Call it where the caller may use the door, and before anything else asks for the form.
    """
    if request.mimetype != FORM:
        if is_page:
            return  # a form without a file: that there is none is said at its field
        raise UnsupportedMediaType("Send the file as multipart/form-data.", headers={"Accept-Post": FORM})
    request.max_content_length = limit() + BESIDE
    request.max_form_parts = MOST_PARTS
    _unzip()
    try:
        files = request.files
    except RequestEntityTooLarge:
        raise too_large() from None
    g.files = {name: [_incoming(each) for each in files.getlist(name) if each.filename or each.stream.read(1)] for name in files}
    if any(each.size > limit() for several in g.files.values() for each in several):
        raise too_large()


def _unzip() -> None:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return
    if encoding not in GZIP_NAMES:
        raise UnsupportedMediaType("Send the body as it is, or with Content-Encoding: gzip.", headers={"Accept-Encoding": "gzip"})
    source = request.stream
    request.environ["wsgi.input"] = io.BufferedReader(Unzipped(source, limit() + BESIDE), PORTION)
    request.environ["wsgi.input_terminated"] = True
    request.environ.pop("CONTENT_LENGTH", None)
    del request.stream


def _incoming(sent: FileStorage) -> Incoming:
    content, digest, size = sent.stream, hashlib.sha256(), 0
    content.seek(0)
    while portion := content.read(PORTION):
        digest.update(portion)
        size += len(portion)
    content.seek(0)
    return Incoming(cast(BinaryIO, content), sent.filename or "", size, digest.hexdigest())


def values() -> dict[str, Any]:
    """The fields of the form and its files, as a schema takes them; a file that is there twice is not known by that name."""
    found: dict[str, Any] = {name: each for name, each in request.form.items() if name != "csrf_token"}
    return found | files()


def files() -> dict[str, Any]:
    """The files of the form by name, each once."""
    held: dict[str, list[Incoming]] = g.get("files", {})
    return {name: several[0] if len(several) == 1 else several for name, several in held.items() if several}


def digest() -> bytes:
    """What tells this form from another: its fields, and the hashes of its files."""
    told = [*(("field", *pair) for pair in request.form.items(multi=True)),
            *(("file", name, each.name, each.sha256) for name, several in g.get("files", {}).items() for each in several)]
    return repr(sorted(told)).encode()
