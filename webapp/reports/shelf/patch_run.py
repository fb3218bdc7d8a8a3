"""Patch runs: one row for each update of each run, and the numbers of the live report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from marshmallow import fields

from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Choice
from webapp.reports import queries
from webapp.reports.shelf import Kind, Parameters, Timed, register
from webapp.reports.values import GRANULARITIES, Printed, Section

COLUMNS = ("started_at", "finished_at", "organization", "site", "site_id", "url", "environment", "run_id", "status", "trigger", "operator",
           "evidence", "module", "from_version", "to_version", "security", "update_status", "lag_hours")
MOST_PERIODS = 24
MOST_LINES = 15


class RunFilters(Timed):
    site_id = fields.UUID()
    site = fields.UUID()
    granularity = Choice(GRANULARITIES, metadata={"description": "Periods of the trend, in UTC; weeks begin on Monday. month by default."})


def rows(actor: Actor, asked: Parameters, at: datetime) -> Iterator[dict[str, Any]]:
    return queries.stream_run_rows(actor, asked)


def count(actor: Actor, asked: Parameters, at: datetime) -> int:
    return queries.count_run_rows(actor, asked)


def sections(summary: Mapping[str, Any]) -> list[Section]:
    """Lag and deadlines, the trend as a chart, and the sites and teams with most runs."""
    lag, sla = summary["update_lag"], summary["sla"]
    periods = summary["trend"][-MOST_PERIODS:]
    numbers = ("runs", "updates", "security_updates")
    series = [{"key": "2", "label": "Security updates", "values": [each["security_updates"] for each in periods]},
              {"key": "1", "label": "Other updates", "values": [each["updates"] - each["security_updates"] for each in periods]}]
    labels = [f"{date.fromisoformat(each['period']):%b %Y}" for each in periods]
    by_severity = [(name, each["updates"], each["median_hours"], each["p90_hours"]) for name, each in lag["by_severity"].items()
                   if each["updates"]]
    return [
        Section("Update lag", ("Updates", "Known", "Median hours", "90th percentile"),
                [("All", lag["updates"], lag["median_hours"], lag["p90_hours"]), *by_severity],
                "From the release (or the advisory that the update closed) to the report that first shows the version."),
        Section("Deadlines", ("", "Findings"), [("Fixed within their deadline", sla["within"]), ("Fixed after it", sla["breached"]),
                                                ("Open and late now", sla["open_overdue"])]),
        Section("Trend", note=f"The last {MOST_PERIODS} periods." if len(summary["trend"]) > MOST_PERIODS else "",
                chart={"draw": "columns", "series": series, "labels": labels, "finding": "Updates by period"} if periods else None),
        Section("Sites with most runs", ("Site", "Runs", "Updates", "Security updates"),
                [(each["site"]["name"], *(each[name] for name in numbers)) for each in summary["by_site"][:MOST_LINES]]),
        Section("Teams", ("Team", "Runs", "Updates", "Security updates"),
                [(each["name"] or "Sites without a team", *(each[name] for name in numbers)) for each in summary["by_team"][:MOST_LINES]]),
    ]


PRINTED = (Printed("started_at", "Began"), Printed("site", "Site"), Printed("status", "Status"), Printed("evidence", "Evidence"),
           Printed("module", "Module"), Printed("from_version", "From"), Printed("to_version", "To"), Printed("security", "Security"),
           Printed("lag_hours", "Lag, hours", True))
register(Kind("patch_run", "Patch runs", "What was updated, when, and did it hold", RunFilters, COLUMNS, queries.patch_run, count, rows,
              sections, PRINTED))
