"""Rate limits: per person, key or site where the caller is known, per address where not (contract §1)."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from flask_limiter import HeaderNames, Limiter
from limits import parse_many

from webapp.kit.errors import RateLimited
from webapp.kit.web import counting  # noqa: F401 (being defined, it is what the limiter counts with)

FREE = ("static", "ops_probes.")
REPORTS = ("ingest.",)


def caller() -> str:
    """Whose budget a request is charged to."""
    actor = g.actor
    if actor.site_id and _is_report():
        return f"site:{actor.site_id}"
    return f"{actor.kind}:{actor.id}" if actor.is_known else f"ip:{request.remote_addr}"


def budget() -> str:
    """How much this caller may ask for."""
    actor, config = g.actor, current_app.config
    if actor.site_id and _is_report():
        return str(config["LIMIT_SITE_REPORTS"])
    if not actor.is_known:
        return str(config["LIMIT_ANONYMOUS"])
    return str(config["LIMIT_PERSON" if actor.is_person else "LIMIT_API_KEY"])


def _is_report() -> bool:
    return bool(request.endpoint and request.endpoint.startswith(REPORTS))


limiter = Limiter(
    key_func=caller,
    application_limits=[budget],
    headers_enabled=True,
    in_memory_fallback_enabled=True,
    key_prefix="patchboard",
    header_name_mapping={HeaderNames.LIMIT: "RateLimit-Limit", HeaderNames.REMAINING: "RateLimit-Remaining",
                         HeaderNames.RESET: "RateLimit-Reset"},
)


def register_limits(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_STORAGE_URI", app.config["REDIS_URL"])
    app.config.setdefault("RATELIMIT_STORAGE_OPTIONS", {"socket_timeout": 1, "socket_connect_timeout": 1})
    limiter.init_app(app)
    limiter.request_filter(lambda: not app.config["LIMITS_ENABLED"] or bool(request.endpoint is None or request.endpoint.startswith(FREE)))


def spend(name: str, setting: str, key: str) -> None:
    """Charges one to a budget of its own (log-ins, report building); RateLimited with Retry-After when it is used up."""
    if not current_app.config["LIMITS_ENABLED"]:
        return
    for limit in parse_many(current_app.config[setting]):
        if not limiter.limiter.hit(limit, name, key):
            raise _refusal(limit.get_expiry())


def check(name: str, setting: str, key: str) -> None:
    """Like spend, but charges nothing: for budgets of failures."""
    if not current_app.config["LIMITS_ENABLED"]:
        return
    for limit in parse_many(current_app.config[setting]):
        if not limiter.limiter.test(limit, name, key):
            raise _refusal(limit.get_expiry())


def _refusal(seconds: int) -> RateLimited:
    return RateLimited(headers={"Retry-After": str(seconds)})
