"""Who asks for what and how often, added up by what the operator wants to see."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.kit.db import rows
from webapp.kit.errors import Invalid
from webapp.kit.listing import Listing
from webapp.kit.models import ApiUsage
from webapp.kit.permissions import Actor, Permission
from webapp.kit.usage import BUCKETS, SUMS, percentile

CALLER = ("caller", "caller_kind", "caller_id")
GROUPS = {"all": ("day", *CALLER, "route", "method"), "caller": CALLER, "route": ("route", "method"), "day": ("day",)}
"""What is told apart, by `group_by`; `all` are the rows as they were counted."""
COLUMNS = ("day", *CALLER, "route", "method")
NAMES = """
SELECT id, name || ' (' || prefix || '…)' AS name, deleted_at IS NULL AS has_page FROM api_keys WHERE id = ANY(:ids)
UNION ALL SELECT id, email, deleted_at IS NULL FROM users WHERE id = ANY(:ids)
"""


def find_usage(actor: Actor, asked: dict[str, Any]) -> Listing:
    """Requests, errors and times by `group_by`, most requests of the newest day first. Times are seconds; days are UTC.

    Invalid for a sort by what is not told apart.
    """
    actor.require(Permission.SYSTEM_OPERATE)
    names = GROUPS[asked.get("group_by", "all")]
    if any(key.removeprefix("-") in {"day", "route"} - set(names) for key in asked.get("sort", ())):
        raise Invalid.at("sort", "What is not told apart cannot be sorted by.")
    inner = _summed(names, asked)
    mean = (inner.c.seconds / inner.c.requests).label("mean")
    statement = select(*inner.c, mean)
    sorts = {name: inner.c[name] for name in ("day", "route", "requests", "errors") if name in inner.c} | {"mean": mean}
    default = "-day,-requests" if "day" in names else "-requests"
    tie = func.concat_ws(" ", *(inner.c[name] for name in names))
    return Listing(statement, sorts, default, tie, shape=_shaped, prepare=with_names)


def _summed(names: tuple[str, ...], asked: dict[str, Any]) -> Any:
    keys = [getattr(ApiUsage, name) for name in names]
    sums = [func.sum(getattr(ApiUsage, name)).label(name) for name in SUMS]
    return _matching(select(*keys, *sums), asked).group_by(*keys).subquery()


def _matching(statement: Select[Any], asked: dict[str, Any]) -> Select[Any]:
    for name, column in (("route", ApiUsage.route), ("method", ApiUsage.method), ("caller_kind", ApiUsage.caller_kind)):
        if name in asked:
            statement = statement.where(column == asked[name])
    for name, kind in (("api_key_id", "api_key"), ("user_id", "user")):
        if name in asked:
            statement = statement.where(ApiUsage.caller_kind == kind, ApiUsage.caller_id == asked[name])
    if "since" in asked:
        statement = statement.where(ApiUsage.day >= asked["since"].date())
    if "until" in asked:
        statement = statement.where(ApiUsage.day < asked["until"])
    return statement


def _shaped(row: Any) -> Any:
    values = row._mapping
    told = {name: values.get(name) for name in COLUMNS}
    buckets = {name: int(values[name]) for name in BUCKETS}
    requests, errors = int(values["requests"]), int(values["errors"])
    return SimpleNamespace(
        **told, requests=requests, errors=errors, error_rate=round(errors / requests * 100, 2), caller_name=None,
        mean_ms=round(values["mean"] * 1000, 1), p95_ms=round((percentile(buckets, 0.95) or 0) * 1000, 1))


def with_names(found: list[Any]) -> list[Any]:
    """The rows with what their callers are called now, in one statement; who is deleted has a name and no page."""
    ids: set[UUID] = {row.caller_id for row in found if row.caller_id}
    named = {row.id: row for row in rows(NAMES, ids=list(ids))} if ids else {}
    for row in found:
        who = named.get(row.caller_id)
        row.caller_name, row.has_page = (who.name, who.has_page) if who else (None, False)
    return found


def find_routes() -> list[str]:
    """The routes that were asked for, to filter by."""
    return [row.route for row in rows("SELECT DISTINCT route FROM api_usage ORDER BY route")]
