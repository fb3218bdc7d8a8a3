"""`/admin`: the system, its jobs, and who asks for what; for superusers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.doors import Doors
from webapp.kit.web.pages import ListView, go_to, page
from webapp.ops import actions
from webapp.ops.queries import checks_of
from webapp.ops.queries.system import find_stats
from webapp.ops.queries.usage import find_routes, find_usage
from webapp.ops.queries.work import find_job_words, find_jobs, get_job
from webapp.ops.schemas.admin import STATES, JobQuery, UsageQuery
from webapp.ops.values import health_of

P = Permission
admin_pages = Doors("ops_admin_pages", __name__, is_page=True)
JOBS = "/admin/jobs"
LABELS = {"waiting": "Waiting", "queued": "Queued", "running": "Running", "done": "Done", "failed": "Failed", "cancelled": "Cancelled"}
GROUPS = {"all": "Day, caller and route", "caller": "Caller", "route": "Route", "day": "Day"}
KINDS = {"api_key": "API keys", "user": "People", "anonymous": "Nobody known"}


@admin_pages.get("/admin", needs=P.SYSTEM_OPERATE)
def show_system(actor: Actor) -> Response:
    """How the system is, and what it holds."""
    dependencies = checks_of(current_app).dependencies()
    its = find_stats(actor, current_app.config["VERSION"], now())
    return page("ops/admin_system.html", its=its, dependencies=dependencies, health=health_of(dependencies))


@admin_pages.get(JOBS, needs=P.SYSTEM_OPERATE, query=JobQuery)
def list_jobs(actor: Actor, query: dict[str, Any]) -> Response:
    """What workers have done, do and are to do."""
    names, queues = find_job_words()
    return page("ops/admin_jobs.html", block="content", listing=ListView(find_jobs(actor, query), query, "/api/v1/admin/jobs"),
                states=_options({state: LABELS[state] for state in STATES}), labels=LABELS, names=_same(names), queues=_same(queues))


@admin_pages.post("/admin/jobs/<uuid:job_id>/retry", needs=P.SYSTEM_OPERATE)
def retry_job(actor: Actor, job_id: UUID) -> Response:
    """Asks for a failed job again."""
    job = actions.retry_job(actor, get_job(actor, job_id, lock=True), now())
    return go_to(_back(), say=f"{job.name} is asked for again.")


@admin_pages.post("/admin/jobs/<uuid:job_id>/cancel", needs=P.SYSTEM_OPERATE)
def cancel_job(actor: Actor, job_id: UUID) -> Response:
    """Takes a job back that is not over."""
    job = actions.cancel_job(actor, get_job(actor, job_id, lock=True))
    return go_to(_back(), say=f"{job.name} is cancelled.")


@admin_pages.get("/admin/api-usage", needs=P.SYSTEM_OPERATE, query=UsageQuery)
def list_usage(actor: Actor, query: dict[str, Any]) -> Response:
    """Who asks for what, how often, and how long it takes."""
    asked = {"group_by": "caller", **query}
    return page("ops/admin_usage.html", block="content", listing=ListView(find_usage(actor, asked), asked, "/api/v1/admin/api-usage"),
                group=asked["group_by"], groups=_options(GROUPS), kinds=_options(KINDS), kind_names=KINDS,
                routes=_same(find_routes()))


def _options(words: dict[str, str]) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in words.items()]


def _same(words: list[str]) -> list[dict[str, str]]:
    return [{"value": word, "label": word} for word in words]


def _back() -> str:
    """To the list with the filters that it had: the form says which."""
    query = request.form.get("query", "")
    return f"{JOBS}?{query}" if query.isascii() and query.isprintable() and len(query) < 1000 else JOBS
