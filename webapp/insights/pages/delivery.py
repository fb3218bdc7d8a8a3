"""`/deployments` and `/incidents`: the lists, one incident, and what people do with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from webapp.fleet.pages.words import teams_to_choose
from webapp.fleet.queries import find_sites
from webapp.insights.actions import incidents
from webapp.insights.pages.doors import pages
from webapp.insights.pages.words import options
from webapp.insights.queries.deployments import find_deployments, get_deployment
from webapp.insights.queries.incidents import find_incidents, get_incident
from webapp.insights.queries.repositories import find_repositories_to_choose
from webapp.insights.schemas.delivery import DeploymentQuery, IncidentInput, IncidentQuery, ResolveInput
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

P = Permission
INCIDENT = "/incidents/<uuid:incident_id>"
ONE = "insights_pages.show_incident"
MOST_PLACES = 200


@pages.get("/deployments", needs=P.INSIGHT_READ, query=DeploymentQuery)
def list_deployments(actor: Actor, query: dict[str, Any]) -> Response:
    """What was deployed where, and did it hold?"""
    asked = within(actor, query)
    listing = ListView(find_deployments(actor, asked), asked, "/api/v1/deployments")
    return page("insights/deployments.html", block="content", listing=listing, teams=teams_to_choose(actor, asked.get("organization_id")),
                repositories=repositories_to_choose(actor, asked), options=options)


@pages.get("/deployments/<uuid:deployment_id>", needs=P.INSIGHT_READ)
def show_deployment(actor: Actor, deployment_id: UUID) -> Response:
    """What was it, and what became of it?"""
    found = get_deployment(actor, deployment_id)
    return page("insights/deployment.html", found=found, incidents=find_incidents(actor, {"cause_id": found.id}).all())


@pages.get("/incidents", needs=P.INSIGHT_READ, query=IncidentQuery)
def list_incidents(actor: Actor, query: dict[str, Any]) -> Response:
    """What is broken, since when, and which deployment does it count for?"""
    asked = within(actor, query)
    listing = ListView(find_incidents(actor, asked), asked, "/api/v1/incidents")
    return page("insights/incidents.html", block="content", listing=listing, teams=teams_to_choose(actor, asked.get("organization_id")),
                repositories=repositories_to_choose(actor, asked), options=options, place=asked.get("organization_id"))


@pages.get("/incidents/new", needs=P.INSIGHT_POST)
def new_incident(actor: Actor, form: Form | None = None) -> Response:
    """A form for what is broken."""
    form = form or Form({name: request.args[name] for name in ("site_id", "repository_id") if name in request.args})
    return page("insights/incident_form.html", form=form, options=options, **_places(actor))


@pages.post("/incidents/new", needs=P.INSIGHT_POST, takes=IncidentInput, again=new_incident)
def create_incident(actor: Actor, body: dict[str, Any]) -> Response:
    """Records it."""
    made = incidents.create_incident(actor, body, now())
    return go(ONE, say="Recorded. It counts for the deployment that is shown beside it.", incident_id=made.id)


@pages.get(INCIDENT, needs=P.INSIGHT_READ)
def show_incident(actor: Actor, incident_id: UUID, form: Form | None = None) -> Response:
    """Since when, why, and is it over?"""
    found = get_incident(actor, incident_id)
    cause, remedy = (get_deployment(actor, key) if key else None for key in (found.cause_id, found.remedy_id))
    return page("insights/incident.html", found=found, cause=cause, remedy=remedy, form=form or Form(),
                may_tell=actor.may(P.INSIGHT_POST, found.organization_id))


@pages.post(f"{INCIDENT}/resolve", needs=P.INSIGHT_POST, takes=ResolveInput, again=show_incident)
def resolve_incident(actor: Actor, incident_id: UUID, body: dict[str, Any]) -> Response:
    """Says that it is over."""
    incidents.resolve_incident(actor, get_incident(actor, incident_id, lock=True), body.get("resolved_at"), now())
    return go(ONE, say="Resolved.", incident_id=incident_id)


@pages.post(f"{INCIDENT}/dismiss", needs=P.INSIGHT_POST)
def dismiss_incident(actor: Actor, incident_id: UUID) -> Response:
    """Says that it was none."""
    incidents.delete_incident(actor, get_incident(actor, incident_id, lock=True), now())
    return go("insights_pages.list_incidents", say="Dismissed: it counts against no deployment.")


def repositories_to_choose(actor: Actor, asked: dict[str, Any]) -> list[dict[str, str]]:
    """The repositories that a filter offers."""
    place = asked.get("organization_id")
    return [{"value": str(row.id), "label": row.name} for row in find_repositories_to_choose(actor, [place] if place else None)]


def _places(actor: Actor) -> dict[str, Any]:
    """What an incident may have happened at: sites and repositories of the chosen organization."""
    place = chosen_organization(actor)
    asked: dict[str, Any] = {"organization_id": place} if place else {}
    sites = find_sites(actor, asked).page({"sort": ["name"], "skip": 0, "limit": MOST_PLACES, "by_page": False}).rows
    return {"sites": [{"value": str(each.id), "label": each.name} for each in sites], "repositories": repositories_to_choose(actor, asked)}
