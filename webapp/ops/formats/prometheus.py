"""What is measured when the metrics are read, and not when it happens: queues, ingest lag, dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily

from webapp.ops.values import Backlog, Condition, Dependency, FeedAge, SourceAge

WORTH = {Condition.UP: 1.0, Condition.DEGRADED: 0.5, Condition.DOWN: 0.0}


def gauge(name: str, words: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=labels)


class Figures:
    """A collector of figures that are already found. `backlog` and `ingest_lag` are None where they could not be.

    Families and no Gauges, because a Gauge would be kept in the files that the processes share.
    """

    def __init__(
        self,
        dependencies: Mapping[str, Dependency],
        backlog: Sequence[Backlog] | None = None,
        ingest_lag: float | None = None,
        queues: Mapping[str, int] | None = None,
        feeds: Sequence[FeedAge] | None = None,
        sources: Sequence[SourceAge] | None = None,
        notifications: Mapping[str, tuple[int, float]] | None = None,
    ) -> None:
        self.dependencies, self.backlog = dependencies, backlog or []
        self.ingest_lag, self.queues, self.feeds = ingest_lag, queues or {}, feeds or []
        self.sources, self.notifications = sources or [], notifications or {}

    def registry(self) -> CollectorRegistry:
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def collect(self) -> Iterable[GaugeMetricFamily]:
        up = gauge("patchboard_dependency_up", "1 where it is up, 0.5 degraded, 0 down.", "dependency")
        for name, each in self.dependencies.items():
            up.add_metric([name], WORTH[each.status])
        jobs = gauge("patchboard_jobs", "Jobs that are not finished.", "queue", "state")
        oldest = gauge("patchboard_jobs_oldest_seconds", "Age of the oldest unfinished job.", "queue", "state")
        for part in self.backlog:
            jobs.add_metric([part.queue, part.state], part.jobs)
            oldest.add_metric([part.queue, part.state], part.oldest_seconds)
        queues = gauge("patchboard_queue_length", "Jobs that lie in a queue of Redis.", "queue")
        for name, length in self.queues.items():
            queues.add_metric([name], length)
        lag = gauge("patchboard_ingest_lag_seconds", "Time since any site last reported.")
        if self.ingest_lag is not None:
            lag.add_metric([], self.ingest_lag)
        return [up, jobs, oldest, queues, lag, *self._feeds(), *self._sources(), *self._notifications()]

    def _feeds(self) -> list[GaugeMetricFamily]:
        count = gauge("patchboard_feeds", "Release feeds by what came of the last attempt to fetch them.", "state", "line")
        stalest = gauge("patchboard_feed_age_seconds", "Time since the stalest of them was fetched.", "state", "line")
        freshest = gauge("patchboard_feed_newest_seconds", "Time since the freshest of them was fetched.", "state", "line")
        for part in self.feeds:
            count.add_metric([part.state, part.line], part.feeds)
            if part.oldest_seconds is not None and part.newest_seconds is not None:
                stalest.add_metric([part.state, part.line], part.oldest_seconds)
                freshest.add_metric([part.state, part.line], part.newest_seconds)
        return [count, stalest, freshest]

    def _sources(self) -> list[GaugeMetricFamily]:
        up = gauge("patchboard_advisory_feed_up", "1 where the last attempt to fetch a source of advisories did not fail.", "source")
        age = gauge("patchboard_advisory_feed_age_seconds", "Time since all was had that a source of advisories knew.", "source")
        for part in self.sources:
            up.add_metric([part.source], 0.0 if part.state == "failed" else 1.0)
            if part.seconds is not None:
                age.add_metric([part.source], part.seconds)
        return [up, age]

    def _notifications(self) -> list[GaugeMetricFamily]:
        waiting = gauge("patchboard_notifications_waiting", "Messages not delivered yet; facts that no rule was asked about.", "state")
        overdue = gauge("patchboard_notifications_overdue_seconds", "How long the oldest of them has been overdue.", "state")
        for state, (count, seconds) in self.notifications.items():
            waiting.add_metric([state], count)
            overdue.add_metric([state], seconds)
        return [waiting, overdue]
