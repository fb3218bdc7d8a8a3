"""What is done again and again, and the loop that calls for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from webapp.kit.clock import now
from webapp.kit.db import ALL, execute, rows, unit_of_work
from webapp.kit.ids import new_id


@pytest.fixture
def periodic(app: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from worker import periodic as module
    from worker import retention

    monkeypatch.setattr(module, "app", app)
    monkeypatch.setattr(retention, "app", app)
    return module


@pytest.fixture
def scheduler(app: Any, periodic: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    from worker import scheduler as module

    monkeypatch.setattr(module, "app", app)
    return module


def test_partitions_are_there_for_a_year(app: Any, periodic: Any) -> None:
    periodic.make_partitions()
    with app.app_context():
        ahead = (now() + timedelta(days=365)).strftime("audit_log_y%Ym%m")
        assert rows("SELECT to_regclass(:name) AS found", name=ahead)[0].found


def test_kept_answers_are_forgotten_after_a_day(app: Any, periodic: Any) -> None:
    with app.app_context(), unit_of_work(ALL):
        for key, hours in (("new", 23), ("old", 25)):
            execute("INSERT INTO idempotency_keys (caller, key, request_hash, created_at) VALUES ('c', :key, '', :at)",
                    key=key, at=now() - timedelta(hours=hours))
    periodic.forget_answers()
    with app.app_context():
        assert [row.key for row in rows("SELECT key FROM idempotency_keys")] == ["new"]


def test_finished_work_is_forgotten_after_a_week(app: Any, periodic: Any) -> None:
    with app.app_context(), unit_of_work(ALL):
        for state, days in (("done", 6), ("done", 8), ("cancelled", 8), ("waiting", 30)):
            execute("INSERT INTO job_outbox (id, name, arguments, state, created_at, finished_at)"
                    " VALUES (:id, 'x', '{}', :state, :at, :end)", id=new_id(), state=state, at=now() - timedelta(days=days),
                    end=None if state == "waiting" else now() - timedelta(days=days))
    periodic.forget_jobs()
    with app.app_context():
        assert sorted(row.state for row in rows("SELECT state FROM job_outbox")) == ["done", "waiting"]


def test_what_is_due_is_called_for_once(app: Any, scheduler: Any) -> None:
    from rq import Queue

    from webapp.kit.redis import redis

    loop = scheduler.Scheduler()
    with app.app_context():
        loop.turn()
        assert Queue("default", connection=redis()).job_ids == []
        for job in loop.cron.get_jobs():
            job.next_enqueue_time = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
        loop.turn()
        loop.turn()
        called = [job.func_name for job in Queue("default", connection=redis()).jobs]
        assert sorted(called) == sorted(f"{work.__module__}.{work.__name__}" for work, _ in scheduler.PERIODIC)
        assert redis().ttl("patchboard:scheduler") in range(1, 16)


def test_a_step_that_fails_stops_neither_the_others_nor_the_loop(app: Any, scheduler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import ConnectionError as RedisAway
    from sqlalchemy.exc import OperationalError

    from webapp.kit.redis import redis

    def no_database() -> int:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    def no_redis() -> None:
        raise RedisAway("away")

    loop = scheduler.Scheduler()
    with app.app_context(), monkeypatch.context() as patched:
        patched.setattr(scheduler, "sweep", no_database)
        loop.turn()
        assert (loop.down, redis().exists("patchboard:scheduler")) == ({"sweep"}, 1)
        patched.setattr(loop.cron, "enqueue_jobs", no_redis)
        loop.turn()
        assert loop.down == {"sweep", "periodic"}
    loop.turn()
    assert loop.down == set()


def test_the_audit_log_is_sealed_by_each_turn_also_without_redis(app: Any, scheduler: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from redis.exceptions import ConnectionError as RedisAway

    from webapp.audit.actions import record
    from webapp.kit.permissions import SYSTEM

    def no_redis(*_: Any) -> None:
        raise RedisAway("away")

    loop = scheduler.Scheduler()
    with app.app_context(), unit_of_work(ALL):
        record(SYSTEM, "thing.changed", "Thing", resource_id=new_id(), changes={})
    monkeypatch.setattr(loop.cron, "enqueue_jobs", no_redis)
    monkeypatch.setattr(scheduler, "say_alive", no_redis)
    loop.turn()
    assert loop.down == {"periodic", "heartbeat"}
    with app.app_context():
        assert [row.position for row in rows("SELECT position FROM audit_seals")] == [1]


def test_the_nightly_check_keeps_what_it_found(app: Any, scheduler: Any, periodic: Any) -> None:
    from webapp.audit.actions import record
    from webapp.kit.permissions import SYSTEM

    with app.app_context(), unit_of_work(ALL):
        record(SYSTEM, "thing.changed", "Thing", resource_id=new_id(), changes={})
    assert scheduler.seal() == 1
    periodic.check_audit_log()
    with app.app_context():
        assert [(row.position, row.findings) for row in rows("SELECT position, findings FROM audit_checks")] == [(1, 0)]


def test_ended_sign_ins_and_old_use_are_forgotten_in_portions(app: Any, periodic: Any, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from worker import retention

    monkeypatch.setattr(retention, "PORTION", 2)
    with app.app_context(), unit_of_work(ALL):
        for ended in (89, 91, 92, 93, 94, 95):
            execute("INSERT INTO sign_ins (id, user_id, kind, created_at, last_seen_at, refresh_id, ended_at)"
                    " SELECT :id, id, 'token', now(), now(), :id, now() - make_interval(days => :days) FROM users WHERE email LIKE 'viewer%'",
                    id=new_id(), days=ended)
        for days in (179, 181):
            execute("INSERT INTO api_usage (day, caller, route, method, caller_kind)"
                    " VALUES (current_date - CAST(:days AS integer), 'anonymous', '/x', 'GET', 'anonymous')", days=days)
    assert retention.forget("sign_ins") == 5
    assert retention.forget("usage") == 1
    with app.app_context():
        assert rows("SELECT count(*) AS n FROM sign_ins WHERE ended_at IS NOT NULL")[0].n == 1
        assert rows("SELECT count(*) AS n FROM sign_ins WHERE ended_at IS NULL")[0].n >= 5
    monkeypatch.setitem(app.config, "KEEP_USAGE_DAYS", 0)
    assert retention.forget("usage") == 0


def test_files_of_old_reports_go_and_the_reports_stay(app: Any, periodic: Any, cast: Any) -> None:
    from io import BytesIO

    from webapp.kit.storage import storage
    from webapp.reports.values import folder_of

    body = {"kind": "patch_run", "parameters": {"organization_id": str(cast.organization.id)}, "formats": ["csv"]}
    report = cast.admin.post("/reports", body).json["data"]["id"]
    with app.app_context():
        storage().put(f"{folder_of(report)}/1/x.csv", BytesIO(b"x"))
        with unit_of_work(ALL):
            execute("UPDATE reports SET status = 'done'")
            execute("INSERT INTO report_files (report_id, format, path, bytes, sha256, created_at)"
                    " VALUES (:id, 'csv', 'x', 1, 'x', now() - interval '366 days')", id=report)
    periodic.forget_report_files()
    with app.app_context():
        assert list(storage().keys(folder_of(report))) == []
    assert cast.admin.get(f"/reports/{report}").status_code == 200
    assert cast.admin.get(f"/reports/{report}/download", format="csv").status_code in (404, 409)
    assert cast.admin.get("/audit-logs", action="report.files_removed").json["meta"]["total"] == 1
