"""Work for a worker: written in the transaction that asks for it, carried by Redis, found again when Redis forgets.

`ask` writes a row and, after the commit, hands its id to RQ. `sweep` (every few seconds, in the scheduler) hands over what
RQ does not know: after Redis was emptied, and after a worker died (its heartbeat stops). `attempt` is a fence: whoever holds
an older one finds its work taken away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, current_app
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from webapp.kit import metrics
from webapp.kit.db import ALL, after_commit, db, execute, rollback, rows, unit_of_work
from webapp.kit.errors import PatchboardError
from webapp.kit.ids import new_id
from webapp.kit.logs import log
from webapp.kit.models import JobOutbox
from webapp.kit.redis import redis

ENTRY = "worker.entry.perform"
HEARTBEAT = 2.0
STALE = timedelta(seconds=8)
UNSEEN = timedelta(seconds=4)
BEAT = "UPDATE job_outbox SET heartbeat_at = now() WHERE id = :id AND attempt = :attempt"
MOST_ATTEMPTS = 5
NO_TIME = timedelta(0)
LONGEST = 3600
Work = Callable[..., None]


class Superseded(PatchboardError):
    """Another worker has taken this work over, or it was cancelled."""

    message = "This work was taken over or cancelled."


class TryLater(PatchboardError):
    """The work cannot be done now (a mail server is down): it is put off for `wait`, and that is no failure."""

    message = "This work was put off."

    def __init__(self, wait: timedelta) -> None:
        super().__init__()
        self.wait = wait


class GivenUp(PatchboardError):
    """The work can never be done: it has failed, with this message, and is not tried again."""


def register_jobs(app: Flask, jobs: Mapping[str, Work]) -> None:
    """`jobs` by name: each takes its arguments and calls one action."""
    app.extensions["patchboard_jobs"] = dict(jobs)


def ask(name: str, arguments: Mapping[str, Any], at: datetime, queue: str = "default") -> UUID:
    """Asks for work; it is handed to a worker once this transaction is committed."""
    job_id = new_id()
    db.session.add(JobOutbox(id=job_id, name=name, arguments=dict(arguments), queue=queue, created_at=at))
    db.session.flush()
    after_commit(lambda: hand_over_soon(job_id))
    return job_id


def hand_over_soon(job_id: UUID, attempt: int = 0) -> None:
    """Hands over at once where Redis is up; else the sweeper does it later."""
    try:
        hand_over(job_id, attempt)
    except RedisError as problem:
        log().warning("job_not_handed_over", job_id=str(job_id), reason=type(problem).__name__)


def hand_over(job_id: UUID, attempt: int = 0) -> None:
    """Gives the work its next attempt after `attempt` and puts it in its queue; somebody else may have done so already."""
    with unit_of_work():
        taken = rows(
            "UPDATE job_outbox SET attempt = attempt + 1, state = 'queued', queued_at = now(), heartbeat_at = NULL"
            " WHERE id = :id AND attempt = :attempt AND state IN ('waiting', 'queued', 'running') RETURNING queue, attempt",
            id=job_id, attempt=attempt)
    for row in taken:
        Queue(row.queue, connection=redis()).enqueue_call(
            ENTRY, (str(job_id), row.attempt), job_id=f"{job_id}_{row.attempt}", timeout=LONGEST, result_ttl=60, failure_ttl=86400)


def cancel(job_id: UUID) -> None:
    """Takes the work back; a worker that has begun notices at its next step."""
    execute("UPDATE job_outbox SET state = 'cancelled', finished_at = now() WHERE id = :id AND state IN ('waiting', 'queued', 'running')",
            id=job_id)


def sweep(ahead: timedelta = NO_TIME) -> int:
    """Hands over again what was lost: never handed over, forgotten by Redis, or left by a worker that died.

    All times are the database's, which alone is one clock for all machines; `ahead` looks from so far in its future.
    """
    lost = rows(
        "SELECT id, state, attempt, postponed + attempts_before AS uncounted, queue FROM job_outbox"
        " WHERE (state = 'waiting' AND queued_at < now() - :unseen + :ahead AND (not_before IS NULL OR not_before <= now() + :ahead))"
        " OR (state = 'queued' AND queued_at < now() - :unseen + :ahead) OR (state = 'running' AND heartbeat_at < now() - :stale + :ahead)",
        unseen=UNSEEN, stale=STALE, ahead=ahead)
    db.session.rollback()
    waiting = _waiting({row.queue for row in lost if row.state == "queued"})
    again = [row for row in lost if row.state != "queued" or f"{row.id}_{row.attempt}" not in waiting]
    for row in again:
        log().warning("job_found_again", job_id=str(row.id), state=row.state, attempt=row.attempt, uncounted=row.uncounted)
        if row.attempt - row.uncounted >= MOST_ATTEMPTS:
            _give_up(row.id, row.attempt)
        else:
            hand_over(row.id, row.attempt)
    return len(again)


def _waiting(queues: Iterable[str]) -> set[str]:
    """What stands in these queues. What RQ knows but nobody will take (its worker died as it took it) is not among them."""
    return {job_id for name in queues for job_id in Queue(name, connection=redis()).job_ids}


def _give_up(job_id: UUID, attempt: int) -> None:
    with unit_of_work(ALL):
        given_up = rows("UPDATE job_outbox SET state = 'failed', finished_at = now(), error = concat_ws(' ', :error, 'Last: ' || error)"
                        " WHERE id = :id AND attempt = :attempt AND state IN ('waiting', 'queued', 'running') RETURNING name, arguments",
                        id=job_id, attempt=attempt, error=f"Given up after {MOST_ATTEMPTS} attempts.")
        for row in given_up:
            failed = current_app.extensions["patchboard_jobs"].get(f"{row.name}.failed")
            if failed:
                failed(error=f"It was begun {MOST_ATTEMPTS} times and never finished.", **row.arguments)


def perform(job_id: UUID, attempt: int) -> None:
    """Does the work, if this attempt is still the newest; called by the worker."""
    with unit_of_work(ALL):
        taken = rows("UPDATE job_outbox SET state = 'running', heartbeat_at = now(), started_at = now()"
                     " WHERE id = :id AND attempt = :attempt AND state = 'queued' RETURNING name, arguments",
                     id=job_id, attempt=attempt)
    if not taken:
        return
    work, outcome, error = current_app.extensions["patchboard_jobs"][taken[0].name], "done", None
    try:
        with Heartbeat(job_id, attempt):
            work(attempt=attempt, **taken[0].arguments)
    except Superseded:
        log().info("job_superseded", job_id=str(job_id), attempt=attempt)
        outcome = "cancelled"
    except GivenUp as problem:
        outcome, error = "failed", problem.message
    except TryLater as problem:
        _put_off(job_id, attempt, problem.wait)
        return
    except Exception as problem:
        _note_failure(job_id, attempt, problem)
        raise
    with unit_of_work(ALL):
        execute("UPDATE job_outbox SET state = :outcome, finished_at = now(), error = :error WHERE id = :id AND attempt = :attempt"
                " AND state = 'running'", id=job_id, attempt=attempt, outcome=outcome, error=error)


def _note_failure(job_id: UUID, attempt: int, problem: Exception) -> None:
    """Keeps what went wrong for the operator: the kind of error and its place in the code, for its words may hold a secret.

    The work counts as running until its heartbeat is old, and is then begun again.
    """
    metrics.JOBS_FAILED.labels(type(problem).__name__).inc()
    trace = problem.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" in {Path(trace.tb_frame.f_code.co_filename).name}, line {trace.tb_lineno}" if trace else ""
    rollback()
    with unit_of_work(ALL):
        execute("UPDATE job_outbox SET error = :error WHERE id = :id AND attempt = :attempt AND state = 'running'",
                id=job_id, attempt=attempt, error=f"{type(problem).__name__}{place}.")


def retry(job_id: UUID) -> bool:
    """Asks for work again that has failed or was cancelled, with as many attempts as at first; False for any other."""
    again = execute("UPDATE job_outbox SET state = 'waiting', attempts_before = attempt - postponed, queued_at = now(), not_before = NULL,"
                    " finished_at = NULL, heartbeat_at = NULL, error = NULL WHERE id = :id AND state IN ('failed', 'cancelled')", id=job_id)
    if again:
        attempt = rows("SELECT attempt FROM job_outbox WHERE id = :id", id=job_id)[0].attempt
        after_commit(lambda: hand_over_soon(job_id, attempt))
    return bool(again)


def _put_off(job_id: UUID, attempt: int, wait: timedelta) -> None:
    """Lets the work wait; the sweeper hands it over when its time has come. It does not count as waiting before that."""
    with unit_of_work(ALL):
        execute("UPDATE job_outbox SET state = 'waiting', postponed = postponed + 1, not_before = now() + :wait, queued_at = now() + :wait,"
                " heartbeat_at = NULL WHERE id = :id AND attempt = :attempt AND state = 'running'",
                id=job_id, attempt=attempt, wait=wait)


class Heartbeat:
    """Says every two seconds, on a connection of its own, that the work goes on."""

    def __init__(self, job_id: UUID, attempt: int) -> None:
        self.values = {"id": job_id, "attempt": attempt}
        self.url = current_app.config["SQLALCHEMY_DATABASE_URI"]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join(timeout=HEARTBEAT * 2)

    def _beat(self) -> None:
        engine = create_engine(self.url, poolclass=NullPool)
        while not self.over.wait(HEARTBEAT):
            try:
                with engine.begin() as connection:
                    connection.execute(text(BEAT), self.values)
            except Exception as problem:
                log().warning("heartbeat_failed", job_id=str(self.values["id"]), reason=type(problem).__name__)
