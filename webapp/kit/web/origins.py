"""Where requests may come from: only by HTTPS where that is set, and from other origins' scripts only where they are named."""

from __future__ import annotations

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from webapp.kit.errors import PermissionDenied

YEAR = 31_536_000
ALLOWED = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-API-Key, X-API-Version, X-Request-ID, X-Correlation-ID"
EXPOSED = "ETag, Location, Link, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, X-Request-ID"
METHODS = "GET, POST, PUT, PATCH, DELETE"


def register_origins(app: Flask) -> None:
    """FORCE_HTTPS sends readers on and refuses the rest; CORS_ORIGINS names the origins whose scripts may call the API."""

    @app.before_request
    def secure_only() -> Answer | None:
        if not app.config["FORCE_HTTPS"] or request.is_secure or request.path.startswith("/health"):
            return None
        if request.method in ("GET", "HEAD"):
            return redirect(request.url.replace("http://", "https://", 1), 308)
        raise PermissionDenied("This server takes requests by HTTPS only.", code="https_required")

    @app.after_request
    def say_who_may(answer: Response) -> Response:
        if app.config["FORCE_HTTPS"] and request.is_secure:
            answer.headers["Strict-Transport-Security"] = f"max-age={YEAR}; includeSubDomains"
        if not app.config["CORS_ORIGINS"] or not request.path.startswith("/api/"):
            return answer
        answer.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in app.config["CORS_ORIGINS"]:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = EXPOSED
            if request.method == "OPTIONS":
                answer.headers |= {"Access-Control-Allow-Methods": METHODS, "Access-Control-Allow-Headers": ALLOWED,
                                   "Access-Control-Max-Age": "600"}
        return answer
