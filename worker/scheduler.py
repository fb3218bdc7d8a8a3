"""`python -m worker.scheduler`: finds work that got lost, every three seconds, and calls for what is periodic.

It survives Redis and PostgreSQL: what cannot be done now is logged and done the next time.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable

from redis.exceptions import RedisError
from rq.cron import CronScheduler
from sqlalchemy.exc import SQLAlchemyError

from webapp.audit import actions as audit
from webapp.audit.queries import find_head
from webapp.kit import jobs
from webapp.kit.clock import now, stamp
from webapp.kit.db import ALL, enter_scope, rollback, unit_of_work
from webapp.kit.folding import fold
from webapp.kit.keys import audit_keys
from webapp.kit.logs import log
from webapp.kit.redis import redis
from webapp.notify.jobs import hand_over as hand_over_notifications
from worker.entry import app
from worker.periodic import PERIODIC

EVERY = 3.0
ALIVE = "patchboard:scheduler"
ALIVE_FOR = 15
QUEUE = "default"
SEAL_PORTIONS = 10
LONGEST = 3600


class Scheduler:
    """The loop: each turn its steps, each of which may fail by itself."""

    def __init__(self) -> None:
        with app.app_context():
            self.cron = CronScheduler(connection=redis(), logging_level=app.config["LOG_LEVEL"])
        for work, when in PERIODIC:
            self.cron.register(work, QUEUE, cron=when, result_ttl=60, job_timeout=LONGEST)
        self.over = threading.Event()
        self.down: set[str] = set()

    def stop(self, *_: object) -> None:
        self.over.set()

    def run(self) -> None:
        """Turns until it is asked to stop."""
        while not self.over.is_set():
            self.turn()
            self.over.wait(EVERY)
        self.attempt("farewell", self.cron.register_death)

    def turn(self) -> None:
        """Finds lost work, calls for what is due, and says that it lives."""
        self.attempt("sweep", sweep)
        self.attempt("notifications", hand_over)
        self.attempt("seal", seal)
        self.attempt("periodic", self.call_for_what_is_due)
        self.attempt("heartbeat", say_alive)
        self.attempt("metrics", fold)

    def call_for_what_is_due(self) -> None:
        if self.cron.enqueue_jobs():
            self.cron.save()
        self.cron.heartbeat()

    def attempt(self, name: str, step: Callable[[], object]) -> None:
        """Does one step; a failure is logged when it begins and when it is over, and not every three seconds between."""
        try:
            step()
        except (RedisError, SQLAlchemyError, OSError) as problem:
            if name not in self.down:
                log().warning("scheduler_step_failed", step=name, kind=type(problem).__name__)
            self.down.add(name)
        else:
            if name in self.down:
                log().info("scheduler_step_works_again", step=name)
            self.down.discard(name)


def sweep() -> int:
    """Hands over again what was lost."""
    with app.app_context():
        enter_scope(ALL)
        return jobs.sweep()


def hand_over() -> int:
    """Hands over the messages whose time has come."""
    with app.app_context():
        return hand_over_notifications()


def seal() -> int:
    """Seals what was written into the audit log; what is left after some portions is for the next turn."""
    count = 0
    with app.app_context():
        key = audit_keys()[0]
        for _ in range(SEAL_PORTIONS):
            with unit_of_work(ALL):
                sealed = audit.seal(key)
            count += sealed
            if sealed < audit.PORTION:
                break
        if count:
            log().info("audit_sealed", rows=count, head=str(find_head()))
            rollback()
    return count


def say_alive() -> None:
    """Leaves a sign of life that goes away by itself."""
    with app.app_context():
        redis().set(ALIVE, stamp(now()) or "", ex=ALIVE_FOR)


def main() -> int:
    scheduler = Scheduler()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, scheduler.stop)
    scheduler.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
