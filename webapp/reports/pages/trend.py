"""The trend of patch runs as charts and their table show it."""

from __future__ import annotations

from datetime import date
from typing import Any

from webapp.kit.web.formatting import thousands

NOUNS = {"day": "day", "week": "week", "month": "month"}


def trend_of(periods: list[dict[str, Any]], granularity: str) -> dict[str, Any]:
    """Series of updates and of lag by period, and the finding in a sentence; what is not known is a gap."""
    security = [each["security_updates"] for each in periods]
    other = [each["updates"] - each["security_updates"] for each in periods]
    lags = [each["median_lag_hours"] for each in periods]
    return {
        "noun": NOUNS[granularity], "labels": labels_of([date.fromisoformat(each["period"]) for each in periods], granularity),
        "updates": [{"key": "2", "label": "Security updates", "values": security}, {"key": "1", "label": "Other updates", "values": other}],
        "lag": [{"key": "1", "label": "", "values": lags, "unit": "h"}] if any(lag is not None for lag in lags) else [],
        "lag_table": [{"label": "Hours", "values": lags}],
        "rows": periods, "finding": finding_of(periods, granularity), "lag_finding": lag_finding_of(periods, granularity),
    }


def labels_of(starts: list[date], granularity: str) -> list[str]:
    """What each period is called; with its year where several years are there."""
    if granularity == "month":
        return [f"{each:%b %Y}" for each in starts]
    several = len({each.year for each in starts}) > 1
    return [f"{each.day} {each:%b %Y}" if several else f"{each.day} {each:%b}" for each in starts]


def finding_of(periods: list[dict[str, Any]], granularity: str) -> str:
    """What the chart of updates shows: how many, how many of them security, and the highest period."""
    if not periods:
        return "Nothing to show"
    top = max(periods, key=lambda each: each["updates"])
    name = labels_of([date.fromisoformat(top["period"])], granularity)[0]
    updates, security = (sum(each[key] for each in periods) for key in ("updates", "security_updates"))
    return (f"{thousands(updates)} updates, {thousands(security)} of them security; most in the {NOUNS[granularity]} of {name}, "
            f"{thousands(top['updates'])}")


def lag_finding_of(periods: list[dict[str, Any]], granularity: str) -> str:
    """What the chart of lag shows: the first and the last value that is known."""
    known = [each for each in periods if each["median_lag_hours"] is not None]
    if not known:
        return "Nothing known"
    names = labels_of([date.fromisoformat(each["period"]) for each in (known[0], known[-1])], granularity)
    return (f"Median hours from release to report: {known[0]['median_lag_hours']:,} in the {NOUNS[granularity]} of {names[0]}, "
            f"{known[-1]['median_lag_hours']:,} in that of {names[1]}")
