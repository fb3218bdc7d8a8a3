"""Around every request: its ids, who sends it, the walls of the database, headers, and what it cost."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

from webapp.kit.db import NOBODY, enter_scope, scope_of
from webapp.kit.errors import Malformed, NotAuthenticated
from webapp.kit.permissions import Actor, Origin
from webapp.kit.web import limits, measuring

SANE = re.compile(r"^[A-Za-z0-9._:\-]{1,128}$")
API_VERSION = "1"
NO_FEATURES = "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()"
ALWAYS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Permissions-Policy": NO_FEATURES,
          "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"}
"""What every answer says, files and errors included: guess no types, tell other sites nothing, share nothing with them."""
Identify = Callable[[Origin], Actor]


def register_requests(app: Flask) -> None:
    """What every request begins and ends with, also one that is turned away before anybody asks who sent it."""

    @app.before_request
    def begin() -> None:
        measuring.begin()
        g.request_id = _sane("X-Request-ID")
        g.correlation_id = _sane("X-Correlation-ID")
        g.actor = Actor()
        request.max_content_length = app.config["MAX_BODY_BYTES"] + 1  # for forms; JSON bodies are measured where they are read
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id, correlation_id=g.correlation_id)

    app.after_request(finish)
    measuring.register_measuring(app)


def register_entrance(app: Flask, identify: Identify) -> None:
    """Who sends a request, what they may see, and what it costs them. `identify` may raise NotAuthenticated."""

    @app.before_request
    def enter() -> None:
        if not limits.is_free():
            agent = (request.user_agent.string or "")[:255]
            try:
                g.actor = identify(Origin(request.remote_addr or None, agent, g.request_id))
            except NotAuthenticated:
                limits.charge_address()
                raise
            enter_scope(scope_of(visible_organizations(g.actor)), str(g.actor.id) if g.actor.is_person else NOBODY)
            limits.charge()
        if request.headers.get("X-API-Version", API_VERSION) != API_VERSION:
            raise Malformed("This server speaks version 1 of the API.", code="unsupported_version")


def visible_organizations(actor: Actor) -> set[Any] | None:
    """The organizations that the wall lets this actor through to; None for all."""
    return None if actor.sees_all else set(actor.roles) | set(actor.grants)


def _sane(header: str) -> str:
    given = request.headers.get(header, "")
    return given if SANE.match(given) else uuid4().hex


def finish(answer: Response) -> Response:
    """Headers for all answers, and the line in the log."""
    answer.headers["X-Request-ID"] = g.get("request_id", "")
    answer.headers["X-Correlation-ID"] = g.get("correlation_id", "")
    answer.headers["X-API-Version"] = API_VERSION
    answer.headers.update(ALWAYS)
    if answer.status_code >= 300 and answer.status_code != 304:
        answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("Content-Security-Policy", content_policy())
    if request.path.startswith("/api/"):
        answer.vary.update(["Accept", "Authorization", "X-API-Key", "Cookie"])
    measuring.measure(answer)
    return answer


def content_policy(**other: str) -> str:
    """What a page may load: nothing that is not from here, no script without the nonce or a file.

    A page that needs more says so by directive (`style_src="…"`), and for itself alone.
    """
    own = f"'self' 'nonce-{nonce()}'"
    policy = {"default_src": "'none'", "script_src": own, "style_src": own, "img_src": "'self' data:", "font_src": "'self'",
              "connect_src": "'self'", "form_action": "'self'", "base_uri": "'none'", "frame_ancestors": "'none'", **other}
    return "; ".join(f"{name.replace('_', '-')} {value}" for name, value in policy.items())


def nonce() -> str:
    """This request's nonce for the few scripts that are not files."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)
