"""Structured logs: one JSON object a line, with the ids of the request in each."""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

import orjson
import structlog

UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def configure_logs(level: str) -> None:
    """Sends structlog's and the standard library's messages to standard output as JSON lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_bytes)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        # A line is one write: the processes share an output, and two writes would let one's line into another's.
        logger_factory=structlog.BytesLoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    renderer = structlog.processors.JSONRenderer(serializer=_dumps)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _bytes(value: object, **_: object) -> bytes:
    """One line of JSON. What a terminal or a viewer of logs would obey or break a line at is written as an escape.

    JSON escapes the control characters below U+0020 by itself; those from U+007F on, line and paragraph separators and the marks
    that turn text around it may leave as they are.
    """
    try:
        line = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, UnicodeError):  # half of a surrogate pair, or a type of its own
        line = json.dumps(value, default=repr, ensure_ascii=True).encode()
    if line.isascii() and b"\x7f" not in line:
        return line
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", line.decode()).encode()


def _dumps(value: object, **_: object) -> str:
    return _bytes(value).decode()


def log() -> structlog.stdlib.BoundLogger:
    """The logger; bind what belongs to the whole request with `structlog.contextvars`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
