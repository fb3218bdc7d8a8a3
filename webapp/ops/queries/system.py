"""Figures of the whole system, in statements whose cost does not grow with the fleet; only counting reports reads a week of them."""

from __future__ import annotations

import platform
from datetime import datetime, timedelta
from typing import Any

from webapp.audit.queries import find_chain_state
from webapp.kit.clock import stamp
from webapp.kit.db import execute, rows
from webapp.kit.permissions import Actor, Permission

DAYS = 7
COUNTS = """
SELECT (SELECT count(*) FROM organizations WHERE deleted_at IS NULL) AS organizations,
    (SELECT count(*) FROM sites WHERE deleted_at IS NULL) AS sites,
    (SELECT count(*) FROM sites WHERE deleted_at IS NULL AND last_report_at > now() - interval '1 day') AS sites_reporting,
    (SELECT count(*) FROM users WHERE deleted_at IS NULL) AS users,
    (SELECT count(*) FROM users WHERE deleted_at IS NULL AND last_login_at > now() - interval '30 days') AS users_active,
    (SELECT count(*) FROM api_keys WHERE deleted_at IS NULL AND (expires_at IS NULL OR expires_at > now())) AS api_keys
"""
REPORTS = """
SELECT (received_at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE outcome = 'accepted') AS accepted,
    count(*) FILTER (WHERE outcome = 'unchanged') AS unchanged, count(*) FILTER (WHERE outcome = 'refused') AS refused
FROM inventory_reports WHERE received_at >= :since GROUP BY 1 ORDER BY 1
"""
TABLES = """
SELECT coalesce(parent.relname, c.relname) AS name, sum(pg_total_relation_size(c.oid))::bigint AS bytes,
    sum(greatest(c.reltuples, 0))::bigint AS rows, count(parent.oid) AS partitions,
    coalesce(sum(greatest(c.reltuples, 0)) FILTER (WHERE parent.oid IS NOT NULL AND c.relname LIKE '%\\_default'), 0)::bigint AS strays
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY 2 DESC
"""
JOBS = "SELECT state, queue, count(*) AS jobs, min(created_at) AS oldest FROM job_outbox GROUP BY state, queue ORDER BY queue, state"


def find_stats(actor: Actor, version: str, at: datetime) -> dict[str, Any]:
    """What there is, what came in day by day, how large the database is, what waits, and which versions run."""
    actor.require(Permission.SYSTEM_OPERATE)
    execute("SET LOCAL statement_timeout = 10000")
    counts, chain = rows(COUNTS)[0]._mapping, find_chain_state()
    return {
        **counts, "reports_by_day": _reports(at), "database": _database(),
        "jobs": [{"queue": row.queue, "state": row.state, "jobs": row.jobs, "oldest_at": stamp(row.oldest)} for row in rows(JOBS)],
        "audit": {"sealed": chain.head.position, "head": str(chain.head), "sealed_at": stamp(chain.sealed_at), "unsealed": chain.unsealed,
                  "checked_at": stamp(chain.checked_at), "findings": chain.findings, "first_finding": chain.first_finding},
        "versions": {"patchboard": version, "python": platform.python_version(),
                     "postgresql": rows("SHOW server_version")[0].server_version},
    }


def _reports(at: datetime) -> list[dict[str, Any]]:
    """The last seven days, today included, each with its reports; a day without any is there too."""
    first = at.date() - timedelta(days=DAYS - 1)
    found = {row.day: row for row in rows(REPORTS, since=at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS - 1))}
    days = [first + timedelta(days=number) for number in range(DAYS)]
    kinds = ("accepted", "unchanged", "refused")
    return [{"day": day} | {kind: getattr(found.get(day), kind, 0) for kind in kinds} for day in days]


def _database() -> dict[str, Any]:
    """Size, and tables with their partitions; numbers of rows are PostgreSQL's estimates. Rows in a default partition are strays."""
    tables = [dict(row._mapping) for row in rows(TABLES)]
    return {"bytes": rows("SELECT pg_database_size(current_database()) AS bytes")[0].bytes, "tables": tables}
