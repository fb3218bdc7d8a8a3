"""Who is, or at a moment was, exposed to what: the findings of `/exposures` with their totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_

from webapp.exposure.queries import find_exposures
from webapp.kit.db import db
from webapp.kit.permissions import Actor
from webapp.reports.values import SEVERITIES

COUNTED = ("state", "severity", "organization_id", "organization_name", "site_id", "advisory_id", "runs", "overdue", "verified")
WHOLE, BY_SEVERITY, BY_ORGANIZATION = 3, 1, 2
"""What PostgreSQL's grouping() says of each set: a bit for each column that is not in it."""


def exposure_summary(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The findings in numbers: all of them, by severity and by organization. What stands open is of code that may run."""
    found = find_exposures(actor, asked, at).only(*COUNTED)
    running = (found.c.state == "open", found.c.runs)
    columns: list[Any] = [
        func.count().label("findings"), func.count().filter(*running).label("open"),
        func.count().filter(found.c.overdue, found.c.runs).label("overdue"),
        func.count().filter(*running, ~found.c.verified).label("unverified"),
        func.count().filter(found.c.state == "open", ~found.c.runs).label("not_enabled"),
        func.count().filter(found.c.state == "accepted").label("accepted"),
        func.count().filter(found.c.state == "false_positive").label("false_positive"),
        func.count().filter(found.c.state == "fixed").label("fixed"),
        func.count(found.c.site_id.distinct()).filter(*running).label("sites_open"),
        func.count(found.c.advisory_id.distinct()).filter(*running).label("advisories_open")]
    names = [each.name for each in columns]
    keys = (found.c.severity, found.c.organization_id)
    columns += [func.grouping(*keys).label("part"), *keys, func.max(found.c.organization_name).label("organization")]
    sets = func.grouping_sets(tuple_(), tuple_(found.c.severity), tuple_(found.c.organization_id))
    by_set: dict[int, list[Any]] = {WHOLE: [], BY_SEVERITY: [], BY_ORGANIZATION: []}
    for row in db.session.execute(select(*columns).group_by(sets)):
        by_set[row.part].append(row)

    def numbers(row: Any) -> dict[str, int]:
        return {name: getattr(row, name) for name in names}

    severities = {row.severity: row for row in by_set[BY_SEVERITY]}
    return {
        "totals": numbers(by_set[WHOLE][0]),
        "by_severity": [{"severity": name, **numbers(severities[name])} for name in SEVERITIES if name in severities],
        "by_organization": [{"organization": {"id": row.organization_id, "name": row.organization}, **numbers(row)}
                            for row in sorted(by_set[BY_ORGANIZATION], key=lambda row: (-row.open, row.organization.lower()))]}


def count_exposures(actor: Actor, asked: Mapping[str, Any], at: datetime) -> int:
    """How many rows `stream_exposures` has."""
    return find_exposures(actor, asked, at).count()


def stream_exposures(actor: Actor, asked: Mapping[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
    """The findings in the order of their list, open ones first, in portions."""
    for row in find_exposures(actor, asked, at).stream():
        yield {**row, "organization": row["organization_name"], "site": row["site_name"], "site_id": str(row["site_id"]),
               "team": row["team_name"], "owner": row["owner_name"], "decision": row["reason"], "decision_ends_at": row["expires_at"]}
