"""Reads about the system itself: is everything there that it needs, and what it is doing."""

from webapp.ops.queries.health import (
    CHECKS,
    Checks,
    checks_of,
    find_backlog,
    find_feed_ages,
    find_ingest_lag,
    find_source_ages,
    queue_lengths,
)
from webapp.ops.queries.topics import require_topic

__all__ = ["CHECKS", "Checks", "checks_of", "find_backlog", "find_feed_ages", "find_ingest_lag", "find_source_ages", "queue_lengths",
           "require_topic"]
