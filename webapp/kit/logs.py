"""Structured logs: one JSON object a line, with the ids of the request in each."""

from __future__ import annotations

import logging
import sys
from typing import Any

import orjson
import structlog


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
    return orjson.dumps(value, default=str)


def _dumps(value: object, **_: object) -> str:
    return _bytes(value).decode()


def log() -> structlog.stdlib.BoundLogger:
    """The logger; bind what belongs to the whole request with `structlog.contextvars`."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger()
    return logger
