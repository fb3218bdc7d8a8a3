"""Live reports: the same figures as their JSON, as they are now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Response

from webapp.fleet.pages.words import teams_to_choose
from webapp.fleet.queries import site_choices
from webapp.kit.clock import now, stamp
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import Filters, ListView, page, within
from webapp.reports import queries
from webapp.reports.pages.door import pages
from webapp.reports.pages.forms import address_of, build_address
from webapp.reports.pages.tabs import filters_of, tabs_of_reports
from webapp.reports.pages.trend import trend_of
from webapp.reports.queries.names import module_ids, organization_names, site_names
from webapp.reports.schemas import ComplianceQuery, PatchRunQuery, UpdatesQuery
from webapp.reports.shelf import KINDS

P = Permission
MOST_SITES = 3
"""Sites and modules that a row names; its number leads to all of them."""
MOST_ROWS = 20
SPANS = (("30 days", 30), ("90 days", 90), ("12 months", 365))


@pages.get("/reports/module-updates", needs=P.REPORT_READ, query=UpdatesQuery)
def show_updates(actor: Actor, query: dict[str, Any]) -> Response:
    """Which updates wait now, and where?"""
    asked, at = within(actor, query), now()
    by = query["group_by"]
    found = (queries.updates_by_site(actor, asked, at) if by == "site"
             else queries.module_updates(actor, asked, at, most_sites=MOST_SITES))
    listing = ListView(found, asked, "/api/v1/reports/module-updates")
    return page("reports/updates.html", block="results", listing=listing, by=by, now=at, most=MOST_SITES,
                parts=tabs_of_reports(by, listing.query), **frame(actor, "module_updates", asked), **beside_updates(actor, listing, asked))


@pages.get("/reports/patch-run", needs=P.REPORT_READ, query=PatchRunQuery)
def show_runs(actor: Actor, query: dict[str, Any]) -> Response:
    """What was done, how soon after a release, and in time?"""
    asked, at = within(actor, query), now()
    figures, filters = queries.patch_run(actor, asked, at), Filters()
    spans = [{"label": label, "from": (at - timedelta(days=days)).date().isoformat()} for label, days in SPANS]
    return page("reports/runs.html", block="results", figures=figures, filters=filters, now=at, parts=tabs_of_reports("runs"), spans=spans,
                trend=trend_of(figures["trend"], query.get("granularity", "month")), most=MOST_ROWS, json=json_address(asked),
                sites=sites_of(actor, asked, figures), **frame(actor, "patch_run", asked))


@pages.get("/reports/compliance", needs=P.REPORT_READ, query=ComplianceQuery)
def show_compliance(actor: Actor, query: dict[str, Any]) -> Response:
    """Were deadlines kept, who decided otherwise, and what can nobody say?"""
    asked, at = within(actor, query), now()
    figures, filters = queries.compliance(actor, asked, at), Filters()
    spans = [{"label": label, "from": (at - timedelta(days=days)).date().isoformat()} for label, days in SPANS]
    site = site_names(actor, [asked["site_id"]]).get(asked["site_id"]) if "site_id" in asked else None
    return page("reports/compliance.html", block="results", figures=figures, sections=KINDS["compliance"].sections(figures), now=at,
                filters=filters, parts=tabs_of_reports("compliance"), spans=spans, site=site, lists=lists_of(asked, figures["totals"]),
                **frame(actor, "compliance", asked))


def lists_of(asked: dict[str, Any], totals: dict[str, Any]) -> dict[str, str]:
    """The list behind each of the totals of deadlines; those for which there is none are missing."""
    time = {"as_of": "until", "fixed_from": "since"}
    kept = {name: asked[name] for name in ("organization_id", "team_id", "site_id", "severity", "environment", "criticality", "tag")
            if name in asked} | {name: asked[given] for name, given in time.items() if given in asked}
    of = {name: written(value) for name, value in kept.items()}
    opened = {name: value for name, value in of.items() if name != "fixed_from"} | {"runs": "true"}
    fixed = {**of, "state": "fixed", "runs": "true"}
    place = {name: value for name, value in of.items() if name in ("organization_id", "team_id")}
    found = {
        "met": address_of("/exposures", {**fixed, "breached": "false"}), "overdue": address_of("/exposures", {**opened, "overdue": "true"}),
        "open": address_of("/exposures", {**opened, "state": "open", "overdue": "false"}),
        "accepted": address_of("/exposures", {**opened, "state": "accepted"}),
        "false_positive": address_of("/exposures", {**opened, "state": "false_positive"}),
        "unverified": address_of("/exposures", {**opened, "state": "open", "verified": "false"}),
        "silent": address_of("/sites", {**place, "status": "silent"}), "sites": address_of("/sites", place)}
    late = {} if totals["waived"] else {"missed": address_of("/exposures", {**fixed, "breached": "true"})}
    return found | late


def written(value: Any) -> str:
    """A filter as an address has it."""
    if isinstance(value, datetime):
        return str(stamp(value))
    return ",".join(value) if isinstance(value, list) else str(value)


def frame(actor: Actor, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What the head of a live report needs: the way to a file of it, for those who may build one; names of its organization and teams."""
    organization_id = asked.get("organization_id")
    named = organization_names(actor, [organization_id]).get(organization_id) if organization_id else None
    build = build_address(kind, filters_of(asked)) if actor.may(P.REPORT_BUILD, organization_id) else None
    return {"build": build, "organization_name": named, "teams": teams_to_choose(actor, organization_id)}


def beside_updates(actor: Actor, listing: ListView, asked: dict[str, Any]) -> dict[str, Any]:
    """The totals, which lead to lists with and without security alone; ids to link to; tags to filter by."""
    of_sites: dict[str, Any] = {name: asked[name] for name in ("organization_id", "environment") if name in asked}
    every = {name: value for name, value in asked.items() if name != "security_only"}
    return {"totals": queries.updates_totals(actor, every),
            "ids": module_ids(row["module_id"] for row in listing.rows if "module_id" in row),
            "tags": site_choices(actor, of_sites, ["tags"], now())["tags"]}


def sites_of(actor: Actor, asked: dict[str, Any], figures: dict[str, Any]) -> list[dict[str, str]]:
    """The sites to narrow the report to: those with most runs, or the one that it is narrowed to."""
    if "site_id" in asked:
        name = site_names(actor, [asked["site_id"]]).get(asked["site_id"], "Unknown site")
        return [{"value": str(asked["site_id"]), "label": name}]
    return [{"value": row["site"]["id"], "label": row["site"]["name"]} for row in figures["by_site"][:MOST_ROWS]]


def json_address(asked: dict[str, Any]) -> str:
    """The same figures as JSON."""
    return address_of("/api/v1/reports/patch-run", filters_of(asked))
