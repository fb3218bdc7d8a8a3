"""Reports survive a killed worker, a killed work horse, an emptied Redis and a Redis that is away: done, once, without help."""

from __future__ import annotations

import hashlib
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import factories
from tests.cast import Cast, gather
from webapp.kit.db import ALL, enter_scope, rows
from webapp.reports.values import folder_of

pytestmark = pytest.mark.slow
RECOVERED = 90.0
"""Seconds. Lost work is usually found after twelve; on a machine where many tests run at once it takes longer, and not for ever."""


@pytest.fixture
def cast(house: Any) -> Cast:
    people = gather(house.app)
    with factories.writing(house.app):
        for number in range(3):
            site = factories.site(people.organization, name=f"Site {number}")
            factories.reported(site, {f"m{each}": factories.module(f"m{each}", "1.0.0", "1.1.0") for each in range(10)})
    return people


def ask(cast: Cast) -> str:
    answer = cast.member.post("/reports", {"kind": "module_updates", "formats": ["csv", "xlsx", "json"]})
    assert answer.status_code == 202, answer.text
    return str(answer.json["data"]["id"])


def show(cast: Cast, report_id: str) -> dict[str, Any]:
    found: dict[str, Any] = cast.member.get(f"/reports/{report_id}").json["data"]
    return found


def is_done(cast: Cast, report_id: str) -> bool:
    return show(cast, report_id)["status"] == "done"


def is_half_way(cast: Cast, report_id: str) -> bool:
    report = show(cast, report_id)
    return bool(report["status"] == "running" and report["rows"])


def done_once(house: Any, cast: Cast, report_id: str) -> dict[str, Any]:
    """The report; asserts that one builder alone has finished it and that nothing of another is left."""
    report = show(cast, report_id)
    assert (report["status"], report["progress"], report["rows"]) == ("done", 100, 30)
    for form in report["formats"]:
        body = cast.member.get(f"/reports/{report_id}/download", format=form).data
        assert hashlib.sha256(body).hexdigest() == report["sha256"][form]
    with house.app.app_context():
        enter_scope(ALL)
        assert len(rows("SELECT 1 FROM audit_log WHERE action = 'report.built' AND resource_id = :id", id=report_id)) == 1
        assert {row.state for row in rows("SELECT state FROM job_outbox")} == {"done"}
    folder = Path(house.app.config["STORAGE_DIR"]) / folder_of(report["id"])
    assert len(list(folder.iterdir())) == 1
    assert len([each for each in folder.rglob("*") if each.is_file()]) == 3
    return report


def test_a_worker_that_is_killed_in_the_middle(house: Any, cast: Cast) -> None:
    house.start("worker.scheduler")
    slow = house.start("worker", pause_ms=3000)
    house.wait_for_staff()
    report_id = ask(cast)
    house.wait("the report to be half way", lambda: is_half_way(cast, report_id))
    house.start("worker")
    house.wait_for_staff(workers=2)
    house.kill(slow)
    house.wait("the report to be done", lambda: is_done(cast, report_id), RECOVERED)
    done_once(house, cast, report_id)


def test_a_work_horse_that_is_killed_in_the_middle(house: Any, cast: Cast) -> None:
    house.start("worker.scheduler")
    worker = house.start("worker", pause_ms=400)
    house.wait_for_staff()
    report_id = ask(cast)
    house.wait("the report to be half way", lambda: is_half_way(cast, report_id))
    for horse in psutil.Process(worker.pid).children():
        horse.send_signal(signal.SIGKILL)
    house.wait("the report to be done", lambda: is_done(cast, report_id), RECOVERED)
    done_once(house, cast, report_id)


def test_a_redis_that_is_emptied_while_a_report_waits(house: Any, cast: Cast) -> None:
    house.start("worker.scheduler")
    house.start("worker", pause_ms=400)
    house.wait_for_staff()
    running, waiting = ask(cast), ask(cast)
    house.wait("the first report to be half way", lambda: is_half_way(cast, running))
    assert house.redis.llen("rq:queue:reports") == 1
    house.redis.flushall()
    assert show(cast, waiting)["status"] == "queued"
    house.wait("both reports to be done", lambda: is_done(cast, running) and is_done(cast, waiting), RECOVERED)
    done_once(house, cast, running)
    done_once(house, cast, waiting)


def test_a_redis_that_is_emptied_under_worker_and_scheduler(house: Any, cast: Cast) -> None:
    house.start("worker.scheduler")
    house.start("worker")
    house.wait_for_staff()
    house.redis.flushall()
    report_id = ask(cast)
    house.wait("the report to be done", lambda: is_done(cast, report_id), RECOVERED)
    done_once(house, cast, report_id)
    house.wait_for_staff()
    name = next(iter(house.redis.smembers("rq:workers"))).decode()
    assert house.redis.hexists(name, "birth")


def test_a_redis_that_is_away_when_a_report_is_asked_for(house: Any, cast: Cast) -> None:
    scheduler, worker = house.start("worker.scheduler"), house.start("worker")
    house.wait_for_staff()
    house.server.stop()
    report_id = ask(cast)
    assert show(cast, report_id)["status"] == "queued"
    house.server.start()
    house.wait("the report to be done", lambda: is_done(cast, report_id), RECOVERED)
    done_once(house, cast, report_id)
    assert (scheduler.poll(), worker.poll()) == (None, None)


def test_both_stop_when_they_are_asked_to(house: Any, cast: Cast) -> None:
    processes = [house.start("worker.scheduler"), house.start("worker")]
    house.wait_for_staff()
    for process in processes:
        process.send_signal(signal.SIGTERM)
    house.wait("both to stop", lambda: all(process.poll() is not None for process in processes))
    assert [process.returncode for process in processes] == [0, 0]
