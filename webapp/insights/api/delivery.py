"""`/api/v1/deployments` and `/api/v1/incidents`: what is told of them, and what follows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response

from webapp.insights.actions import deployments, incidents
from webapp.insights.api.bodies import optional_body
from webapp.insights.api.door import P, api
from webapp.insights.models import Deployment, Incident
from webapp.insights.queries.deployments import find_deployments, get_deployment, told_deployment
from webapp.insights.queries.incidents import find_incidents, get_incident, told_incident
from webapp.insights.schemas.delivery import (
    DeploymentInput,
    DeploymentQuery,
    DeploymentSchema,
    DeploymentsInput,
    IncidentInput,
    IncidentQuery,
    IncidentSchema,
    IncidentsInput,
    ResolveInput,
)
from webapp.insights.schemas.facts import FactsSchema, read_facts
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web import answers
from webapp.kit.web.bodies import read_body

DEPLOYMENT, INCIDENT = "/deployments/<uuid:deployment_id>", "/incidents/<uuid:incident_id>"


@api.get("/deployments", needs=P.INSIGHT_READ, query=DeploymentQuery, gives=DeploymentSchema(), lists=True)
def list_deployments(actor: Actor, query: dict[str, Any]) -> Listing:
    """The deployments to your sites and repositories, patch runs among them, the last finished first."""
    return find_deployments(actor, query)


@api.post("/deployments", needs=P.INSIGHT_POST, gives=DeploymentSchema(), status=201, at="/deployments/{id}",
          extra={"request_schema": [DeploymentInput, DeploymentsInput], "or_gives": FactsSchema})
def post_deployments(actor: Actor) -> Any:
    """Tells of a deployment, or of several (`items`: all or none); the same again (`source`, `external_id`) changes nothing."""
    told, are_many = read_facts(DeploymentInput, DeploymentsInput, read_body(), "external_id")
    found, receipt = deployments.record_deployments(actor, told, now())
    return summary(receipt) if are_many else told_deployment(found[0].id)


@api.get(DEPLOYMENT, needs=P.INSIGHT_READ, finds=get_deployment, gives=DeploymentSchema())
def show_deployment(actor: Actor, found: Deployment) -> Deployment:
    """One deployment, and what became of it."""
    return found


@api.delete(DEPLOYMENT, needs=P.REPOSITORY_DELETE, finds=get_deployment, gives=DeploymentSchema())
def delete_deployment(actor: Actor, found: Deployment) -> Deployment:
    """Takes a deployment back that never was; one that follows from a patch run goes only with it."""
    return deployments.delete_deployment(actor, found, now())


@api.post(f"{DEPLOYMENT}/restore", needs=P.REPOSITORY_DELETE, gives=DeploymentSchema())
def restore_deployment(actor: Actor, deployment_id: UUID) -> Deployment:
    """Brings a deployment back."""
    return deployments.restore_deployment(actor, deployment_id, now())


@api.get("/incidents", needs=P.INSIGHT_READ, query=IncidentQuery, gives=IncidentSchema(), lists=True)
def list_incidents(actor: Actor, query: dict[str, Any]) -> Listing:
    """The incidents of your sites and repositories, open ones first."""
    return find_incidents(actor, query)


@api.post("/incidents", needs=P.INSIGHT_POST, gives=IncidentSchema(), status=201, at="/incidents/{id}",
          extra={"request_schema": [IncidentInput, IncidentsInput], "or_gives": FactsSchema})
def post_incidents(actor: Actor) -> Any:
    """Tells of an incident, or of several (`items`: all or none); the same again (`source`, `external_id`) changes nothing."""
    told, are_many = read_facts(IncidentInput, IncidentsInput, read_body(), "external_id")
    found, receipt = incidents.record_incidents(actor, told, now())
    return summary(receipt) if are_many else told_incident(found[0].id)


@api.get(INCIDENT, needs=P.INSIGHT_READ, finds=get_incident, gives=IncidentSchema())
def show_incident(actor: Actor, found: Incident) -> Incident:
    """One incident, the deployment that it counts for, and the one that ended it."""
    return found


@api.change(INCIDENT, needs=P.INSIGHT_POST, finds=get_incident, takes=IncidentInput, gives=IncidentSchema())
def change_incident(actor: Actor, found: Incident, body: dict[str, Any]) -> Incident:
    """Changes what is said of an incident; it stays where it was."""
    return incidents.change_incident(actor, found, body, now())


@api.post(f"{INCIDENT}/resolve", needs=P.INSIGHT_POST, finds=get_incident, gives=IncidentSchema(), extra={"request_schema": ResolveInput})
def resolve_incident(actor: Actor, found: Incident) -> Incident:
    """Says that an incident is over, since `resolved_at` or since now."""
    return incidents.resolve_incident(actor, found, optional_body(ResolveInput).get("resolved_at"), now())


@api.delete(INCIDENT, needs=P.INSIGHT_POST, finds=get_incident, gives=IncidentSchema())
def delete_incident(actor: Actor, found: Incident) -> Incident:
    """Dismisses an incident: it was none, and counts against no deployment."""
    return incidents.delete_incident(actor, found, now())


@api.post(f"{INCIDENT}/restore", needs=P.INSIGHT_POST, gives=IncidentSchema())
def restore_incident(actor: Actor, incident_id: UUID) -> Incident:
    """Brings a dismissed incident back."""
    return incidents.restore_incident(actor, incident_id, now())


def summary(receipt: Any) -> Response:
    """What became of many facts that were told at once."""
    return answers.one(FactsSchema().dump(receipt), 201)
