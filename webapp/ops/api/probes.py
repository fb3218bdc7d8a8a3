"""At the root, for everybody: health, metrics, what this is, the OpenAPI document and two ways to read it.

The blueprint's name frees these doors from rate limits, and from asking who is there: they answer when everything else
is down.
"""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, make_response, redirect, render_template, request, url_for

from webapp.accounts.identity import identify
from webapp.kit import metrics
from webapp.kit.clock import now, stamp
from webapp.kit.db import ALL, enter_scope
from webapp.kit.errors import PermissionDenied
from webapp.kit.permissions import Actor, Origin, Permission
from webapp.kit.redis import redis
from webapp.kit.web.answers import json_answer
from webapp.kit.web.doors import Doors
from webapp.kit.web.openapi import openapi_json
from webapp.kit.web.requests import content_policy
from webapp.notify.queries.deliveries import find_waiting
from webapp.ops.formats.prometheus import Figures
from webapp.ops.policy import may_scrape
from webapp.ops.queries import Checks, checks_of, find_backlog, find_feed_ages, find_ingest_lag, find_source_ages, queue_lengths
from webapp.ops.schemas.health import (
    HEALTH_ANSWERS,
    HOME_ANSWERS,
    LIVE_ANSWERS,
    METRICS_ANSWERS,
    OPENAPI_ANSWERS,
    READY_ANSWERS,
)
from webapp.ops.values import Condition, Dependency, Health, health_of

P = Permission
SERVICE = "patchboard"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-IP")
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
probes = Doors("ops_probes", __name__, tag="Operation", url_prefix="")


def checks() -> Checks:
    """The checks of this process."""
    return checks_of(current_app)


def report(body: dict[str, Any], *, well: bool) -> Response:
    """A state of things, which is never kept by anybody on the way; 503 when it is bad."""
    whole = {**body, "version": current_app.config["VERSION"], "timestamp": stamp(now())}
    answer = json_answer(whole, 200 if well else 503)
    answer.headers["Cache-Control"] = "no-store"
    if not well:
        answer.headers["Retry-After"] = "5"
    return answer


@probes.get("/health", needs=P.PUBLIC, extra={"responses": HEALTH_ANSWERS})
def show_health(actor: Actor) -> Response:
    """How the system and what it needs are.

    Without the database or a place to write, it is unhealthy (503); without Redis or a worker it is degraded.
    """
    found = checks().dependencies()
    state = health_of(found)
    told = {name: each.as_json() for name, each in found.items()}
    return report({"status": state, "dependencies": told}, well=state is not Health.UNHEALTHY)


@probes.get("/health/live", needs=P.PUBLIC, extra={"responses": LIVE_ANSWERS})
def show_live(actor: Actor) -> Response:
    """That this process answers; it asks nothing else, so that a database that is down restarts no web server."""
    return report({"status": "live"}, well=True)


@probes.get("/health/ready", needs=P.PUBLIC, extra={"responses": READY_ANSWERS})
def show_ready(actor: Actor) -> Response:
    """Whether requests may be sent here: the database answers and has its tables."""
    database = checks().dependencies("database")["database"]
    ready, told = database.status is Condition.UP, {"database": database.as_json()}
    return report({"status": "ready" if ready else "not ready", "dependencies": told}, well=ready)


@probes.get("/metrics", needs=P.PUBLIC, extra={"responses": METRICS_ANSWERS})
def show_metrics(actor: Actor) -> Response:
    """Metrics in Prometheus's text form, for the operator.

    With METRICS_TOKEN set, for who sends it as Bearer; without, for callers on this machine and private networks; and
    for superusers.
    """
    require_operator()
    text = metrics.exposition(figures(checks().dependencies()).registry())
    return Response(text, content_type=PROMETHEUS, headers={"Cache-Control": "no-store"})


def figures(dependencies: dict[str, Dependency]) -> Figures:
    """What is measured now; without the database or Redis, what needs them is left out and the rest still comes."""
    queues = queue_lengths(redis()) if dependencies["redis"].status is not Condition.DOWN else {}
    if dependencies["database"].status is not Condition.UP:
        return Figures(dependencies, queues=queues)
    enter_scope(ALL)
    return Figures(dependencies, find_backlog(now()), find_ingest_lag(now()), queues, find_feed_ages(now()), find_source_ages(now()),
                   find_waiting(now()))


def require_operator() -> None:
    """Raises PermissionDenied unless the caller may read the metrics, NotAuthenticated where the identity is wrong."""
    config = current_app.config
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer.strip() if kind.lower() == "bearer" else ""
    forwarded = not config["PROXY_HOPS"] and any(name in request.headers for name in FORWARDED)
    if may_scrape(config["METRICS_TOKEN"], token, request.remote_addr, forwarded):
        return
    if not identify(Origin(request.remote_addr)).may(P.SYSTEM_OPERATE):
        raise PermissionDenied("The metrics are for the operator of this server.")


@probes.get("/", needs=P.PUBLIC, extra={"responses": HOME_ANSWERS})
def show_home(actor: Actor) -> Response:
    """What this is and where to read on; a browser is sent to the overview."""
    preferred = request.accept_mimetypes.best_match(["application/json", "text/html"], "application/json")
    if preferred == "text/html":
        answer = make_response(redirect("/overview", 302))
    else:
        state = health_of(checks().dependencies())
        answer = json_answer(
            {
                "service": SERVICE,
                "version": current_app.config["VERSION"],
                "status": state,
                "docs": url_for(".show_docs"),
                "health": url_for(".show_health"),
            }
        )
    answer.vary.add("Accept")
    answer.headers["Cache-Control"] = "no-store"
    return answer


@probes.get("/openapi.json", needs=P.PUBLIC, extra={"responses": OPENAPI_ANSWERS})
def show_openapi(actor: Actor) -> Response:
    """This document."""
    answer = Response(openapi_json(current_app._get_current_object()), mimetype="application/json")  # type: ignore[attr-defined]
    answer.add_etag()
    answer.headers["Cache-Control"] = "public, no-cache"
    return answer


@probes.get("/docs", needs=P.PUBLIC, hidden=True)
def show_docs(actor: Actor) -> Response:
    """The API to try out, in Swagger UI."""
    return document("ops/docs.html")


@probes.get("/redoc", needs=P.PUBLIC, hidden=True)
def show_redoc(actor: Actor) -> Response:
    """The API to read, in ReDoc, which makes its own styles, and a worker for its search."""
    return document("ops/redoc.html", style_src="'self' 'unsafe-inline'", worker_src="blob:")


def document(template: str, **policy: str) -> Response:
    """A page that a program of others draws, with what that program needs beyond our policy (never scripts)."""
    answer = make_response(render_template(template))
    answer.headers["Content-Security-Policy"] = content_policy(**policy)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
