"""`/insights`: the numbers about deployments, each with its trend, its list and its explanation; cycle time, velocity, code quality."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Response, request
from marshmallow import fields

from webapp.fleet.pages.words import teams_to_choose
from webapp.fleet.queries import get_site
from webapp.insights.measures import measure
from webapp.insights.measures.delivery import NUMBERS, ORDER
from webapp.insights.pages.delivery import repositories_to_choose
from webapp.insights.pages.doors import pages
from webapp.insights.pages.words import SCOPE, Lists, charts_of, coverage_of, moved, moved_since, options, velocity_of
from webapp.insights.queries.deployments import deployments_by_id
from webapp.insights.queries.planning import team_of_last_sprint
from webapp.insights.queries.scope import scope_of
from webapp.insights.schemas.analytics import Day, DoraQuery, VelocityQuery
from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.pages import Filters, page, within

P = Permission
SPANS: Final = (("28 days", 28), ("90 days", 90), ("12 months", 365))
SPAN = 90
MOST_RECORDS = 200
TABS: Final = (("/insights", "Deliveries"), ("/insights/cycle-time", "Cycle time"), ("/insights/velocity", "Velocity"),
                ("/insights/code-quality", "Code quality"))


class InsightsQuery(DoraQuery):
    """The same questions, about the last 90 days unless they say otherwise."""

    start_date = Day()
    end_date = Day()


class TeamQuery(VelocityQuery):
    """Of one team: the one whose sprint was closed last, unless another is named."""

    team_id = fields.UUID()


@pages.get("/insights", needs=P.INSIGHT_READ, query=InsightsQuery)
def show_insights(actor: Actor, query: dict[str, Any]) -> Response:
    """How fast are we, and does it hold?"""
    asked = _asked(actor, query)
    figures = measure("dora-metrics", actor, asked)
    window = figures["deployment_frequency"]["window"]
    return page("insights/insights.html", block="results", figures=figures, numbers=NUMBERS, order=ORDER, window=window,
                lists=Lists(window, asked), charts=charts_of(figures["series"], figures["granularity"]), moved=moved, why=_why(),
                **_frame(actor, asked, "dora-metrics"))


@pages.get("/insights/why/<name>", needs=P.INSIGHT_READ, query=InsightsQuery)
def explain_number(actor: Actor, name: str, query: dict[str, Any]) -> Response:
    """Why does it say so?"""
    if name not in ORDER:
        raise NotFound()
    asked = _asked(actor, query)
    figures = measure("dora-metrics", actor, {**asked, "explain": True})
    records = figures["explain"][name]
    shown = {part: [_plain(each) for each in records[part][:MOST_RECORDS]] for part in ("counted", "left_out")}
    return page("insights/why.html", number=NUMBERS[name], figure=figures[name], records=records, shown=shown, most=MOST_RECORDS,
                moved=moved, deployments=deployments_by_id(actor, [each["id"] for part in shown.values() for each in part]),
                lists=Lists(figures[name]["window"], asked), back="/insights?" + request.query_string.decode(),
                **_frame(actor, asked, "dora-metrics"))


@pages.get("/insights/cycle-time", needs=P.INSIGHT_READ, query=InsightsQuery)
def show_cycle_time(actor: Actor, query: dict[str, Any]) -> Response:
    """Where does the time of a pull request go?"""
    asked = _asked(actor, query)
    figures = measure("cycle-time", actor, {**asked, "explain": True})
    return page("insights/cycle_time.html", block="results", figures=figures, most=MOST_RECORDS, moved=moved,
                **_frame(actor, asked, "cycle-time"))


@pages.get("/insights/velocity", needs=P.INSIGHT_READ, query=TeamQuery)
def show_velocity(actor: Actor, query: dict[str, Any]) -> Response:
    """How much does a team get done in a sprint?"""
    asked = within(actor, query)
    teams = teams_to_choose(actor, asked.get("organization_id"))
    team_id = asked.get("team_id") or team_of_last_sprint(actor, asked.get("organization_id"))
    figures = measure("velocity", actor, {**asked, "team_id": team_id}) if team_id else None
    chosen = next((each.label for each in teams if each.value == str(team_id)), None)
    json = "/api/v1/analytics/velocity?" + urlencode({**request.args, "team_id": str(team_id)})
    return page("insights/velocity.html", block="results", figures=figures, team=chosen, team_id=team_id, teams=teams, filters=Filters(),
                json=json, parts=_parts(), chart=velocity_of(figures["sprints"]) if figures else None, moved=moved_since)


@pages.get("/insights/code-quality", needs=P.INSIGHT_READ, query=InsightsQuery)
def show_code_quality(actor: Actor, query: dict[str, Any]) -> Response:
    """How good is the code, as tools measure it?"""
    asked = _asked(actor, query)
    figures = measure("code-quality", actor, {**asked, "explain": True})
    return page("insights/code_quality.html", block="results", figures=figures, **coverage_of(figures["series"], figures["granularity"]),
                **_frame(actor, asked, "code-quality"))


def _asked(actor: Actor, query: dict[str, Any]) -> dict[str, Any]:
    """The question, about the last 90 days where no end is named."""
    asked = within(actor, query)
    zone = ZoneInfo(scope_of(actor, asked).zone)
    last = asked.get("end_date") or now().astimezone(zone).date()
    return {"start_date": last - timedelta(days=SPAN - 1), **asked, "end_date": last}


def _frame(actor: Actor, asked: dict[str, Any], name: str) -> dict[str, Any]:
    """What all these pages have: filters, spans to choose, parts, and the same as JSON."""
    at = now()
    site = get_site(actor, asked["site_id"]) if asked.get("site_id") else None
    spans = [{"label": label, "from": (at - timedelta(days=days - 1)).date().isoformat()} for label, days in SPANS]
    query = {key: _said(value) for key, value in asked.items() if key != "explain" and (key != "change_kind" or name == "dora-metrics")}
    return {"filters": Filters(), "spans": spans, "site": site, "parts": _parts(), "now": at, "options": options, "asked": asked,
            "teams": teams_to_choose(actor, asked.get("organization_id")), "repositories": repositories_to_choose(actor, asked),
            "json": f"/api/v1/analytics/{name}?{urlencode(query)}"}


def _parts() -> list[dict[str, Any]]:
    """The pages of numbers, each about the same as this one."""
    kept = {key: value for key, value in request.args.items() if key in (*SCOPE, "start_date", "end_date", "granularity") and value}
    parts = []
    for href, label in TABS:
        takes = {key: value for key, value in kept.items() if not (href.endswith("velocity") and key == "granularity")}
        parts.append({"label": label, "href": f"{href}?{urlencode(takes)}" if takes else href, "current": request.path == href})
    return parts


def _why() -> str:
    """The filters of this page for the page that explains."""
    kept = {key: value for key, value in request.args.items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _said(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) or hasattr(value, "isoformat") else str(value)


def _plain(record: Any) -> dict[str, Any]:
    """A record as a row: what is only an id is a deployment."""
    return record if isinstance(record, dict) else {"id": record}
