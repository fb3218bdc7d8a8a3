"""The jobs of the outbox, as the operator sees them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.models import JobOutbox
from webapp.kit.permissions import Actor, Permission

SORTS = {name: getattr(JobOutbox, name) for name in ("created_at", "started_at", "finished_at", "name", "state", "attempt")}


def find_jobs(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The jobs that match, newest first; finished ones are kept for KEEP_JOBS_DAYS."""
    actor.require(Permission.SYSTEM_OPERATE)
    statement = select(JobOutbox)
    if "state" in asked:
        statement = statement.where(JobOutbox.state.in_(asked["state"]))
    for name in ("queue", "name"):
        if name in asked:
            statement = statement.where(getattr(JobOutbox, name) == asked[name])
    if asked.get("q"):
        statement = statement.where(JobOutbox.name.icontains(asked["q"], autoescape=True)
                                    | JobOutbox.error.icontains(asked["q"], autoescape=True))
    return Listing(statement, SORTS, "-created_at", JobOutbox.id.desc())


def get_job(actor: Actor, job_id: UUID, lock: bool = False) -> JobOutbox:
    """One job, or NotFound."""
    actor.require(Permission.SYSTEM_OPERATE)
    statement = select(JobOutbox).where(JobOutbox.id == job_id)
    job = db.session.scalar(statement.with_for_update() if lock else statement)
    if job is None:
        raise NotFound()
    return job


def find_job_words() -> tuple[list[str], list[str]]:
    """The names of jobs and the queues that there are, to filter by."""
    found = rows("SELECT DISTINCT name, queue FROM job_outbox")
    return sorted({row.name for row in found}), sorted({row.queue for row in found})
