"""The job that builds a report, and what is done when its workers keep dying."""

from __future__ import annotations

from uuid import UUID

from webapp.kit.clock import now
from webapp.kit.storage import storage
from webapp.reports import actions
from webapp.reports.jobs.building import build_report
from webapp.reports.values import remove_files


def build(report_id: str, after: int, attempt: int) -> None:
    """Builds a report; `after` is where this job's attempts begin to count."""
    build_report(UUID(report_id), after + attempt, storage())


def build_failed(report_id: str, after: int, error: str) -> None:
    """Says that a report will not come, and removes what was left of it."""
    actions.give_up(UUID(report_id), after, error, now())
    remove_files(storage(), UUID(report_id))
