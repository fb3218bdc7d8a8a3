"""Compliance: were deadlines kept, who decided otherwise, and what nobody can say; one row for each finding of the period."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from webapp.catalog.values.severity import Severity
from webapp.fleet.values import Criticality, Environment
from webapp.kit.web.fields import Choice, Choices, Text
from webapp.reports import queries
from webapp.reports.shelf import Kind, Timed, register
from webapp.reports.values import Printed, Section

COLUMNS = ("organization", "team", "site", "site_id", "environment", "criticality", "advisory", "advisory_title", "severity", "module",
           "version", "fixed_version", "exposed_since", "due_at", "fixed_at", "outcome", "hours_exposed", "hours_late", "verified",
           "decision_kind", "decision", "decided_by", "approved_by", "decided_at", "decision_ends_at", "evidence_report_id")
HEADS = {"percentage": "Kept, %", "met": "In time", "missed": "Late", "overdue": "Open, late", "open": "Open, in time", "waived": "Lifted",
         "accepted": "Accepted", "unverified": "Unverified"}
MOST_LINES = 40
SAID = ("Kept is the share of what is judged: fixed in time, fixed late, and open past the deadline. A deadline that a decision had "
        "lifted before it passed counts neither way.")
UNHEARD = ("Unverified findings are open and on sites that have fallen silent: the clock runs on, and nobody has seen them since. Silent "
           "sites, and those that never reported, may have holes that nobody knows of. They are counted as of now.")


class ComplianceFilters(Timed):
    site_id = fields.UUID()
    site = fields.UUID()
    severity = Choices(Severity)
    environment = Choice(Environment)
    criticality = Choice(Criticality)
    tag = Text(most=60)


def sections(summary: Mapping[str, Any]) -> list[Section]:
    """The deadlines by severity, organization, team and month, what was decided, and what cannot be said."""
    totals, months = summary["totals"], summary["by_month"]
    heads = tuple(HEADS.values())

    def numbers(row: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(row[name] for name in HEADS)

    def lines(name: str, none: str) -> list[tuple[Any, ...]]:
        return [(row[name]["name"] if row[name] else none, *numbers(row)) for row in summary[f"by_{name}"][:MOST_LINES]]

    series = [{"key": "vulnerable", "label": "Late", "values": [row["missed"] for row in months]},
              {"key": "ok", "label": "In time", "values": [row["met"] for row in months]}]
    chart = {"draw": "columns", "series": series, "labels": [row["month"] for row in months], "finding": "Findings fixed by month"}
    decided = [(row["advisory"], row["site"] or "All sites", row["kind"], row["reason"], row["proposed_by"], row["approved_by"],
                row["approved_at"], row["ended_at"] or row["expires_at"]) for row in summary["decisions"]]
    return [
        Section("By severity", ("Severity", *heads), [(row["severity"], *numbers(row)) for row in summary["by_severity"]], SAID),
        Section("By organization", ("Organization", *heads), lines("organization", "")),
        Section("By team", ("Team", *heads), lines("team", "Sites without a team")),
        Section("By month in which they were fixed", ("Month", "Kept, %", "In time", "Late", "Lifted"),
                [(row["month"], row["percentage"], row["met"], row["missed"], row["waived"]) for row in months],
                chart=chart if months else None),
        Section("What cannot be said", ("", "Number"), [
            ("Findings that are unverified", totals["unverified"]), ("Sites that are silent", totals["silent"]),
            ("Sites that never reported", totals["never_reported"]), ("Sites in all", totals["sites"])], UNHEARD),
        Section("Decisions", ("Advisory", "Where", "Decision", "Reason", "Proposed by", "Approved by", "From", "Until"), decided,
                _of_decisions(len(decided), totals["decisions"]), words=8),
    ]


def _of_decisions(shown: int, every: int) -> str:
    if not every:
        return "Nothing was accepted or called a false positive."
    return f"The newest {shown:,} of {every:,}. JSON names as many; each finding's row has its own." if every > shown else (
        "What was accepted or called a false positive and in force during this time, and who answers for it.")


PRINTED = (Printed("site", "Site"), Printed("advisory", "Advisory"), Printed("severity", "Severity"), Printed("module", "Module"),
           Printed("exposed_since", "Exposed since"), Printed("due_at", "Due"), Printed("fixed_at", "Fixed"), Printed("outcome", "Outcome"),
           Printed("hours_late", "Hours late", True), Printed("verified", "Verified"), Printed("decided_by", "Decided by"))
register(Kind("compliance", "Compliance", "Were deadlines kept, and who decided otherwise: for an auditor", ComplianceFilters, COLUMNS,
              queries.compliance, queries.count_judged, queries.stream_judged, sections, PRINTED))
