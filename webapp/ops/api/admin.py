"""`/api/v1/admin`: the system, for superusers."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.models import JobOutbox
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.ops import actions
from webapp.ops.queries.system import find_stats
from webapp.ops.queries.usage import find_usage
from webapp.ops.queries.work import find_jobs, get_job
from webapp.ops.schemas.admin import JobQuery, JobSchema, StatsSchema, UsageQuery, UsageSchema

P = Permission
admin = Doors("ops_admin", __name__, tag="Administration")


@admin.get("/admin/stats", needs=P.SYSTEM_OPERATE, gives=StatsSchema())
def show_stats(actor: Actor) -> dict[str, Any]:
    """Figures of the whole system."""
    return find_stats(actor, current_app.config["VERSION"], now())


@admin.get("/admin/jobs", needs=P.SYSTEM_OPERATE, query=JobQuery, gives=JobSchema(), lists=True)
def list_jobs(actor: Actor, query: dict[str, Any]) -> Listing:
    """What workers have done, do and are to do."""
    return find_jobs(actor, query)


@admin.get("/admin/jobs/<uuid:job_id>", needs=P.SYSTEM_OPERATE, finds=get_job, gives=JobSchema())
def show_job(actor: Actor, found: JobOutbox) -> JobOutbox:
    """One job."""
    return found


@admin.post("/admin/jobs/<uuid:job_id>/retry", needs=P.SYSTEM_OPERATE, finds=get_job, gives=JobSchema())
def retry_job(actor: Actor, found: JobOutbox) -> JobOutbox:
    """Asks for a failed job again."""
    return actions.retry_job(actor, found, now())


@admin.post("/admin/jobs/<uuid:job_id>/cancel", needs=P.SYSTEM_OPERATE, finds=get_job, gives=JobSchema())
def cancel_job(actor: Actor, found: JobOutbox) -> JobOutbox:
    """Takes a job back that is not over."""
    return actions.cancel_job(actor, found)


@admin.get("/admin/api-usage", needs=P.SYSTEM_OPERATE, query=UsageQuery, gives=UsageSchema(), lists=True)
def list_usage(actor: Actor, query: dict[str, Any]) -> Listing:
    """Who asks for what, how often, and how long it takes; a few seconds behind."""
    return find_usage(actor, query)
