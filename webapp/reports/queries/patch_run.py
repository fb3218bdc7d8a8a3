"""Patch runs in numbers: what was done, how soon after a release, and whether in time.

A run lies where it finished (where it started, as long as it has not finished); periods are UTC, weeks begin on Monday. Posted
and inferred runs count alike. Update lag goes from the release of the version, or from the publication of the first advisory that
the update closed, to the report that first shows it (contract §6); a version of which neither is known is left out, and no data is
null, never zero. Deadlines are those of exposures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import text

from webapp.accounts.models import Team
from webapp.accounts.values import team_measured, team_window
from webapp.catalog.versions import is_upgrade
from webapp.kit.db import db, rows
from webapp.kit.listing import STREAM
from webapp.kit.permissions import Actor, Permission
from webapp.reports.queries import statements
from webapp.reports.values import SEVERITIES

MOST_PERIODS = 1000
WHOLE, BY_PERIOD, BY_SITE, BY_TEAM = 7, 3, 5, 6
BY_SEVERITY = 2
Numbers = dict[str, Any]


def patch_run(actor: Actor, asked: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The whole report: totals, update lag, deadlines, trend, and the runs by site, by module and by team."""
    values = values_of(actor, asked)
    by_set: dict[int, list[Any]] = {WHOLE: [], BY_PERIOD: [], BY_SITE: [], BY_TEAM: []}
    for row in rows(statements.RUNS, **values):
        by_set[row.part].append(row)
    lags = _lags(values)
    totals = by_set[WHOLE][0]
    return {
        "totals": _numbers(totals, sites=totals.sites), "update_lag": _update_lag(lags), "sla": _sla(values, at),
        "trend": _trend(by_set[BY_PERIOD], lags[BY_PERIOD], values["granularity"]),
        "by_site": [_numbers(row, site={"id": str(row.site_id), "name": row.site}, last_run_at=row.last_run_at)
                    for row in sorted(by_set[BY_SITE], key=lambda row: (-row.runs, row.site))],
        "by_module": [dict(row._mapping) for row in rows(statements.MODULES, **values)],
        "by_team": [_numbers(row, team_id=row.team_id and str(row.team_id), name=row.team_id and row.team, sites=row.sites)
                    for row in sorted(by_set[BY_TEAM], key=lambda row: (-row.runs, str(row.team_id)))],
    }


def values_of(actor: Actor, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of all statements: what the actor may see, and the filters (null where there is none)."""
    where = actor.organizations(Permission.REPORT_READ)
    filters = {name: asked.get(name) for name in ("organization_id", "team_id", "since", "until")}
    site = asked.get("site_id")
    if actor.site_id is not None and site not in (None, actor.site_id):
        where = frozenset()  # a site's key sees its own site alone
    return {"everything": where is None, "organizations": sorted(where or (), key=str), "site_id": actor.site_id or site,
            "granularity": asked.get("granularity", "month"), **filters}


def _numbers(row: Any, **more: Any) -> Numbers:
    rate = round(row.successes / row.runs, 4) if row.runs else None
    return {**more, "runs": row.runs, "updates": row.updates, "security_updates": row.security_updates, "success_rate": rate}


def _lags(values: dict[str, Any]) -> dict[int, list[Any]]:
    """Lag in numbers, of all updates, by period, and of security updates; empty where no release date is known."""
    found: dict[int, list[Any]] = {WHOLE: [], BY_PERIOD: [], BY_SEVERITY: []}
    steps = [(row.from_version, row.to_version) for row in rows(statements.STEPS, **values)]
    up = [step for step in steps if is_upgrade(*step)]
    if up:
        for row in rows(statements.LAGS, **values, before=[step[0] for step in up], after=[step[1] for step in up]):
            found[{3: WHOLE, 1: BY_PERIOD, 2: BY_SEVERITY}[row.part]].append(row)
    return found


def _hours(value: float | None) -> float | None:
    return None if value is None else round(float(value), 2)


def _lag(row: Any) -> dict[str, Any]:
    return {"median_hours": _hours(row and row.median), "p90_hours": _hours(row and row.p90), "updates": row.updates if row else 0}


@team_measured.connect
def measure_lag(actor: Actor, team: Team, at: datetime) -> dict[str, Any]:
    """How soon the sites of a team had their updates lately, as this report says it of the team and those days."""
    return {"update_lag_last_30d": _lag(next(iter(_lags(values_of(actor, {"team_id": team.id, "since": team_window(at)}))[WHOLE]), None))}


def _update_lag(lags: dict[int, list[Any]]) -> dict[str, Any]:
    """Median and 90th percentile (interpolated); by severity, of security updates alone; one without an advisory is unknown."""
    judged = {row.severity: row for row in lags[BY_SEVERITY] if row.severity}
    return {**_lag(next(iter(lags[WHOLE]), None)), "by_severity": {name: _lag(judged.get(name)) for name in SEVERITIES}}


def _sla(values: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Exposures that ended in this time, against their deadlines; `open_overdue` are those that are late now, whatever the time.

    They are the lists at `/exposures?state=fixed` (`breached` tells the two apart) and `/exposures?overdue=true&runs=true`.
    """
    row = rows(statements.SLA, **values, at=at)[0]
    judged = row.within + row.breached
    return {**row._mapping, "percentage": round(100 * row.within / judged, 2) if judged else None}


def _trend(runs: list[Any], lags: list[Any], granularity: str) -> list[Numbers]:
    """Every period from the first to the last with anything in it; quiet ones too, unless that made more than a thousand."""
    by_period = {row.period: row for row in runs}
    lag_by_period = {row.period: row for row in lags}
    known = sorted({*by_period, *lag_by_period})
    return [_period(each, by_period.get(each), lag_by_period.get(each)) for each in _filled(known, granularity)]


def _period(start: date, runs: Any, lag: Any) -> Numbers:
    numbers = _numbers(runs) if runs else {"runs": 0, "updates": 0, "security_updates": 0, "success_rate": None}
    return {"period": start.isoformat(), **numbers, "median_lag_hours": _hours(lag.median) if lag else None}


def _filled(known: list[date], granularity: str) -> list[date]:
    if not known:
        return []
    filled = [known[0]]
    while filled[-1] < known[-1] and len(filled) <= MOST_PERIODS:
        filled.append(_after(filled[-1], granularity))
    return filled if len(filled) <= MOST_PERIODS else known


def _after(start: date, granularity: str) -> date:
    if granularity == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if granularity == "week" else 1)


def count_run_rows(actor: Actor, asked: Mapping[str, Any]) -> int:
    """How many rows `stream_run_rows` has."""
    return int(rows(statements.COUNT, **values_of(actor, asked))[0].rows)


def stream_run_rows(actor: Actor, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each update of each run (one for a run without updates), newest run first, in portions."""
    statement = text(statements.ROWS).execution_options(yield_per=STREAM)
    for portion in db.session.execute(statement, values_of(actor, asked)).partitions(STREAM):
        for row in portion:
            lag = row.lag_hours if is_upgrade(row.from_version, row.to_version) else None
            yield {**row._mapping, "run_id": str(row.run_id), "site_id": str(row.site_id), "lag_hours": _hours(lag)}
