"""Module updates: one row for each site that needs an update, security first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.fleet.values import Environment
from webapp.kit.permissions import Actor
from webapp.kit.web.fields import Choice, Text, Yes
from webapp.reports import queries
from webapp.reports.shelf import Filters, Kind, Parameters, register
from webapp.reports.values import Printed

COLUMNS = ("module", "project", "organization", "site", "site_id", "url", "environment", "version", "latest_version", "security",
           "severity", "advisories", "exposed_hours")


class UpdatesFilters(Filters):
    tag = Text(most=100)
    environment = Choice(Environment)
    security_only = Yes(metadata={"description": "Only what the sites call security updates."})
    module = Text(most=255)


def summary(actor: Actor, asked: Parameters, at: datetime) -> dict[str, Any]:
    return {"totals": queries.updates_totals(actor, asked)}


def count(actor: Actor, asked: Parameters, at: datetime) -> int:
    return queries.count_updates(actor, asked)


PRINTED = (Printed("module", "Module"), Printed("site", "Site"), Printed("environment", "Environment"), Printed("version", "Installed"),
           Printed("latest_version", "Latest"), Printed("security", "Security"), Printed("severity", "Severity"),
           Printed("advisories", "Advisories"), Printed("exposed_hours", "Exposed, hours", True))
register(Kind("module_updates", "Module updates", "What waits, security first", UpdatesFilters, COLUMNS, summary, count,
              queries.stream_updates, printed=PRINTED))
