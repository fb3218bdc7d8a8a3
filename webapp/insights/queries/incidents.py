"""Reading incidents, each with the deployment that it counts for and the one that ended it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, func, or_
from sqlalchemy.orm import aliased

from webapp.accounts.models import Organization, Team
from webapp.fleet.models import Site
from webapp.insights.models import Deployment, Incident, Repository
from webapp.insights.policy import joined, visible_incidents
from webapp.insights.queries.deployments import owned_by
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

EQUAL = ("site_id", "repository_id", "organization_id", "source", "external_id", "cause_id", "remedy_id")
OWNER: Any = func.coalesce(Incident.team_id, Site.team_id, Repository.team_id)
ORDER = {"critical": 0, "high": 1, "moderate": 2, "low": 3}
IS_OPEN = Incident.resolved_at.is_(None)
CAUSE = aliased(Deployment)
RECOVERY = func.extract("epoch", Incident.resolved_at - CAUSE.finished_at) / 3600.0
SORTS: dict[str, Any] = {
    "service": func.lower(func.coalesce(Site.name, Repository.name)), "title": func.lower(Incident.title),
    "severity": case(ORDER, value=Incident.severity), "state": case((IS_OPEN, 0), else_=1),
    **{name: getattr(Incident, name) for name in ("opened_at", "resolved_at", "source", "created_at", "updated_at")}}


def find_incidents(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The incidents that match; open ones first, then the last opened. `from` and `to` are about when they were opened."""
    statement = filtered(_shown(visible_incidents(actor, deleted=bool(asked.get("include_deleted")))), asked)
    return Listing(statement, SORTS, "state,-opened_at", Incident.id.desc(), shape=_shape)


def get_incident(actor: Actor, incident_id: UUID, lock: bool = False, deleted: bool = False) -> Incident:
    """One incident, or NotFound; `deleted` looks among dismissed ones only."""
    statement = _shown(visible_incidents(actor, deleted=deleted)).where(Incident.id == incident_id)
    if deleted:
        statement = statement.where(Incident.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=Incident) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def told_incident(incident_id: UUID) -> Incident:
    """One incident for whoever has just told of it, who may be a key that sees none."""
    return _shape(db.session.execute(_shown(joined(Incident)).where(Incident.id == incident_id)).one())


def _shown(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Organization, Organization.id == Incident.organization_id)
            .outerjoin(Team, and_(Team.id == OWNER, Team.deleted_at.is_(None)))
            .outerjoin(CAUSE, CAUSE.id == Incident.cause_id)
            .add_columns(Site.name.label("site_name"), Repository.name.label("repository_name"), Team.id.label("shown_team_id"),
                         Team.name.label("team_name"), Organization.name.label("organization_name"),
                         CAUSE.finished_at.label("caused_at"), RECOVERY.label("recovery_hours")))


def _shape(row: Any) -> Incident:
    incident: Incident = row[0]
    for name in ("site_name", "repository_name", "shown_team_id", "team_name", "organization_name", "caused_at"):
        setattr(incident, name, getattr(row, name))
    incident.state = "open" if incident.resolved_at is None else "resolved"  # type: ignore[attr-defined]
    incident.shown_cause_kind = incident.cause_kind if incident.cause_id else "none"  # type: ignore[attr-defined]
    hours = row.recovery_hours
    incident.recovery_hours = None if hours is None else round(max(float(hours), 0.0), 6)  # type: ignore[attr-defined]
    return incident


def filtered(statement: Select[Any], asked: Mapping[str, Any]) -> Select[Any]:
    for name in EQUAL:
        if name in asked:
            statement = statement.where(getattr(Incident, name) == asked[name])
    if "severity" in asked:
        statement = statement.where(Incident.severity.in_(asked["severity"]))
    if "state" in asked:
        statement = statement.where(IS_OPEN if asked["state"] == "open" else ~IS_OPEN)
    if "cause_kind" in asked:
        none = Incident.cause_id.is_(None)
        statement = statement.where(none if asked["cause_kind"] == "none" else and_(~none, Incident.cause_kind == asked["cause_kind"]))
    if "team_id" in asked:
        statement = statement.where(owned_by(asked["team_id"], OWNER))
    if "since" in asked:
        statement = statement.where(Incident.opened_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(Incident.opened_at < asked["until"])
    if asked.get("q"):
        words = (Incident.title, Site.name, Repository.name)
        statement = statement.where(or_(*(column.icontains(asked["q"], autoescape=True) for column in words)))
    return statement


