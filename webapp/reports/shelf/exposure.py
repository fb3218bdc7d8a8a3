"""Exposures: who is, or was at a moment, exposed to what; one row for each finding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from webapp.catalog.values.severity import Severity
from webapp.exposure.values import State
from webapp.fleet.values import Criticality, Environment
from webapp.kit.web.fields import Choice, Choices, Moment, Text, Yes, said
from webapp.reports import queries
from webapp.reports.shelf import Kind, Timed, register
from webapp.reports.values import Printed, Section

COLUMNS = ("organization", "team", "site", "site_id", "environment", "criticality", "owner", "advisory", "advisory_title", "severity",
           "link", "module", "version", "enabled", "state", "exposed_since", "due_at", "overdue", "fixed_at", "fixed_version",
           "hours_exposed", "verified", "reintroduced", "decision", "decision_ends_at")
NUMBERS = {"open": "Open", "overdue": "Late", "unverified": "Unverified", "not_enabled": "Not enabled", "accepted": "Accepted",
           "fixed": "Fixed"}


class ExposureFilters(Timed):
    site_id = fields.UUID()
    site = fields.UUID()
    as_of = Moment(until=True, metadata=said("The findings as they stood then: a moment, or a day's end (UTC). Now unless said."))
    severity = Choices(Severity)
    state = Choices(State)
    environment = Choice(Environment)
    criticality = Choice(Criticality)
    tag = Text(most=60)
    module = Text(most=128)
    advisory = Text(most=100, metadata=said("Any name of an advisory: SA-CORE-2022-003, a CVE."))
    runs = Yes(metadata=said("Code that may run: all but what a report shows switched off."))


def sections(summary: Mapping[str, Any]) -> list[Section]:
    """The findings by severity and by organization."""
    heads = tuple(NUMBERS.values())
    severities = [(row["severity"], *(row[name] for name in NUMBERS)) for row in summary["by_severity"]]
    return [
        Section("By severity", ("Severity", *heads), severities,
                "Open is code that may run. Unverified findings are open too: their sites are silent, and nobody has seen them since."),
        Section("By organization", ("Organization", *heads),
                [(row["organization"]["name"], *(row[name] for name in NUMBERS)) for row in summary["by_organization"]]),
    ]


PRINTED = (Printed("site", "Site"), Printed("advisory", "Advisory"), Printed("severity", "Severity"), Printed("module", "Module"),
           Printed("version", "Version"), Printed("state", "State"), Printed("exposed_since", "Exposed since"), Printed("due_at", "Due"),
           Printed("fixed_at", "Fixed"), Printed("hours_exposed", "Hours", True), Printed("verified", "Verified"))
register(Kind("exposure", "Exposures", "Who is exposed to what, now or at a moment", ExposureFilters, COLUMNS, queries.exposure_summary,
              queries.count_exposures, queries.stream_exposures, sections, PRINTED))
