"""The job that builds a report, and what is done when its workers keep dying."""

from __future__ import annotations

from uuid import UUID

from webapp.kit.clock import now
from webapp.kit.db import ALL, unit_of_work
from webapp.kit.logs import log
from webapp.kit.storage import storage
from webapp.reports import actions
from webapp.reports.actions import schedules
from webapp.reports.jobs.building import build_report
from webapp.reports.values import remove_files

MOST_AT_ONCE = 500


def build(report_id: str, after: int, attempt: int) -> None:
    """Builds a report; `after` is where this job's attempts begin to count."""
    build_report(UUID(report_id), after + attempt, storage())


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
