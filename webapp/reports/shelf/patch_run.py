"""Patch runs: one row for each update of each run, and the numbers of the live report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from marshmallow import fields

from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Choice, Moment
from webapp.reports import queries
from webapp.reports.shelf import Filters, Kind, Parameters, register
from webapp.reports.values import GRANULARITIES

COLUMNS = ("started_at", "finished_at", "organization", "site", "site_id", "url", "environment", "run_id", "status", "trigger", "operator",
           "evidence", "module", "from_version", "to_version", "security", "update_status", "lag_hours")


class RunFilters(Filters):
    site_id = fields.UUID()
    site = fields.UUID()
    since = Moment(data_key="from", metadata={"description": "From this moment or day on."})
    until = Moment(until=True, data_key="to", metadata={"description": "Before this moment, or up to this day's end (UTC)."})
    granularity = Choice(GRANULARITIES, metadata={"description": "Periods of the trend, in UTC; weeks begin on Monday. month by default."})


def rows(actor: Actor, asked: Parameters, at: datetime) -> Iterator[dict[str, Any]]:
    return queries.stream_run_rows(actor, asked)


register(Kind("patch_run", "Patch runs", RunFilters, COLUMNS, queries.patch_run, queries.count_run_rows, rows))
