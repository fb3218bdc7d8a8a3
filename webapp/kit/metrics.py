"""Prometheus metrics under the names of the contract; right under several processes (PROMETHEUS_MULTIPROC_DIR)."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)

from webapp.kit.folding import folder, still

disable_created_metrics()
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
REQUESTS = Counter("api_requests", "Requests answered.", ["method", "route", "status"])
REQUESTS_FAILED = Counter("api_requests_failed", "Requests answered with an error.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("api_requests_duration_seconds", "Time from request to answer.", ["method", "route"], buckets=SECONDS)
ACTIVE = Gauge("api_active_connections", "Requests being answered now.", multiprocess_mode="livesum")
QUERIES = Counter("api_database_queries", "SQL statements sent.")
QUERY_SECONDS = Histogram("api_database_query_duration_seconds", "Time of SQL statements.", buckets=SECONDS)
CACHE_HITS = Counter("api_cache_hits", "Answers found in the cache.", ["kind"])
CACHE_MISSES = Counter("api_cache_misses", "Answers not found in the cache.", ["kind"])
INGEST = Counter("patchboard_inventory_reports", "Reports received from sites.", ["outcome"])
EXPOSURES = Counter("patchboard_exposures", "Exposures opened, closed, reopened or corrected.", ["event", "severity"])
LIVE = Gauge("patchboard_live_connections", "Streams of events and WebSockets that are open now.", multiprocess_mode="livesum")
JOBS_FAILED = Counter("patchboard_job_failures", "Attempts at jobs that ended with an error.", ["kind"])
NOTIFICATIONS = Counter("patchboard_notifications", "Tries to deliver a notification, by kind of channel.", ["kind", "outcome"])
SECURITY = Counter("patchboard_security_events", "Events of security, by name.", ["name", "outcome"])


OURS = (REQUESTS, REQUESTS_FAILED, REQUEST_SECONDS, ACTIVE, QUERIES, QUERY_SECONDS, CACHE_HITS, CACHE_MISSES, INGEST, EXPOSURES,
        LIVE, JOBS_FAILED, NOTIFICATIONS, SECURITY)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def method(name: str) -> str:
    """A request's method as a label; a client may invent as many as it likes, and each would be a series of its own."""
    return name if name in METHODS else "other"


class Families:
    """What the processes have counted, and the names that none has used yet, so that no name is ever missing."""

    def __init__(self, counted: list[Metric]) -> None:
        names = {family.name for family in counted}
        self.families = counted + [family for each in OURS for family in each.describe() if family.name not in names]

    def collect(self) -> list[Metric]:
        return self.families


def exposition(extra: CollectorRegistry | None = None) -> bytes:
    """All metrics in Prometheus's text form, summed over the processes of this machine."""
    where = folder()
    if where is not None:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        with still(where):
            text = generate_latest(Families(list(registry.collect())))
    else:
        text = generate_latest()
    return text + (generate_latest(extra) if extra else b"")
