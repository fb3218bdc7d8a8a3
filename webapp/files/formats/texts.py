"""Text: JSON, CSV or plain, in UTF-8, and never what a browser or a shell would run."""

from __future__ import annotations

import codecs
import csv
import re
from typing import Any, BinaryIO

import orjson

from webapp.files.values import TAKEN, TEXT_MOST, Content, MediaType, Said
from webapp.kit.errors import Invalid

PORTION = 64 * 1024
JSON_MOST = 20 * 1024 * 1024
"""Bytes of JSON that are parsed; what is larger is taken as the text that it is."""
UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
RUNS = re.compile(r"\A\s*(?:<[a-z!?/%]|#!|@echo\b|MIME-Version:)", re.IGNORECASE)
MARKUP = "This is a page, a drawing (SVG), XML or a script, which could run something where it is opened, and is not taken."
NO_TEXT = f"This is none of the kinds of file that are taken: {TAKEN}, whatever the file is called."
DELIMITERS = ",;\t"


def read_text(file: BinaryIO, name: str, size: int) -> Content:
    """What kind of text a file is, and what it says; Invalid at `file` for what is no text, or would run."""
    start, is_whole = _checked(file)
    document = _json(file, size) if start.lstrip()[:1] in ("{", "[") else None
    if document is not None:
        return Content(MediaType.JSON, Said.of(*words_of(document)), document)
    kind = MediaType.CSV if _is_table(start, name) else MediaType.TEXT
    return Content(kind, Said.of(start, is_whole))


def _checked(file: BinaryIO) -> tuple[str, bool]:
    """The text from its beginning, somewhat more than is kept of it, and whether that is all; all of it has been looked at."""
    decoder, start, length, read, first = codecs.getincrementaldecoder("utf-8-sig")(), [], 0, 0, True
    file.seek(0)
    while True:
        portion = file.read(PORTION)
        try:
            text = decoder.decode(portion, final=not portion)
        except UnicodeDecodeError:
            raise Invalid.at("file", NO_TEXT) from None
        if UNSEEN.search(text):
            raise Invalid.at("file", NO_TEXT)
        if first and RUNS.match(text):
            raise Invalid.at("file", MARKUP)
        first = False
        if length <= TEXT_MOST:
            start.append(text)
            length += len(text)
        read += len(text)
        if not portion:
            return "".join(start), length == read


def _json(file: BinaryIO, size: int) -> Any:
    """The parsed document: an object or a list; None for what is none, or too deep or too large to be meant."""
    if size > JSON_MOST:
        return None
    file.seek(0)
    raw = file.read().removeprefix(codecs.BOM_UTF8)
    try:
        return orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError):
        return None


def words_of(document: Any) -> tuple[str, bool]:
    """The names and texts of a document in their order, line by line, and whether that is all of them."""
    found: list[str] = []
    waiting, length = [document], 0
    while waiting and length <= TEXT_MOST:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [part for pair in reversed(each.items()) for part in (pair[1], pair[0])]
        elif isinstance(each, list):
            waiting += reversed(each)
        elif each is not None and not isinstance(each, bool):
            found.append(str(each)[:TEXT_MOST])
            length += len(found[-1]) + 1
    return "\n".join(found), not waiting


def _is_table(start: str, name: str) -> bool:
    """Whether this reads as CSV: two lines or more with as many cells, or, in a file that is called so, one line with several."""
    whole = start[:PORTION].splitlines()
    lines = [line for line in (whole[:-1] if len(start) > PORTION else whole) if line.strip()][:50]
    least = 1 if name.lower().endswith((".csv", ".tsv")) else 2
    if len(lines) < least:
        return False
    for delimiter in DELIMITERS:
        try:
            widths = {len(row) for row in csv.reader(lines, delimiter=delimiter, strict=True) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and min(widths) > 1:
            return True
    return False
