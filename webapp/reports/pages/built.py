"""`/reports`: asking for a report, the list of those that were asked for, and one of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, request, url_for

from webapp.accounts.queries import organizations_with, site_names
from webapp.fleet.pages.words import teams_to_choose
from webapp.fleet.queries import get_site, site_choices
from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.kit.storage import storage
from webapp.kit.web import limits
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, go_to, is_fragment, page, safe_next, toast, within
from webapp.reports import actions, queries
from webapp.reports.formats import why_no_pdf
from webapp.reports.models import Report
from webapp.reports.pages import words
from webapp.reports.pages.door import pages
from webapp.reports.pages.forms import (
    KINDS_TO_CHOOSE,
    Nothing,
    ReportForm,
    ReportsQuery,
    build_address,
    filled_form,
    live_address,
    with_site,
)
from webapp.reports.pages.tabs import tabs_of_reports
from webapp.reports.queries.names import with_names
from webapp.reports.shelf.custom import DATASETS

P = Permission
LIST = "/reports"
ONE = "/reports/<uuid:report_id>"


@pages.get(LIST, needs=P.REPORT_READ, query=ReportsQuery)
def list_reports(actor: Actor, query: dict[str, Any] | None = None, form: Form | None = None) -> Response:
    """Which evidence do I need, and is it ready?"""
    given, at = query or dict(ReportsQuery().load({})), now()
    asked = within(actor, given)
    listing = ListView(queries.find_reports(actor, asked), asked, "/api/v1/reports")
    listing.rows = shown(actor, listing.rows, at)
    return page("reports/list.html", block="results", listing=listing, now=at, parts=tabs_of_reports("reports"), kinds=KINDS_TO_CHOOSE,
                builder=None if is_fragment() else builder(actor, given, form, at))


@pages.post(LIST, needs=P.REPORT_BUILD, takes=ReportForm, again=list_reports)
def build_report(actor: Actor, body: dict[str, Any]) -> Response:
    """Asks for the report; or, to look first, goes where the same figures are shown as they are now."""
    asked = with_site(actor, body)
    if asked.pop("look"):
        return go_to(live_address(asked["kind"], asked["parameters"]))
    limits.spend("report builds", "LIMIT_REPORT_BUILDS", limits.caller())
    report = actions.request_report(actor, asked, now())
    return go("reports_pages.list_reports", say=f"{report.title}: asked for. It is built in the background.")


@pages.get(ONE, needs=P.REPORT_READ)
def show_report(actor: Actor, report_id: UUID, form: Form | None = None) -> Response:
    """One report: what was asked for, how far it is, its files, and what to do where it failed."""
    at = now()
    report = shown(actor, [queries.get_report(actor, report_id)], at)[0]
    return page("reports/report.html", block="report", report=report, now=at, form=form or Form(),
                facts=words.asked_facts(report), live=live_address(report.kind, report.parameters),
                again=build_address(report.kind, report.parameters))


@pages.get(f"{ONE}/row", needs=P.REPORT_READ)
def show_row(actor: Actor, report_id: UUID) -> Response:
    """The report as a row of the list, which asks for it while it is not finished; for others, the report's own page."""
    if not is_fragment():
        return go("reports_pages.show_report", report_id=report_id)
    at = now()
    return page("reports/list.html", block="row", report=shown(actor, [queries.get_report(actor, report_id)], at)[0], now=at)


@pages.post(f"{ONE}/cancel", needs=P.REPORT_BUILD, takes=Nothing, again=show_report)
def cancel_report(actor: Actor, report_id: UUID, body: dict[str, Any]) -> Response:
    """Stops a report that is not over yet."""
    report = actions.cancel_report(actor, queries.get_report(actor, report_id, lock=True), storage(), now())
    return back(actor, report, f"{report.title}: cancelled. Nothing was kept.")


@pages.post(f"{ONE}/retry", needs=P.REPORT_BUILD, takes=Nothing, again=show_report)
def retry_report(actor: Actor, report_id: UUID, body: dict[str, Any]) -> Response:
    """Builds a failed or cancelled report anew."""
    limits.spend("report builds", "LIMIT_REPORT_BUILDS", limits.caller())
    report = actions.retry_report(actor, queries.get_report(actor, report_id, lock=True), now())
    return back(actor, report, f"{report.title}: asked for again.")


def back(actor: Actor, report: Report, say: str) -> Response:
    """To where the verb was pressed; for htmx, the report as that page shows it."""
    here = safe_next(request.form.get("next") or url_for("reports_pages.show_report", report_id=report.id))
    if not is_fragment():
        return go_to(here, say=say)
    view = show_row if here.partition("?")[0] == LIST else show_report
    return toast(view.call(actor, report.id), say)


def shown(actor: Actor, reports: list[Report], at: datetime) -> list[Report]:
    """Gives reports what pages show beside what the API says: names, whether the reader may act, and when to ask again."""
    single = actor.organizations(P.REPORT_READ)
    several = chosen_organization(actor) is None and (single is None or len(single) > 1)
    for report in with_names(actor, reports):
        report.name = words.title_of(report, several)  # type: ignore[attr-defined]
        report.may_change = words.may_change(actor, report)  # type: ignore[attr-defined]
        report.every = words.asks_every(report, at)  # type: ignore[attr-defined]
        report.left = words.seconds_left(report, at)  # type: ignore[attr-defined]
    return reports


def builder(actor: Actor, query: dict[str, Any], form: Form | None, at: datetime) -> dict[str, Any] | None:
    """What the form for a new report offers; None for those who may build none of what their pages are about."""
    chosen = chosen_organization(actor)
    if not actor.may(P.REPORT_BUILD, chosen):
        return None
    places = [each for each in organizations_with(actor, P.REPORT_BUILD) if chosen in (None, each.id)]
    start = {"kind": "patch_run", "parameters.from": date(at.year - 1, at.month, 1).isoformat(),
             "parameters.to": at.date().isoformat()}
    site = site_address(actor, query.get("parameters", {}).get("site_id"))
    return {"form": form or filled_form(query, start, site), "places": places, **offered(actor, chosen, at)}


def offered(actor: Actor, chosen: UUID | None, at: datetime) -> dict[str, Any]:
    """What there is to choose from for a report: kinds, filters and formats, and why there is no PDF where there is none."""
    return {"kinds": KINDS_TO_CHOOSE, "datasets": DATASETS, "sites": site_names(chosen), "teams": teams_to_choose(actor, chosen),
            "tags": site_choices(actor, within(actor, {}), ["tags"], at)["tags"], "files": words.files_to_choose(why_no_pdf()),
            "no_pdf": why_no_pdf()}


def site_address(actor: Actor, site_id: str | None) -> str | None:
    """The address of the site that the form begins with, which only one site has; None for one that is not there."""
    try:
        return get_site(actor, UUID(site_id)).url if site_id else None
    except (NotFound, ValueError):
        return None
