"""How reports are named and dated for people, and how often a page asks after one that is not finished."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from webapp.kit.errors import PermissionDenied
from webapp.kit.permissions import Actor
from webapp.kit.web.formatting import utc
from webapp.reports.models import Report, ReportSchedule
from webapp.reports.policy import require_build
from webapp.reports.shelf import KINDS
from webapp.reports.values import UNFINISHED, Status

FORMATS = {"csv": "CSV", "xlsx": "Excel", "json": "JSON", "pdf": "PDF"}
GRANULARITY = {"day": "Day by day", "week": "Week by week", "month": "Month by month"}
DATASETS = {"sites": "Sites", "modules": "Modules", "exposures": "Exposures", "patch_runs": "Patch runs"}
PERIODS = [{"value": "last_day", "label": "The day before"}, {"value": "last_week", "label": "The week before (Monday to Sunday)"},
           {"value": "last_month", "label": "The month before"}, {"value": "last_quarter", "label": "The quarter before"},
           {"value": "last_year", "label": "The year before"}]
LONG = 300
"""Seconds; what takes longer is asked after less often, so that a page left open does not use up its reader's requests."""


def title_of(report: Report, several: bool) -> str:
    """What a list calls a report: its kind, what it is about, and its time; names as `with_names` has found them.

    With `several`, its organization too: for those whose pages are about more than one.
    """
    given = report.parameters
    about = report.site_name or (place_of(report) if several else "")  # type: ignore[attr-defined]
    only = "security only" if is_yes(given.get("security_only")) else ""
    dataset = DATASETS.get(str(given.get("dataset")))
    then = f"as of {given['as_of']}" if "as_of" in given else ""
    parts = [report.title, dataset, about, given.get("environment"), given.get("tag"), given.get("module"), only, period_of(given), then]
    return ", ".join(part for part in parts if part)


def is_yes(value: Any) -> bool:
    """Whether a filter that may have come as text is on."""
    return str(value).lower() in ("true", "1")


def place_of(report: Report) -> str:
    """The organization that a report is about, or that it is about several."""
    name: str | None = report.organization_name  # type: ignore[attr-defined]
    return name or ("all organizations" if report.organization_id is None and "site_id" not in report.parameters else "")


def period_of(parameters: Mapping[str, Any]) -> str:
    """The time that a report is about: "July 2026", "2026", "since 1 Jan 2026"; nothing where it is about all times."""
    since, until = day_of(parameters.get("from")), day_of(parameters.get("to"))
    if isinstance(since, date) and isinstance(until, date) and (name := _whole(since, until)):
        return name
    first, last = (f"{each.day} {each:%b %Y}" if isinstance(each, date) else each for each in (since, until))
    if first and last:
        return f"{first} to {last}"
    return f"since {first}" if first else f"until {last}" if last else ""


def day_of(value: str | None) -> date | str | None:
    """A bound of a period: a day, or where it is a moment, that in words."""
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        pass
    try:
        at = utc(datetime.fromisoformat(value))
    except ValueError:
        return value
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def _whole(since: date, until: date) -> str | None:
    """A whole month or year by its name."""
    if (since.month, since.day, until.month, until.day) == (1, 1, 12, 31) and since.year == until.year:
        return f"{since:%Y}"
    end = date(since.year, since.month, monthrange(since.year, since.month)[1])
    return f"{since:%B %Y}" if since.day == 1 and until == end else None


def asked_facts(report: Report) -> list[dict[str, Any]]:
    """What was asked for, filter by filter."""
    given = report.parameters
    found = [("Organization", report.organization_name or place_of(report).capitalize()),  # type: ignore[attr-defined]
             ("Site", report.site_name), ("From", given.get("from")), ("To", given.get("to")),  # type: ignore[attr-defined]
             ("Trend", GRANULARITY.get(str(given.get("granularity")))), ("Environment", str(given.get("environment", "")).capitalize()),
             ("Tag", given.get("tag")), ("Module", given.get("module")),
             ("As of", given.get("as_of")), ("Severity", listed(given.get("severity"))), ("State", listed(given.get("state"))),
             ("Criticality", str(given.get("criticality", "")).capitalize()), ("Advisory", given.get("advisory")),
             ("About", DATASETS.get(str(given.get("dataset")))), ("Columns", listed(given.get("columns"))),
             ("Filters", ", ".join(f"{name} {value}" for name, value in given.get("filters", {}).items())), ("Order", given.get("sort")),
             ("Only", "Security updates" if is_yes(given.get("security_only")) else None),
             ("Files", ", ".join(FORMATS[each] for each in report.formats))]
    return [{"label": label, "value": value} for label, value in found if value]


def listed(value: Any) -> str:
    """One or several words of a filter, as it may have come: `a,b`, or a list."""
    return ", ".join(value if isinstance(value, list) else str(value or "").split(",")).replace("_", " ")


def files_to_choose(no_pdf: str | None) -> list[dict[str, Any]]:
    """The formats that the form offers; PDF, where it cannot be made, is shown and cannot be chosen."""
    return [{"value": value, "label": label, "disabled": value == "pdf" and no_pdf is not None} for value, label in FORMATS.items()]


def may_change(actor: Actor, report: Report) -> bool:
    """Whether the actor may cancel the report or build it again."""
    try:
        require_build(actor, report)
    except PermissionDenied:
        return False
    return True


def is_unfinished(report: Report) -> bool:
    return report.status in UNFINISHED


def asks_every(report: Report, at: datetime) -> int:
    """Seconds between two questions after a report that is not finished."""
    if report.status == Status.RUNNING:
        return 1 if (at - (report.started_at or at)).total_seconds() < LONG else 5
    return 1 if (at - report.updated_at).total_seconds() < LONG / 10 else 10


def seconds_left(report: Report, at: datetime) -> int | None:
    """About how long a build will still take, by how far it came until now; None while that says too little."""
    if report.status != Status.RUNNING or report.started_at is None or report.progress < 10:
        return None
    return max(1, round((at - report.started_at).total_seconds() * (100 - report.progress) / report.progress))


def schedule_facts(schedule: ReportSchedule) -> list[tuple[str, Any]]:
    """What a schedule makes, for whom, and when."""
    given = {name: value for name, value in schedule.parameters.items() if not name.endswith("_id")}
    period = next((each["label"] for each in PERIODS if each["value"] == schedule.period), None)
    narrowed = ", ".join(f"{name.replace('_', ' ')} {listed(value) if not isinstance(value, dict) else ' '.join(map(str, value.values()))}"
                         for name, value in given.items())
    files = ", ".join(FORMATS[each] for each in schedule.formats)
    return [("Makes", KINDS[schedule.kind].title), ("About", period), ("Only", narrowed), ("Files", files),
            ("Sent to", ", ".join(schedule.recipients)), ("Title", schedule.title), ("Comes due", f"{schedule.cron} ({schedule.timezone})")]
