"""Doing what stands in the outbox, in the process of the test, as a worker would."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.kit import jobs
from webapp.kit.db import ALL, enter_scope, rollback, rows

HANDED_OVER = """
SELECT id, attempt FROM job_outbox WHERE state = 'queued' AND (CAST(:name AS text) IS NULL OR name = :name) ORDER BY created_at, id
"""


def work(app: Any, name: str | None = None) -> int:
    """Does what was handed over, the first that was asked for first, or only what has this name; says how many pieces there were."""
    with app.app_context():
        enter_scope(ALL)
        waiting = [(UUID(str(row.id)), row.attempt) for row in rows(HANDED_OVER, name=name)]
        rollback()
    for job in waiting:
        with app.app_context():
            jobs.perform(*job)
    return len(waiting)
