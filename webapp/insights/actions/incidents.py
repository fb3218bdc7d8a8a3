"""Incidents: told of, changed, resolved, dismissed and brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.audit.actions import change
from webapp.insights.actions.settling import settle
from webapp.insights.actions.telling import check_past, tell
from webapp.insights.actions.writing import Receipt
from webapp.insights.models import Incident
from webapp.insights.queries.deployments import find_causes
from webapp.insights.queries.incidents import get_incident
from webapp.insights.queries.services import key_of, services_to_feed
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission

P = Permission
NOT_THERE = "There is no such deployment of this site or repository."


def record_incidents(actor: Actor, told: Sequence[dict[str, Any]], at: datetime, source: str = "api") -> tuple[list[Incident], Receipt]:
    """Records incidents, each a body of `IncidentInput`, all of them or none; what is told again changes to what is told now."""
    services = services_to_feed(actor, told)
    causes = find_causes({each["deployment_id"] for each in told if each.get("deployment_id")})
    rows = []
    for each in told:
        check_past(each, ("opened_at", "resolved_at"), at)
        service = services[key_of(each)]
        if each.get("deployment_id") and causes.get(each["deployment_id"]) != service.id:
            raise Invalid.at("deployment_id", NOT_THERE)
        plain = {name: value for name, value in each.items() if name not in ("site_id", "repository_id")}
        rows.append({"source": source, **plain, **service.columns, "resolution": "source" if each.get("resolved_at") else None})
    found, receipt = tell(actor, Incident, rows, at, "incident", _keep_settled)
    _settle(actor, found, at)
    return found, receipt


def _keep_settled(row: Incident, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is told again of an incident. Where it was is settled; one that is over is not open again because somebody does not say so."""
    if row.service_id != values["service_id"]:
        raise Conflict("This source has told of an incident of this name at another site or repository.")
    kept = {"team_id", "repository_id"} | ({"resolved_at", "resolution"} if values.get("resolved_at") is None else set())
    return {name: value for name, value in values.items() if name not in kept}


def create_incident(actor: Actor, body: dict[str, Any], at: datetime) -> Incident:
    """Records one incident."""
    found, _ = record_incidents(actor, [body], at)
    return get_incident(actor, found[0].id)


def change_incident(actor: Actor, incident: Incident, body: dict[str, Any], at: datetime) -> Incident:
    """Changes what is said of an incident; it stays where it was."""
    actor.require(P.INSIGHT_POST, incident.organization_id)
    for name in ("site_id", "repository_id"):
        if name in body and body[name] != getattr(incident, name):
            raise Invalid.at(name, "An incident stays where it was. Record another one there.")
    values = {name: value for name, value in body.items() if name not in ("source", "external_id")}
    check_past(values, ("opened_at", "resolved_at"), at)
    _check_order(incident, values)
    named = values.get("deployment_id")
    if named and find_causes({named}).get(named) != incident.service_id:
        raise Invalid.at("deployment_id", NOT_THERE)
    if "resolved_at" in values:
        values["resolution"] = "person" if values["resolved_at"] else None
    change(actor, "incident.changed", incident, values, at)
    _settle(actor, [incident], at)
    return get_incident(actor, incident.id)


def resolve_incident(actor: Actor, incident: Incident, resolved_at: datetime | None, at: datetime) -> Incident:
    """Says that an incident is over, since a time or since now; Conflict where it was over already, at another time."""
    actor.require(P.INSIGHT_POST, incident.organization_id)
    if incident.resolved_at is not None:
        if resolved_at in (None, incident.resolved_at):
            return get_incident(actor, incident.id)
        raise Conflict("It is resolved already. Change its resolved_at, if that is wrong.")
    values = {"resolved_at": resolved_at or at, "resolution": "person"}
    check_past(values, ("resolved_at",), at)
    _check_order(incident, values)
    change(actor, "incident.resolved", incident, values, at)
    _settle(actor, [incident], at)
    return get_incident(actor, incident.id)


def delete_incident(actor: Actor, incident: Incident, at: datetime) -> Incident:
    """Dismisses an incident: it was none, and counts against no deployment."""
    actor.require(P.INSIGHT_POST, incident.organization_id)
    change(actor, "incident.dismissed", incident, {"deleted_at": at}, at)
    _settle(actor, [incident], at)
    return get_incident(actor, incident.id, deleted=True)


def restore_incident(actor: Actor, incident_id: UUID, at: datetime) -> Incident:
    """Brings a dismissed incident back."""
    incident = get_incident(actor, incident_id, lock=True, deleted=True)
    actor.require(P.INSIGHT_POST, incident.organization_id)
    change(actor, "incident.restored", incident, {"deleted_at": None}, at)
    _settle(actor, [incident], at)
    return get_incident(actor, incident.id)


def _check_order(incident: Incident, values: Mapping[str, Any]) -> None:
    opened, resolved = values.get("opened_at", incident.opened_at), values.get("resolved_at", incident.resolved_at)
    if resolved is not None and resolved < opened:
        raise Invalid.at("resolved_at", "This lies before opened_at.")


def _settle(actor: Actor, found: Sequence[Incident], at: datetime) -> None:
    by_place: dict[UUID, set[UUID]] = {}
    for each in found:
        by_place.setdefault(each.organization_id, set()).add(each.service_id)
    for organization_id, services in by_place.items():
        settle(actor, organization_id, services, at)
