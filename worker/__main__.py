"""`python -m worker`: takes work from the queues, each piece in a process of its own."""

from __future__ import annotations

import sys
import time
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Worker
from rq.job import Job
from rq.queue import Queue
from rq.worker_registration import register

from webapp.kit.db import db
from webapp.kit.logs import log
from worker.entry import app

QUEUES = ("default", "notifications", "reports")
ALIVE_FOR = 30
"""Seconds; an idle worker says every fifteen that it lives (RQ waits fifteen seconds less than this for work)."""
WATCH = 5
PAUSE = 1.0


class PatchboardWorker(Worker):
    """RQ's worker, which shares no database connection with its children and outlives a Redis that was emptied."""

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        """Forks with no connection open: two processes on one would read each other's answers."""
        with app.app_context():
            db.engine.dispose()
        super().fork_work_horse(job, queue)

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Says that it lives, and its name again when Redis has forgotten it; /health counts those that are known by name."""
        if pipeline is None and not self.connection.hexists(self.key, "birth"):
            self._introduce()
        super().heartbeat(timeout, pipeline)

    def _introduce(self) -> None:
        with self.connection.pipeline() as pipeline:
            pipeline.hset(self.key, mapping=self.serialize())
            register(self, pipeline)
            pipeline.expire(self.key, self.worker_ttl + 60)
            pipeline.execute()

    @property
    def was_asked_to_stop(self) -> bool:
        return self._shutdown_requested_date is not None


def main() -> int:
    """Works until it is asked to stop (SIGTERM, SIGINT: after the work at hand); goes on when Redis comes back."""
    while True:
        try:
            worker = PatchboardWorker(QUEUES, connection=Redis.from_url(app.config["REDIS_URL"], socket_connect_timeout=5),
                                      worker_ttl=ALIVE_FOR, job_monitoring_interval=WATCH)
            worker.work(logging_level=app.config["LOG_LEVEL"])
            if worker.was_asked_to_stop:
                return 0
        except (RedisError, OSError) as problem:
            log().warning("redis_down", kind=type(problem).__name__)
        time.sleep(PAUSE)


if __name__ == "__main__":
    sys.exit(main())
