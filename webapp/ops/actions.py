"""What the operator does: asks for failed work again, and takes work back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webapp.audit.actions import record
from webapp.kit import jobs
from webapp.kit.db import db
from webapp.kit.errors import Conflict
from webapp.kit.models import JobOutbox
from webapp.kit.permissions import Actor, Permission
from webapp.reports.actions import retry_report
from webapp.reports.queries import get_report

OVER = ("done", "failed", "cancelled")
REPORT = "reports.build"
"""The job whose resource has a state of its own, which must change with it."""


def retry_job(actor: Actor, job: JobOutbox, at: datetime) -> JobOutbox:
    """Asks for a job again that has failed, a report's by a new job, which comes back; Conflict for any other."""
    actor.require(Permission.SYSTEM_OPERATE)
    if job.state != "failed":
        raise Conflict(f"This job is {job.state}; only one that has failed can be asked for again.")
    if job.name == REPORT:
        report = retry_report(actor, get_report(actor, UUID(job.arguments["report_id"]), lock=True), at)
        return db.session.get_one(JobOutbox, report.job_id)
    _record(actor, "job.retried", job, "waiting")
    jobs.retry(job.id)
    db.session.refresh(job)
    return job


def cancel_job(actor: Actor, job: JobOutbox) -> JobOutbox:
    """Takes a job back; a worker that is at it notices at its next step. Conflict for one that is over."""
    actor.require(Permission.SYSTEM_OPERATE)
    if job.state in OVER:
        raise Conflict(f"This job is over: it is {job.state}.")
    if job.name == REPORT:
        raise Conflict("Reports are cancelled where they are listed.")
    _record(actor, "job.cancelled", job, "cancelled")
    jobs.cancel(job.id)
    db.session.refresh(job)
    return job


def _record(actor: Actor, action: str, job: JobOutbox, state: str) -> None:
    record(actor, action, "Job", resource_id=job.id, changes={"state": [job.state, state], "name": [job.name, job.name]})
    db.session.flush()
