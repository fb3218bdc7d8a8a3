"""Cancelling and retrying, and the fence that keeps older builders out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from webapp.kit import jobs
from webapp.kit.clock import now
from webapp.kit.db import ALL, enter_scope, execute, rows, unit_of_work
from webapp.kit.storage import Disk
from webapp.reports import actions
from webapp.reports.jobs import building


def ask(caller: Any, **body: Any) -> Any:
    answer = caller.post("/reports", {"kind": "module_updates", "formats": ["csv"], **body})
    assert answer.status_code == 202, answer.text
    return answer.json["data"]


def show(caller: Any, report: Any) -> Any:
    return caller.get(f"/reports/{report['id']}").json["data"]


def folders(app: Any, report: Any) -> list[str]:
    return [each.name for each in (Path(app.config["STORAGE_DIR"]) / "reports" / report["id"]).glob("*")]


def test_cancelled_while_it_waits(cast: Any, fleet: Any, work: Any) -> None:
    report = ask(cast.member)
    cancelled = cast.member.post(f"/reports/{report['id']}/cancel", {})
    assert (cancelled.status_code, cancelled.json["data"]["status"]) == (200, "cancelled")
    assert work() == 0
    assert cast.member.get(f"/reports/{report['id']}/download").status_code == 409
    assert cast.member.post(f"/reports/{report['id']}/cancel", {}).status_code == 409


def test_cancelled_while_it_is_built(app: Any, cast: Any, fleet: Any, work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(cast.member)
    real, answers = building.write_rows, []

    def write_rows_and_cancel(*arguments: Any) -> None:
        real(*arguments)
        with ThreadPoolExecutor() as somebody:
            answers.append(somebody.submit(cast.member.post, f"/reports/{report['id']}/cancel").result().status_code)

    monkeypatch.setattr(building, "write_rows", write_rows_and_cancel)
    work()
    assert (answers, show(cast.member, report)["status"], folders(app, report)) == ([200], "cancelled", [])


def test_retried_after_it_was_cancelled(cast: Any, fleet: Any, work: Any) -> None:
    report = ask(cast.member)
    cast.member.post(f"/reports/{report['id']}/cancel")
    again = cast.member.post(f"/reports/{report['id']}/retry")
    assert (again.status_code, again.json["data"]["status"], again.json["data"]["progress"]) == (202, "queued", 0)
    assert again.headers["Location"].endswith(report["id"])
    assert cast.member.post(f"/reports/{report['id']}/retry").status_code == 409
    work()
    assert show(cast.member, report)["status"] == "done"
    assert cast.member.post(f"/reports/{report['id']}/retry").status_code == 409


def test_the_builder_of_a_cancelled_job_cannot_write_into_its_successor(app: Any, cast: Any, fleet: Any) -> None:
    report = ask(cast.member)
    with app.app_context():
        enter_scope(ALL)
        old = building.apart(actions.begin, UUID(report["id"]), 1, now())
    cast.member.post(f"/reports/{report['id']}/cancel")
    cast.member.post(f"/reports/{report['id']}/retry")
    with app.app_context():
        assert old is not None
        with pytest.raises(jobs.Superseded):
            building.apart(actions.note_progress, old, 50, "Writing rows", 1, now(), now())
        assert building.apart(actions.begin, UUID(report["id"]), 5, now()) is None
        building.apart(actions.fail, old, "An old builder's word.", now())
        building.apart(actions.give_up, UUID(report["id"]), 0, "An old job's word.", now())
        assert building.apart(actions.begin, UUID(report["id"]), 12, now()) is not None
    assert (show(cast.member, report)["status"], show(cast.member, report)["error"]) == ("running", None)


def test_a_second_builder_takes_over_and_leaves_nothing_of_the_first(app: Any, cast: Any, fleet: Any, work: Any,
                                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    report = ask(cast.member)
    real, storage = building.settled, Disk(app.config["STORAGE_DIR"])

    def overtaken(*arguments: Any) -> Any:
        monkeypatch.setattr(building, "settled", real)
        building.build_report(UUID(report["id"]), 2, storage)
        return real(*arguments)

    monkeypatch.setattr(building, "settled", overtaken)
    work()
    assert (show(cast.member, report)["status"], folders(app, report)) == ("done", ["2"])
    assert cast.member.get(f"/reports/{report['id']}/download").status_code == 200
    with app.app_context():
        enter_scope(ALL)
        assert len(rows("SELECT 1 FROM audit_log WHERE action = 'report.built'")) == 1


def test_progress_never_goes_back(app: Any, cast: Any, fleet: Any) -> None:
    report = ask(cast.member)
    with app.app_context():
        first = building.apart(actions.begin, UUID(report["id"]), 1, now())
        assert first is not None
        building.apart(actions.note_progress, first, 70, "Writing rows", 9, now(), now())
        second = building.apart(actions.begin, UUID(report["id"]), 2, now())
        assert second is not None
        building.apart(actions.note_progress, second, 10, "Writing rows", 1, now(), now())
    assert show(cast.member, report)["progress"] == 70


def test_after_five_attempts_it_is_given_up(app: Any, cast: Any, fleet: Any) -> None:
    report = ask(cast.member)
    with app.app_context():
        with unit_of_work(ALL):
            execute("UPDATE job_outbox SET attempt = 5, state = 'running', heartbeat_at = now() - interval '1 minute'")
        assert jobs.sweep() == 1
    failed = show(cast.member, report)
    assert (failed["status"], failed["error"]) == ("failed", "It was begun 5 times and never finished.")
    assert cast.member.post(f"/reports/{report['id']}/retry").status_code == 202
