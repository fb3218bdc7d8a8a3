"""The job that builds a report, and what is done when its workers keep dying."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.jobs import GivenUp, TryLater
from webapp.kit.logs import log
from webapp.kit.storage import StorageDown, storage
from webapp.reports import actions
from webapp.reports.actions import schedules
from webapp.reports.jobs.building import build_report
from webapp.reports.values import remove_files

MOST_AT_ONCE = 500
WAITS = tuple(timedelta(seconds=each) for each in (15, 60, 300, 900))
"""How long a build waits for a storage that is down, after its first, second, … try; fewer than an attempt's fence has room for."""
STILL_DOWN = "The storage of files was down for too long. Nothing was kept."


def build(report_id: str, after: int, attempt: int) -> None:
    """Builds a report, later again while the storage is down; `after` is where this job's attempts begin to count."""
    try:
        build_report(UUID(report_id), after + attempt, storage())
    except StorageDown as problem:
        if attempt > len(WAITS):
            with unit_of_work(ALL):
                actions.give_up(UUID(report_id), after, STILL_DOWN, now())
            raise GivenUp(STILL_DOWN) from None
        log().warning("report_put_off", report_id=report_id, attempt=attempt, reason=problem.reason)
        raise TryLater(WAITS[attempt - 1]) from None


def build_failed(report_id: str, after: int, error: str) -> None:
    """Says that a report will not come, and removes what was left of it."""
    actions.give_up(UUID(report_id), after, error, now())
    remove_files(storage(), UUID(report_id))


def run_schedules() -> int:
    """Makes the reports of all schedules that are due, each in a transaction of its own, and tells how many came due.

    One that fails by an error of ours does not hold up the others; it is tried again with the next call.
    """
    passed: set[UUID] = set()
    while len(passed) < MOST_AT_ONCE:
        with unit_of_work(ALL):
            schedule_id = schedules.find_due(now(), passed)
        if schedule_id is None:
            break
        passed.add(schedule_id)
        try:
            with unit_of_work(ALL):
                schedules.run_due(schedule_id, now())
        except Exception as problem:
            log().error("report_schedule_failed", schedule_id=str(schedule_id), exc_info=problem)
    return len(passed)
