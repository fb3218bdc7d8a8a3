"""Errors as answers: the contract's body, RFC 9457 on request, a page for browsers; nothing internal ever leaves."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask, Response, current_app, g, request
from marshmallow import ValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from webapp.kit import security
from webapp.kit.clock import now, stamp
from webapp.kit.db import rollback
from webapp.kit.errors import Conflict, Detail, Invalid, NotFound, PatchboardError, PermissionDenied, SecondFactorRequired, Unavailable
from webapp.kit.logs import log
from webapp.kit.metrics import REQUESTS_FAILED, method
from webapp.kit.permissions import Actor, Origin, Permission
from webapp.kit.web.answers import json_answer
from webapp.kit.web.measuring import shown_path
from webapp.kit.web.pages import error_page, second_factor_first, wants_page

CODES = {400: "malformed_request", 401: "not_authenticated", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed",
         406: "not_acceptable", 408: "request_timeout", 411: "length_required", 412: "precondition_failed", 413: "payload_too_large",
         414: "uri_too_long", 415: "unsupported_media_type", 416: "range_not_satisfiable", 417: "expectation_failed",
         421: "misdirected_request", 422: "validation_error", 429: "rate_limited", 431: "headers_too_large", 501: "not_implemented"}
MOST_DETAILS = 50
PROBLEM = "application/problem+json"
TAKEN = ("23505", "23P01")


def register_errors(app: Flask) -> None:
    """Every error of the application, in one shape."""
    app.register_error_handler(PatchboardError, answer_error)
    app.register_error_handler(ValidationError, lambda problem: answer_error(invalid(problem)))
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(IntegrityError, answer_collision)
    app.register_error_handler(DataError, answer_unfit)
    for kind in (OperationalError, InterfaceError, PoolTimeout, RedisError):
        app.register_error_handler(kind, answer_down)
    app.register_error_handler(Exception, answer_unforeseen)


OWN = (Permission.OWN_ACCOUNT, Permission.PUBLIC)


def answer_error(problem: PatchboardError) -> Response:
    if isinstance(problem, NotFound) and _is_held_back():
        problem = SecondFactorRequired()
    if g.get("actor") is not None or problem.status >= 500:
        rollback()
    if problem.status in (401, 403, 429):
        log().warning("refused", status=problem.status, error=problem.code, path=shown_path())
    if isinstance(problem, PermissionDenied):
        note_refusal(problem)
    REQUESTS_FAILED.labels(method(request.method), str(request.url_rule or "none"), problem.status).inc()
    if not wants_page():
        return error_json(problem)
    return second_factor_first(problem.message) if isinstance(problem, SecondFactorRequired) else error_page(problem)


def note_refusal(problem: PermissionDenied) -> None:
    """Keeps that somebody who is known was refused (`register_refusals`); of others there is a line in the log."""
    actor: Actor | None = g.get("actor")
    if actor is None or not actor.is_known:
        security.tell(actor or Actor(origin=Origin(request.remote_addr)), security.Event("permission.denied", "failure"))
        return
    found = next(((name.removesuffix("_id"), value) for name, value in (request.view_args or {}).items() if isinstance(value, UUID)),
                 ("route", None))
    try:
        current_app.extensions["patchboard_refusals"](
            actor, problem, found, f"{method(request.method)} {request.url_rule or 'none'}")
    except SQLAlchemyError as trouble:  # the refusal stands, whether or not it can be written down
        log().warning("not_written", kind=type(trouble).__name__)
        rollback()


def _is_held_back() -> bool:
    """Whether the resource may be there, unseen only because its organization asks for a second factor that the person lacks."""
    door = getattr(current_app.view_functions.get(request.endpoint or ""), "door", None)
    return bool(g.get("actor") and g.actor.lacks_second_factor and door and door.needs not in OWN)


def error_json(problem: PatchboardError) -> Response:
    """The contract's error body; with `Accept: application/problem+json`, RFC 9457."""
    details: list[Detail] = problem.details[:MOST_DETAILS]
    common = {"error": problem.code, "timestamp": stamp(now()), "request_id": g.get("request_id")}
    if _prefers_problem():
        answer = json_answer({"type": "about:blank", "title": problem.code.replace("_", " ").capitalize(), "status": problem.status,
                              "detail": problem.message, "instance": request.path, "errors": details, **common}, problem.status)
        answer.mimetype = PROBLEM
    else:
        answer = json_answer({"status_code": problem.status, "message": problem.message, "details": details, **common}, problem.status)
    answer.headers.update(problem.headers)
    return answer


def _prefers_problem() -> bool:
    """Whether `Accept` names RFC 9457's type, and likes it no less than JSON (RFC 9110 §12.5.1); a wildcard names nothing."""
    named = [quality for kind, quality in request.accept_mimetypes if kind.split(";")[0].strip().lower() == PROBLEM]
    return bool(named) and max(named) > 0 and max(named) >= request.accept_mimetypes.quality("application/json")


def answer_http(problem: HTTPException) -> Response:
    """Werkzeug's own errors (unknown path, wrong method); redirects pass."""
    status = problem.code or 500
    if status < 400:
        return problem.get_response()  # type: ignore[return-value]
    error = PatchboardError(NotFound.message if status == 404 else problem.description, code=CODES.get(status, "error"))
    error.status = status
    for name, value in problem.get_headers():
        if name in ("Allow", "Retry-After"):
            error.headers[name] = value
    return answer_error(error)


def answer_collision(problem: IntegrityError) -> Response:
    """Two requests at once found the same name free, and a constraint of the database let only one of them have it."""
    if getattr(problem.orig, "pgcode", None) in TAKEN:
        return answer_error(Conflict())
    return answer_unforeseen(problem)


def answer_unfit(problem: DataError) -> Response:
    """A value that a schema let through and the database cannot hold: the caller's to mend, and ours to refuse earlier."""
    log().error("unfit_value", kind=type(problem.orig).__name__, exc_info=problem)
    return answer_error(Invalid("A value is larger, or of another kind, than what can be stored."))


def answer_down(problem: Exception) -> Response:
    """A dependency is down: 503 and when to try again."""
    log().error("dependency_down", kind=type(problem).__name__, exc_info=problem)
    return answer_error(Unavailable())


def answer_unforeseen(problem: Exception) -> Response:
    log().error("unforeseen", kind=type(problem).__name__, exc_info=problem)
    return answer_error(PatchboardError())


def invalid(problem: ValidationError) -> Invalid:
    """Marshmallow's messages as details with dotted paths."""
    details: list[Detail] = []
    _flatten(problem.messages, "", details)
    if not details:
        return Invalid()
    field, message = details[0]["field"], details[0]["message"]
    return Invalid(f"{field}: {message}" if field else message, details)  # the body as a whole has no path


def _flatten(messages: Any, path: str, details: list[Detail]) -> None:
    if isinstance(messages, dict):
        for name, below in messages.items():
            _flatten(below, path if name == "_schema" else f"{path}.{name}".lstrip("."), details)
    else:
        for message in messages if isinstance(messages, list) else [messages]:
            details.append({"field": path, "message": str(message)})
