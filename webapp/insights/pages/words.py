"""What numbers are called, how they moved in words, and the addresses of the lists behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from webapp.kit.web.formatting import hours, percent

WORDS: Final = {
    "environment": {"production": "Production", "staging": "Staging", "testing": "Testing", "development": "Development"},
    "status": {"success": "Succeeded", "failure": "Failed", "cancelled": "Cancelled"},
    "severity": {"critical": "Critical", "high": "High", "moderate": "Moderate", "low": "Low"},
    "state": {"open": "Open", "resolved": "Resolved"},
    "cause_kind": {"explicit": "Named", "inferred": "Inferred", "none": "None"},
    "sprint": {"planned": "Planned", "active": "Begun", "closed": "Closed"},
    "change_kind": {"commit": "Commits", "module_update": "Module updates", "security_fix": "Security fixes", "all": "All changes"},
    "granularity": {"daily": "by day", "weekly": "by week", "monthly": "by month"},
}
NOUNS: Final = {"daily": "day", "weekly": "week", "monthly": "month"}
LISTS: Final[dict[str, dict[str, str]]] = {
    "deployment_frequency": {"status": "success"}, "change_failure_rate": {"failed": "true"}, "all": {"changed": "true"},
    "time_to_restore": {"failed": "true", "restored": "true"}, "not_restored": {"failed": "true", "restored": "false"},
    "deployment_rework_rate": {"rework": "true"}}
SCOPE: Final = ("organization_id", "team_id", "repository_id", "site_id")


def options(name: str) -> list[dict[str, str]]:
    """The values of a filter with what they are called."""
    return [{"value": value, "label": label} for value, label in WORDS[name].items()]


class Lists:
    """The addresses of the deployments behind the numbers of a window: `lists('change_failure_rate')`."""

    def __init__(self, window: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
        scope = {name: str(asked[name]) for name in SCOPE if asked.get(name)}
        self.query = {"environment": "production", "from": window["start"], "to": window["end"], **scope}

    def __call__(self, name: str) -> str:
        return "/deployments?" + urlencode({**self.query, **LISTS[name]})


def moved(figure: Mapping[str, Any], days: float) -> str:
    """How a number stands to the window before, in words: "12 % more than in the 90 days before, which is better"."""
    return moved_since(figure, f"{days:g} days")


def moved_since(figure: Mapping[str, Any], before: str) -> str:
    """How a number stands to what was before, in words; `before` names that: "90 days"."""
    detail = figure["trend_detail"]
    if detail["reason"]:
        return "too few to compare with the time before"
    if figure["trend"] == "stable":
        return f"about as in the {before} before"
    change = detail["change_percent"]
    much = "" if change is None else f"{percent(abs(change))} "
    word = "more" if figure["trend"] == "increasing" else "less"
    return f"{much}{word} than in the {before} before, which is {'better' if detail['improving'] else 'worse'}"


def labels_of(points: list[dict[str, Any]], granularity: str) -> list[str]:
    """What each period is called; with its year where there are several."""
    days = [date.fromisoformat(each["period"]) for each in points]
    if granularity == "monthly":
        return [f"{each:%b %Y}" for each in days]
    several = len({each.year for each in days}) > 1
    return [f"{each.day} {each:%b %Y}" if several else f"{each.day} {each:%b}" for each in days]


def charts_of(points: list[dict[str, Any]], granularity: str) -> dict[str, Any]:
    """The series as charts draw it; what is not known is a gap."""
    labels, noun = labels_of(points, granularity), NOUNS[granularity]
    failed = [each["failed_deployments"] for each in points]
    well = [each["deployments"] - each["failed_deployments"] for each in points]
    lead, restore = ([each[name] for each in points] for name in ("lead_time_median_hours", "time_to_restore_median_hours"))
    return {"labels": labels, "noun": noun, "finding": _finding(points, labels, noun),
            "deployments": [{"key": "2", "label": "Needed remediation", "values": failed},
                            {"key": "1", "label": "Went well", "values": well}],
            "lead": _line(lead), "lead_finding": _line_finding("Median lead time", lead, labels),
            "restore": _line(restore), "restore_finding": _line_finding("Median time to restore", restore, labels)}


def coverage_of(points: list[dict[str, Any]], granularity: str) -> dict[str, Any]:
    """The coverage of the series as a chart draws it."""
    values, labels = [each["test_coverage"] for each in points], labels_of(points, granularity)
    known = [(label, value) for label, value in zip(labels, values, strict=True) if value is not None]
    finding = f"{percent(known[0][1], 1)} at {known[0][0]}, {percent(known[-1][1], 1)} at {known[-1][0]}" if known else "Nothing known"
    return {"labels": labels, "noun": NOUNS[granularity], "coverage_finding": f"Lines covered by tests: {finding}",
            "coverage": [{"key": "1", "label": "", "values": values, "unit": "%"}] if known else []}


def velocity_of(sprints: list[dict[str, Any]]) -> dict[str, Any]:
    """Sprints as a chart draws them: what was committed, and what was done."""
    labels = [f"{date.fromisoformat(each['end_date']):%-d %b}" for each in sprints]
    series = [{"key": key, "label": label, "values": [each[name] for each in sprints]}
              for key, label, name in (("2", "Committed", "planned_points"), ("1", "Done", "completed_points"))]
    told = [each for each in sprints if each["completed_points"] is not None]
    finding = (f"{told[0]['completed_points']:g} points done in {told[0]['name']}, {told[-1]['completed_points']:g} in {told[-1]['name']}"
               if told else "Nobody told what was done")
    return {"labels": labels, "series": series, "finding": finding}


def _line(values: list[float | None]) -> list[dict[str, Any]]:
    return [{"key": "1", "label": "", "values": values, "unit": "h"}] if any(value is not None for value in values) else []


def _finding(points: list[dict[str, Any]], labels: list[str], noun: str) -> str:
    total = sum(each["deployments"] for each in points)
    if not total:
        return "Nothing was deployed"
    top = max(range(len(points)), key=lambda place: points[place]["deployments"])
    failed = sum(each["failed_deployments"] for each in points)
    return (f"{total:,} deployments, {failed:,} needed remediation; most in the {noun} of {labels[top]}, "
            f"{points[top]['deployments']:,}")


def _line_finding(what: str, values: list[float | None], labels: list[str]) -> str:
    known = [(label, value) for label, value in zip(labels, values, strict=True) if value is not None]
    return f"{what}: {hours(known[0][1])} at {known[0][0]}, {hours(known[-1][1])} at {known[-1][0]}" if known else "Nothing known"
