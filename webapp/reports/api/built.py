"""`/api/v1/reports`: live ones, and those that a worker builds."""

from __future__ import annotations

from typing import Any

from flask import Response

from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.storage import storage
from webapp.kit.web import answers, attachments, exports, limits
from webapp.kit.web.openapi_components import error_ref
from webapp.reports import actions, queries
from webapp.reports.api.door import P, api
from webapp.reports.models import Report, ReportFile
from webapp.reports.schemas import (
    DownloadQuery,
    PatchRunQuery,
    PatchRunReportSchema,
    ReportInput,
    ReportQuery,
    ReportSchema,
    SiteUpdatesExport,
    SiteUpdatesSchema,
    UpdateExport,
    UpdateSchema,
    UpdatesQuery,
)
from webapp.reports.values import MIMETYPES, Format


@api.get("/reports/module-updates", needs=P.REPORT_READ, query=UpdatesQuery, gives=UpdateSchema(), lists=True,
         extra={"or_gives": SiteUpdatesSchema})
def module_updates(actor: Actor, query: dict[str, Any]) -> Response:
    """Modules with updates now, by Drupal's verdict or else by the site's word: security first, then by severity and number of sites."""
    by_site, whole = query["group_by"] == "site", query.get("format", "json") == "json"
    find = queries.updates_by_site if by_site else queries.module_updates
    listing = find(actor, query, now(), names_only=not whole)
    if whole:
        return answers.many(listing.page(query), SiteUpdatesSchema() if by_site else UpdateSchema())
    return exports.export(listing, SiteUpdatesExport() if by_site else UpdateExport(), query, "module-updates")


@api.get("/reports/patch-run", needs=P.REPORT_READ, query=PatchRunQuery, gives=PatchRunReportSchema())
def patch_run(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """Patch runs in numbers: totals, update lag, deadlines, and a trend."""
    return queries.patch_run(actor, query, now())


@api.post("/reports", needs=P.REPORT_BUILD, takes=ReportInput, gives=ReportSchema(), status=202, at="/reports/{id}",
          extra={"responses": {"404": error_ref(404)}})
def request_report(actor: Actor, body: dict[str, Any]) -> Report:
    """Asks for a report; a worker builds it from one snapshot, within what the caller may see now."""
    limits.spend("report builds", "LIMIT_REPORT_BUILDS", limits.caller())
    return actions.request_report(actor, body, now())


@api.get("/reports", needs=P.REPORT_READ, query=ReportQuery, gives=ReportSchema(), lists=True)
def list_reports(actor: Actor, query: dict[str, Any]) -> Listing:
    """The caller's reports, and those of organizations that they administer; newest first."""
    return queries.find_reports(actor, query)


@api.get("/reports/<uuid:report_id>", needs=P.REPORT_READ, finds=queries.get_report, gives=ReportSchema())
def show_report(actor: Actor, found: Report) -> Report:
    """One report: how far it is, or what came of it."""
    return found


@api.get("/reports/<uuid:report_id>/download", needs=P.REPORT_READ, finds=queries.get_report, query=DownloadQuery,
         extra={"produces": [kind.partition(";")[0] for kind in MIMETYPES.values()], "responses": {"409": error_ref(409)}})
def download_report(actor: Actor, found: Report, query: dict[str, Any]) -> Response:
    """The file in one of the report's formats (its first by default), as an attachment; the ETag is its SHA-256."""
    return attachment(queries.file_of(found, query.get("format")))


def attachment(file: ReportFile) -> Response:
    """A file of a report as it lies in the storage; NotFound when somebody has removed it there."""
    try:
        return attachments.attachment(lambda: storage().open(file.path), file.path.rpartition("/")[2], MIMETYPES[Format(file.format)],
                                      file.sha256)
    except FileNotFoundError:
        raise NotFound("The file is no longer in the storage. Request the report again.") from None


@api.post("/reports/<uuid:report_id>/cancel", needs=P.REPORT_BUILD, finds=queries.get_report, gives=ReportSchema())
def cancel_report(actor: Actor, found: Report) -> Report:
    """Stops a report that is not over yet."""
    return actions.cancel_report(actor, found, storage(), now())


@api.post("/reports/<uuid:report_id>/retry", needs=P.REPORT_BUILD, finds=queries.get_report, gives=ReportSchema(), status=202,
          at="/reports/{id}")
def retry_report(actor: Actor, found: Report) -> Report:
    """Builds a failed or cancelled report anew."""
    limits.spend("report builds", "LIMIT_REPORT_BUILDS", limits.caller())
    return actions.retry_report(actor, found, now())
