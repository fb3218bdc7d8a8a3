"""Value objects of uploads: the kinds that are taken, the sizes of pictures, names, and what other rooms are told."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, BinaryIO
from uuid import UUID

from blinker import Signal
from itsdangerous import BadSignature, URLSafeTimedSerializer

LONGEST_NAME = 150
TEXT_MOST = 100_000
"""Characters that are kept of what a file says, to be searched and shown."""
NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|%]')
LINK_SECONDS = 300

document_uploaded = Signal()
"""Sent with `site_id`, `raw` and `at` inside the transaction of an upload for a site that is text or JSON: whoever knows what it is does
what it is for, and answers with what came of it, or with nothing. Invalid where it is one of theirs and cannot be taken."""


class Scan(StrEnum):
    """What is known of a file: that it was looked at, or that there is nobody to look."""

    CLEAN = "clean"
    SKIPPED = "skipped"


class TextState(StrEnum):
    """How much of what a file says is kept."""

    WHOLE = "whole"
    CUT = "cut"
    NONE = "none"
    WAITING = "waiting"
    UNREADABLE = "unreadable"


class MediaType(StrEnum):
    """What is taken; all of it is found in the content, and nothing believed of the name."""

    PNG = "image/png"
    JPEG = "image/jpeg"
    GIF = "image/gif"
    WEBP = "image/webp"
    PDF = "application/pdf"
    JSON = "application/json"
    CSV = "text/csv"
    TEXT = "text/plain"


IMAGES = (MediaType.PNG, MediaType.JPEG, MediaType.GIF, MediaType.WEBP)
TAKEN = "PNG, JPEG, GIF, WebP, PDF, JSON, CSV and plain text in UTF-8"
ENDINGS = {
    MediaType.PNG: ("png",), MediaType.JPEG: ("jpg", "jpeg"), MediaType.GIF: ("gif",), MediaType.WEBP: ("webp",), MediaType.PDF: ("pdf",),
    MediaType.JSON: ("json", "lock", "sarif"), MediaType.CSV: ("csv", "tsv"),
    MediaType.TEXT: ("txt", "text", "log", "md", "patch", "diff", "yml", "yaml", "ini"),
}


class Size(StrEnum):
    """A picture made smaller."""

    THUMB = "thumb"
    MEDIUM = "medium"


LONGEST_SIDE = {Size.THUMB: 320, Size.MEDIUM: 1280}


def link_to(key: str, upload_id: UUID, size: str | None = None) -> str:
    """The address of a file: whoever has it gets the file, for five minutes."""
    return f"/files/{_signer(key).dumps([upload_id.hex, size])}"


def read_link(key: str, token: str) -> tuple[UUID, Size | None] | None:
    """Which file a link is for; None where it is too old, or not ours."""
    try:
        upload_id, size = _signer(key).loads(token, max_age=LINK_SECONDS)
        return UUID(upload_id), Size(size) if size else None
    except (BadSignature, ValueError, TypeError):
        return None


def _signer(key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key, salt="link to a file")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew: pixels and nothing else."""

    content: BinaryIO
    media_type: MediaType
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Said:
    """What a file says: its text as far as it is kept, and why there is none."""

    state: TextState
    text: str = ""
    note: str = ""

    @classmethod
    def of(cls, text: str, is_whole: bool = True) -> Said:
        """Said by this text, without what cannot be stored or seen, and cut to what is kept."""
        seen = "".join(each for each in text[:TEXT_MOST * 2] if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cs"))
        kept = seen.strip()[:TEXT_MOST]
        if not kept:
            return cls(TextState.NONE)
        return cls(TextState.WHOLE if is_whole and len(text) <= TEXT_MOST else TextState.CUT, kept)


@dataclass(frozen=True, slots=True)
class Content:
    """What was found in a file: its type, and for a document what it says. `document` is parsed JSON."""

    media_type: MediaType
    said: Said
    document: Any = None


def safe_name(given: str, media_type: MediaType) -> str:
    """A name to show and to save under: the last part of a path, without what turns, hides or ends it, ending as its content does."""
    last = re.split(r"[/\\]", given)[-1]
    seen = "".join(" " if each.isspace() else each for each in unicodedata.normalize("NFC", last)
                   if each.isspace() or unicodedata.category(each)[0] != "C")
    plain = NOT_IN_NAMES.sub("_", re.sub(r" +", " ", seen)).strip(" .")
    stem, point, ending = plain.rpartition(".")
    fits = bool(point and stem) and ending.lower() in ENDINGS[media_type]
    if not fits:
        stem, ending = plain or "file", ENDINGS[media_type][0]
    return f"{stem[:LONGEST_NAME - 1 - len(ending)].rstrip(' .') or 'file'}.{ending}"
