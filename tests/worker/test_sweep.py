"""The sweeper: finds what got lost, and leaves alone what is on its way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from rq import Queue

from webapp.kit import jobs
from webapp.kit.clock import now
from webapp.kit.db import ALL, execute, rows, unit_of_work
from webapp.kit.redis import redis

LATER = timedelta(seconds=30)


@pytest.fixture
def done(app: Any) -> Any:
    """What the job `remember` was called with; with `stop=True` it finds its work taken away."""
    calls: list[dict[str, Any]] = []

    def remember(**arguments: Any) -> None:
        calls.append(arguments)
        if arguments.get("stop"):
            raise jobs.Superseded()

    known = app.extensions["patchboard_jobs"]
    app.extensions["patchboard_jobs"] = {**known, "remember": remember}
    yield calls
    app.extensions["patchboard_jobs"] = known


def ask(**arguments: Any) -> UUID:
    with unit_of_work(ALL):
        return jobs.ask("remember", arguments, now())


def state(job_id: UUID) -> tuple[str, int]:
    row = rows("SELECT state, attempt FROM job_outbox WHERE id = :id", id=job_id)[0]
    return row.state, row.attempt


def set_row(job_id: UUID, change: str) -> None:
    with unit_of_work(ALL):
        execute(f"UPDATE job_outbox SET {change} WHERE id = :id", id=job_id)


def test_work_is_handed_over_after_the_commit_and_done_once(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask(word="hello")
        assert state(job_id) == ("queued", 1)
        assert Queue("default", connection=redis()).job_ids == [f"{job_id}_1"]
        for _ in range(2):
            jobs.perform(job_id, 1)
        assert (done, state(job_id)) == ([{"word": "hello", "attempt": 1}], ("done", 1))
        assert jobs.sweep(LATER) == 0


def test_what_waits_in_its_queue_is_left_alone(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        assert jobs.sweep(LATER) == 0
        assert state(job_id) == ("queued", 1)


def test_what_redis_forgot_is_handed_over_again(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        redis().flushdb()
        assert jobs.sweep() == 0  # it may be on its way still
        assert jobs.sweep(LATER) == 1
        assert state(job_id) == ("queued", 2)
        jobs.perform(job_id, 1)
        assert done == []
        jobs.perform(job_id, 2)
        assert [call["attempt"] for call in done] == [2]


def test_what_a_worker_took_and_never_began_is_handed_over_again(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        redis().lpop(Queue("default", connection=redis()).key)  # RQ still knows the job, but it stands in no queue
        assert jobs.sweep(LATER) == 1
        assert state(job_id) == ("queued", 2)


def test_what_was_never_handed_over_is(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        set_row(job_id, "state = 'waiting', attempt = 0")
        assert jobs.sweep(LATER) == 1
        assert state(job_id) == ("queued", 1)


def test_what_beats_goes_on_and_what_has_stopped_does_not(app: Any, done: Any) -> None:
    with app.app_context():
        alive, dead = ask(), ask()
        set_row(alive, "state = 'running', heartbeat_at = now()")
        set_row(dead, "state = 'running', heartbeat_at = now() - interval '9 seconds'")
        assert jobs.sweep() == 1
        assert (state(alive), state(dead)) == (("running", 1), ("queued", 2))


def test_two_sweepers_hand_over_once(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        for _ in range(2):
            jobs.hand_over(job_id, 1)
        assert state(job_id) == ("queued", 2)


def test_cancelled_work_is_not_done(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        with unit_of_work(ALL):
            jobs.cancel(job_id)
        jobs.perform(job_id, 1)
        assert (done, state(job_id), jobs.sweep(LATER)) == ([], ("cancelled", 1), 0)


def test_work_that_is_taken_away_ends_quietly(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask(stop=True)
        jobs.perform(job_id, 1)
        assert (state(job_id), jobs.sweep(LATER)) == (("cancelled", 1), 0)


def test_after_five_attempts_it_is_given_up(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        set_row(job_id, "state = 'running', attempt = 5, heartbeat_at = now() - interval '1 minute'")
        assert jobs.sweep() == 1
        assert state(job_id) == ("failed", 5)
        assert jobs.sweep(LATER) == 0


def test_without_redis_nothing_is_lost(app: Any, done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import RedisError

    def away(*_: Any, **__: Any) -> None:
        raise RedisError("away")

    with app.app_context():
        with monkeypatch.context() as patched:
            patched.setattr(Queue, "enqueue_call", away)
            job_id = ask()
        assert state(job_id) == ("queued", 1)
        assert jobs.sweep(LATER) == 1
        jobs.perform(job_id, 2)
        assert len(done) == 1


def test_the_clock_of_a_process_does_not_matter(app: Any, done: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        with unit_of_work(ALL):
            job_id = jobs.ask("remember", {}, now() + timedelta(hours=1))  # this machine's clock is wrong by an hour
        redis().flushdb()
        assert jobs.sweep() == 0
        assert jobs.sweep(LATER) == 1
        assert state(job_id) == ("queued", 2)


def test_what_went_wrong_is_kept_without_the_words(app: Any, done: Any) -> None:
    def break_down(**_: Any) -> None:
        raise ValueError("the password is lantern")

    app.extensions["patchboard_jobs"]["remember"] = break_down
    with app.app_context():
        job_id = ask()
        for attempt in range(1, jobs.MOST_ATTEMPTS + 1):
            with pytest.raises(ValueError, match="lantern"):
                jobs.perform(job_id, attempt)
            assert jobs.sweep(LATER) == 1
        row = rows("SELECT state, error FROM job_outbox WHERE id = :id", id=job_id)[0]
        assert row.state == "failed"
        assert row.error.startswith("Given up after 5 attempts. Last: ValueError in test_sweep.py, line ")


def test_failed_work_is_asked_for_again_with_all_its_attempts(app: Any, done: Any) -> None:
    with app.app_context():
        job_id = ask()
        set_row(job_id, "state = 'running', attempt = 5, heartbeat_at = now() - interval '1 minute'")
        assert jobs.sweep() == 1
        with unit_of_work(ALL):
            assert jobs.retry(job_id)
            assert not jobs.retry(job_id)
        assert state(job_id) == ("queued", 6)
        set_row(job_id, "state = 'running', heartbeat_at = now() - interval '1 minute'")
        assert jobs.sweep() == 1
        assert state(job_id) == ("queued", 7)
        jobs.perform(job_id, 7)
        assert [call["attempt"] for call in done] == [7]
