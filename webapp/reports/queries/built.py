"""Reading built reports and their files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.kit.db import db
from webapp.kit.errors import Conflict, NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.reports.models import Report, ReportFile
from webapp.reports.policy import visible_reports
from webapp.reports.values import Format, Status

EQUAL = {"kind": Report.kind, "organization_id": Report.organization_id, "created_by": Report.created_by, "schedule_id": Report.schedule_id}


def find_reports(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The reports that match, newest first."""
    statement = visible_reports(actor)
    for name, column in EQUAL.items():
        if name in asked:
            statement = statement.where(column == asked[name])
    if "status" in asked:
        statement = statement.where(Report.status.in_(asked["status"]))
    if "since" in asked:
        statement = statement.where(Report.created_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(Report.created_at < asked["until"])
    if asked.get("q"):
        statement = statement.where(Report.title.icontains(asked["q"], autoescape=True))
    sorts = {"created_at": Report.created_at, "finished_at": Report.finished_at, "status": Report.status, "kind": Report.kind,
             "title": func.lower(Report.title), "rows": Report.rows}
    return Listing(statement, sorts, "-created_at", Report.id.desc(), prepare=with_files)


def get_report(actor: Actor, report_id: UUID, lock: bool = False) -> Report:
    """One report with its files, or NotFound."""
    statement = visible_reports(actor).where(Report.id == report_id)
    report = db.session.scalar(statement.with_for_update() if lock else statement)
    if report is None:
        raise NotFound()
    return with_files([report])[0]


def with_files(reports: list[Report]) -> list[Report]:
    """Gives each report `files`, in the order in which its formats were asked for."""
    found = db.session.scalars(select(ReportFile).where(ReportFile.report_id.in_([report.id for report in reports])))
    below: dict[UUID, dict[str, ReportFile]] = {report.id: {} for report in reports}
    for file in found:
        below[file.report_id][file.format] = file
    for report in reports:
        files = below[report.id]
        report.files = [files[form] for form in report.formats if form in files]  # type: ignore[attr-defined]
    return reports


def file_of(report: Report, form: Format | None) -> ReportFile:
    """The file of a report in a format (its first one where none is named).

    Conflict while it is not done; NotFound for a format that it was not built in.
    """
    if report.status != Status.DONE:
        raise Conflict(f"This report has no files: it is {report.status}.")
    wanted = form or Format(report.formats[0])
    for file in report.files:  # type: ignore[attr-defined]
        if file.format == wanted:
            return file
    raise NotFound(f"This report was not built as {wanted.upper()}. It has: {', '.join(each.upper() for each in report.formats)}.")
