"""Time to fix: the figures, each with the way to the list that it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response

from webapp.exposure import queries
from webapp.exposure.pages.door import P, pages
from webapp.exposure.queries.statistics import BEHIND, COUNTED, SPANS
from webapp.exposure.schemas import StatisticsQuery
from webapp.fleet.pages.words import teams_to_choose
from webapp.fleet.queries import get_site
from webapp.kit.clock import now, stamp
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import Filters, page, within

PATH = "/exposures/time-to-fix"
WORDS = {"since": "from", "until": "to"}
MOST_MONTHS = 24
"""Months that the charts show; the table has all of them."""


@pages.get(PATH, needs=P.EXPOSURE_READ, query=StatisticsQuery)
def show_time_to_fix(actor: Actor, query: dict[str, Any]) -> Response:
    """How long are holes open, and how many still are?"""
    at, asked = now(), within(actor, query)
    figures, filters = queries.time_to_fix(actor, asked, at), Filters()
    site = get_site(actor, asked["site_id"]) if "site_id" in asked else None
    return page("exposure/time_to_fix.html", block="results", figures=figures, filters=filters, lists=Lists(asked, at), now=at,
                site=site, trend=trend_of(figures["by_month"][-MOST_MONTHS:]), most=MOST_MONTHS,
                teams=teams_to_choose(actor, asked.get("organization_id")), json="/api/v1/exposures/statistics?" + filters_of(asked))


@dataclass(frozen=True, slots=True)
class Lists:
    """The addresses of the findings that a number counts: `lists('fixed', row)`, `lists('within_24_hours', row, of=True)`."""

    asked: Mapping[str, Any]
    at: datetime

    def __call__(self, number: str, row: Mapping[str, Any] | None = None, of: bool = False, sort: str | None = None) -> str:
        asked = {**self.asked, **COUNTED, **self._row(row or {})}
        if number in SPANS:
            hours = SPANS[number]
            old = self.at - timedelta(hours=hours)
            asked["until"] = min(old, asked.get("until", old))
            asked |= {} if of else {"state": ["fixed"], "fixed_within": hours}
        else:
            asked |= BEHIND[number]
        if "overdue" in asked:
            del asked["state"]
        return "/exposures?" + filters_of({**asked, **({"sort": sort} if sort else {})})

    def _row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What narrows the list to one row of a table."""
        if "severity" in row:
            return {"severity": [row["severity"]]}
        if "organization" in row:
            return {"organization_id": row["organization"]["id"]}
        if "month" not in row:
            return {}
        first = datetime.combine(date.fromisoformat(row["month"]), datetime.min.time(), UTC)
        after = (first + timedelta(days=31)).replace(day=1)
        return {"since": max(first, self.asked.get("since", first)), "until": min(after, self.asked.get("until", after))}


def filters_of(asked: Mapping[str, Any]) -> str:
    """A query string that is read as these filters."""
    return urlencode({WORDS.get(name, name): _written(value) for name, value in asked.items()})


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return str(stamp(value))
    return ",".join(value) if isinstance(value, list) else str(value)


def trend_of(months: list[dict[str, Any]]) -> dict[str, Any]:
    """Findings and medians by month as the charts show them, and each finding in a sentence; what is not known is a gap."""
    labels = [f"{date.fromisoformat(row['month']):%b %Y}" for row in months]
    known = [(label, row["median_hours"]) for label, row in zip(labels, months, strict=True) if row["median_hours"] is not None]
    open_now, fixed, accepted = (sum(row[name] for row in months) for name in ("open", "fixed", "accepted"))
    series = [{"key": "vulnerable", "label": "Still open", "values": [row["open"] for row in months]},
              {"key": "unknown", "label": "Accepted", "values": [row["accepted"] for row in months]},
              {"key": "ok", "label": "Fixed", "values": [row["fixed"] for row in months]}]
    lines = [{"key": "1", "label": "", "unit": "h", "values": [row["median_hours"] for row in months]}]
    return {"labels": labels, "findings": series, "medians": lines if known else [],
            "finding": f"{fixed:,} fixed, {open_now:,} still open, {accepted:,} accepted",
            "median_finding": "; ".join(f"{label}: {hours:,} hours" for label, hours in (known[:1] + known[-1:])) or "Nothing is fixed"}
