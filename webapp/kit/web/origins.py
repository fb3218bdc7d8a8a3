"""Where requests may come from: for hosts of ours, by HTTPS where that is set, and from other origins' scripts where they are named."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_address
from typing import Any

from flask import Flask, Response, redirect, request
from werkzeug.http import parse_set_header
from werkzeug.wrappers import Response as Answer

from webapp.kit.errors import Malformed, PermissionDenied

YEAR = 31_536_000
ALLOWED = ("Authorization", "Content-Encoding", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-API-Key",
           "X-API-Version", "X-Correlation-ID", "X-CSRFToken", "X-Request-ID")
EXPOSED = ("Content-Disposition, Deprecation, ETag, Idempotent-Replayed, Link, Location, RateLimit-Limit, RateLimit-Policy, "
           "RateLimit-Remaining, RateLimit-Reset, Retry-After, Sunset, X-API-Version, X-Correlation-ID, X-Request-ID")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MINUTES_10 = "600"


def register_origins(app: Flask) -> None:
    """ALLOWED_HOSTS, FORCE_HTTPS and CORS_ORIGINS, all before anybody asks who sends a request; probes come as they like."""

    @app.before_request
    def known_host() -> None:
        hosts = app.config["ALLOWED_HOSTS"]
        if hosts and not _is_probe() and _host_name() not in hosts:
            raise Malformed("This server does not answer for that host.", code="unknown_host")

    @app.before_request
    def secure_only() -> Answer | None:
        if not app.config["FORCE_HTTPS"] or request.is_secure or _is_probe():
            return None
        if request.method in ("GET", "HEAD") and not request.path.startswith("/api/"):
            return redirect(request.url.replace("http://", "https://", 1), 308)
        raise PermissionDenied("This server takes requests by HTTPS only.", code="https_required")

    @app.before_request
    def preflight() -> Response | None:
        """A browser's question whether a script may ask; it says nothing of who will, so nobody is charged for it."""
        asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        return Response(status=204) if asked and _has_doors_for_others(app) else None

    @app.after_request
    def say_who_may(answer: Response) -> Response:
        if app.config["FORCE_HTTPS"] and request.is_secure:
            answer.headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        if _has_doors_for_others(app):
            _allow(app, answer)
        return answer


def _is_probe() -> bool:
    return request.path == "/health" or request.path.startswith("/health/")


def _host_name() -> str:
    """The host that the request names, without its port."""
    name, _, port = request.host.lower().rpartition(":")
    return name if port.isdigit() else request.host.lower()


def _has_doors_for_others(app: Flask) -> bool:
    return bool(app.config["CORS_ORIGINS"]) and request.path.startswith("/api/")


def _allow(app: Flask, answer: Response) -> None:
    """Tells a browser that scripts of this origin may read the answer; an origin is named exactly or not at all."""
    answer.vary.add("Origin")
    origin = request.headers.get("Origin")
    if origin not in app.config["CORS_ORIGINS"]:
        return
    answer.headers["Access-Control-Allow-Origin"] = origin
    answer.headers["Access-Control-Expose-Headers"] = EXPOSED
    if app.config["CORS_CREDENTIALS"]:
        answer.headers["Access-Control-Allow-Credentials"] = "true"
    if request.method == "OPTIONS":
        answer.vary.update(["Access-Control-Request-Method", "Access-Control-Request-Headers"])
        known = {name.lower() for name in ALLOWED}
        asked = parse_set_header(request.headers.get("Access-Control-Request-Headers", ""))
        if request.headers.get("Access-Control-Request-Method") in METHODS and all(name.lower() in known for name in asked):
            answer.headers["Access-Control-Allow-Methods"] = ", ".join(METHODS)
            answer.headers["Access-Control-Allow-Headers"] = ", ".join(ALLOWED)
            answer.headers["Access-Control-Max-Age"] = MINUTES_10


class PlainAddresses:
    """Makes the address of the caller one that can be compared and stored, or none at all.

    Proxies write it with a port, in brackets, or IPv4 within IPv6; what is no address came from somebody who makes them up.
    """

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = plain_address(environ.get("REMOTE_ADDR", ""))
        return self.application(environ, start_response)


def plain_address(text: str) -> str:
    """An IP address as text in its shortest form, without port, brackets and zone; empty for what is none."""
    inside = text.strip()
    if inside.startswith("["):
        inside = inside[1:].partition("]")[0]
    elif inside.count(":") == 1:
        inside = inside.partition(":")[0]
    try:
        known = ip_address(inside.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(known, IPv6Address) and known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(known)
