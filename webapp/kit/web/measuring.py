"""What a request cost: the line in the log, the metrics, and the count of who asks for what."""

from __future__ import annotations

import time
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import event

from webapp.kit import metrics, usage
from webapp.kit.db import db
from webapp.kit.logs import log
from webapp.kit.permissions import Actor

HIDDEN = ("token", "secret", "signature", "code")


def register_measuring(app: Flask) -> None:
    """Counts SQL statements; a request is under way until its answer has been sent, streams included."""
    usage.register_usage(app)
    app.teardown_request(end)
    with app.app_context():
        _count_statements()


def begin() -> None:
    g.started, g.statements, g.sql_seconds, g.is_active = time.perf_counter(), 0, 0.0, True
    metrics.ACTIVE.inc()


def end(_: BaseException | None = None) -> None:
    if g.pop("is_active", False):
        metrics.ACTIVE.dec()


def measure(answer: Response) -> None:
    """Counts the answer, and writes the line of its request."""
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    method, route = metrics.method(request.method), str(request.url_rule or "none")
    metrics.REQUESTS.labels(method, route, answer.status_code).inc()
    metrics.REQUEST_SECONDS.labels(method, route).observe(seconds)
    actor: Actor = g.get("actor") or Actor()
    if route.startswith("/api/"):
        usage.note(actor, route, method, answer.status_code, seconds)
    if request.endpoint != "static":
        own = {*actor.roles, *actor.grants}
        log().info("request", method=method, route=route, path=shown_path(), status=answer.status_code, actor=actor.label,
                   actor_kind=actor.kind, actor_id=str(actor.id) if actor.id else None, ip=request.remote_addr,
                   organization_id=str(next(iter(own))) if len(own) == 1 else None, milliseconds=round(seconds * 1000, 1),
                   statements=g.get("statements", 0), sql_milliseconds=round(g.get("sql_seconds", 0.0) * 1000, 1))


def shown_path() -> str:
    """The path of the request, with what is secret in it left out, and never its query."""
    path = request.path
    for name, value in (request.view_args or {}).items():
        if any(word in name for word in HIDDEN):
            path = path.replace(str(value), "…")
    return path


def _count_statements() -> None:
    """Counts SQL statements and their time, per request and in the metrics."""
    engine = db.engine

    @event.listens_for(engine, "before_cursor_execute")
    def before(connection: Any, *_: Any) -> None:
        connection.info["at"] = time.perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def after(connection: Any, *_: Any) -> None:
        seconds = time.perf_counter() - connection.info.get("at", time.perf_counter())
        metrics.QUERIES.inc()
        metrics.QUERY_SECONDS.observe(seconds)
        if g:
            g.statements = g.get("statements", 0) + 1
            g.sql_seconds = g.get("sql_seconds", 0.0) + seconds
