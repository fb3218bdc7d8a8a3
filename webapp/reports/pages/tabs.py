"""The parts of the reports' pages, and their filters where there is no list to carry them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from webapp.kit.web.fields import OTHER_NAMES

PLACE = ("page", "per_page", "sort", "group_by")


def tabs_of_reports(current: str, filters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Built reports and the live ones; between the two groupings of updates, filters stay."""
    kept = {name: value for name, value in (filters or {}).items() if name not in PLACE}
    updates = "/reports/module-updates"
    by_module, by_site = urlencode(kept), urlencode({"group_by": "site", **kept})
    found = [("reports", "Reports", "/reports"), ("schedules", "Schedules", "/report-schedules"),
             ("module", "Updates by module", f"{updates}?{by_module}" if kept else updates),
             ("site", "Updates by site", f"{updates}?{by_site}"), ("runs", "Patch runs", "/reports/patch-run"),
             ("compliance", "Compliance", "/reports/compliance")]
    return [{"label": label, "href": href, "current": name == current} for name, label, href in found]


def filters_of(asked: Mapping[str, Any]) -> dict[str, str]:
    """The filters of this address by their own names, the chosen organization among them."""
    given = {OTHER_NAMES.get(name, name): value for name, value in request.args.items() if value}
    organization_id = asked.get("organization_id")
    return given if organization_id is None else {**given, "organization_id": str(organization_id)}
