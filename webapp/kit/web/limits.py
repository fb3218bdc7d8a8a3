"""Rate limits: per person, key or site where the caller is known, per address where not (contract §1).

A setting names one limit or several (`1000/hour;300/minute`): the long one is the budget, the short one says how much of it may
come at once. Unknown paths count like known ones; health and metrics are never limited.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many

from webapp.kit import security
from webapp.kit.errors import RateLimited
from webapp.kit.web.counting import STRATEGY, Counters, Standing

FREE = ("static", "ops_probes.", "insights_hooks.")
"""Probes are never limited; receivers of webhooks know nobody before they have looked, and charge their callers themselves."""
REPORTS = ("ingest.",)
NETWORK = 64
"""Of an IPv6 address the bits that tell one customer from another; the rest is theirs to change with every request."""
def register_limits(app: Flask) -> None:
    app.config.setdefault("RATELIMIT_STORAGE_URI", app.config["REDIS_URL"])
    limiter.init_app(app)
    app.after_request(say_limits)


def is_free() -> bool:
    """Whether this request is charged to nobody beforehand, and comes from nobody who is known."""
    return (request.endpoint or "").startswith(FREE)


def caller() -> str:
    """Whose budget a request is charged to."""
    actor = g.actor
    if actor.site_id and _is_report():
        return f"site:{actor.site_id}"
    return f"{actor.kind}:{actor.id}" if actor.is_known else address()


def address() -> str:
    """Where a request comes from, as a budget's owner: the address, or of IPv6 the network."""
    given = request.remote_addr or "nowhere"
    try:
        known = ip_address(given)
    except ValueError:
        return f"ip:{given}"
    if isinstance(known, IPv6Address):
        return f"ip:{IPv6Address(int(known) >> NETWORK << NETWORK)}/{NETWORK}"
    return f"ip:{known}"


def budget() -> str:
    """The setting that says how much this caller may ask for."""
    actor = g.actor
    if actor.site_id and _is_report():
        return "LIMIT_SITE_REPORTS"
    if not actor.is_known:
        return "LIMIT_ANONYMOUS"
    return "LIMIT_PERSON" if actor.is_person else "LIMIT_API_KEY"


def _is_report() -> bool:
    return bool(request.endpoint and request.endpoint.startswith(REPORTS))


limiter = Limiter(key_func=caller, strategy=STRATEGY)
"""Keeps the storage; it is given no limits of its own, because it would not count what has no route."""
counters = Counters(limiter)


def charge() -> None:
    """Charges this request to its caller; RateLimited when the budget is used up."""
    spend("requests", budget(), caller())


def charge_address() -> None:
    """Charges a request whose token or key was wrong to the address that it came from: who guesses is soon told to wait."""
    spend("requests", "LIMIT_ANONYMOUS", address())


def spend(name: str, setting: str, key: str) -> None:
    """Charges one to a budget, also one of its own (log-ins, exports); RateLimited with Retry-After when it is used up."""
    _count(name, setting, key, 1)


def check(name: str, setting: str, key: str) -> None:
    """Like spend, but charges nothing: for budgets of failures."""
    _count(name, setting, key, 0)


def give_back(name: str, setting: str, key: str) -> None:
    """Takes a charge back: what was charged beforehand, so that a hundred tries at once are a hundred, and then was no failure."""
    if current_app.config["LIMITS_ENABLED"]:
        for limit in _limits(setting):
            counters.count(limit, name, key, -1)


def _count(name: str, setting: str, key: str, amount: int) -> None:
    if not current_app.config["LIMITS_ENABLED"]:
        return
    found: list[Standing] = []
    for limit in _limits(setting):
        found.append(counters.count(limit, name, key, amount))
        if not found[-1].is_within:
            g.standings = found[-1:]
            if name.endswith("failures"):
                security.tell(g.actor, security.Event("sign_in.locked_out", "failure"))
            raise RateLimited(headers={"Retry-After": str(found[-1].wait)})
    if name == "requests":
        g.standings = found


def _limits(setting: str) -> list[RateLimitItem]:
    return parse_many(current_app.config[setting])


def say_limits(answer: Response) -> Response:
    """RateLimit headers of the limit that is nearest to its end (seconds until it begins anew), and all of them as the policy."""
    standings: list[Standing] = g.get("standings", [])
    if standings:
        nearest = min(standings, key=lambda each: (each.remaining, -each.window))
        answer.headers["RateLimit-Limit"] = str(nearest.limit)
        answer.headers["RateLimit-Remaining"] = str(nearest.remaining if nearest.is_within else 0)
        answer.headers["RateLimit-Reset"] = str(nearest.reset if nearest.is_within else nearest.wait)
        answer.headers["RateLimit-Policy"] = ", ".join(f"{each.limit};w={each.window}" for each in standings)
    return answer
