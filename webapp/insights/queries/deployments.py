"""Reading deployments, each with what became of it: whether it failed, since when all is well again, and whether it was rework."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select

from webapp.accounts.models import Organization, Team
from webapp.fleet.models import Site
from webapp.insights.models import Deployment, Incident, Repository
from webapp.insights.policy import joined, visible_deployments
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

EQUAL = ("site_id", "repository_id", "organization_id", "source", "external_id", "commit_sha", "ref", "patch_run_id")
WORDS = ("environment", "status")
COUNTED = and_(Incident.cause_id == Deployment.id, Incident.deleted_at.is_(None))
INCIDENTS: Any = select(func.count()).select_from(Incident).where(COUNTED).correlate(Deployment).scalar_subquery()
FAILED: ColumnElement[bool] = and_(
    Deployment.status != "cancelled", or_(Deployment.status == "failure", Deployment.caused_incident, exists().where(COUNTED)))
"""Whether a deployment needed remediation: it failed itself, is said to have caused an incident, or is the cause of one."""
REWORK: ColumnElement[bool] = exists().where(Incident.remedy_id == Deployment.id, Incident.deleted_at.is_(None))
"""Whether a deployment was made because of an incident: it ended one."""
RESTORED: Any = (select(case((func.bool_or(Incident.resolved_at.is_(None)), None), else_=func.max(Incident.resolved_at)))
                 .where(COUNTED).correlate(Deployment).scalar_subquery())
"""When the last of its incidents was over; null while one is open, and where there is none."""
OWNER: Any = func.coalesce(Deployment.team_id, Site.team_id, Repository.team_id)
"""Whose it was when it happened; where it was nobody's then, whose it is now."""
SORTS: dict[str, Any] = {"service": func.lower(func.coalesce(Site.name, Repository.name)), **{name: getattr(Deployment, name) for name in (
    "finished_at", "started_at", "environment", "status", "source", "created_at", "updated_at")}}


def find_deployments(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The deployments that match, the last finished first. `from` and `to` are about when they finished."""
    statement = filtered(shown(visible_deployments(actor, deleted=bool(asked.get("include_deleted")))), asked)
    return Listing(statement, SORTS, "-finished_at", Deployment.id.desc(), cursor=(Deployment.finished_at, Deployment.id), shape=shape)


def get_deployment(actor: Actor, deployment_id: UUID, lock: bool = False, deleted: bool = False) -> Deployment:
    """One deployment, or NotFound; `deleted` looks among deleted ones only."""
    statement = shown(visible_deployments(actor, deleted=deleted)).where(Deployment.id == deployment_id)
    if deleted:
        statement = statement.where(Deployment.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=Deployment) if lock else statement).first()
    if row is None:
        raise NotFound()
    return shape(row)


def deployments_by_id(actor: Actor, ids: Collection[UUID | str]) -> dict[str, Deployment]:
    """Those of these deployments that the actor may see, by their ids as text: for the records behind a number."""
    if not ids:
        return {}
    wanted = shown(visible_deployments(actor)).where(Deployment.id.in_({UUID(str(each)) for each in ids}))
    return {str(row[0].id): shape(row) for row in db.session.execute(wanted)}


def told_deployment(deployment_id: UUID) -> Deployment:
    """One deployment for whoever has just told of it, who may be a key that sees none."""
    return shape(db.session.execute(shown(joined(Deployment)).where(Deployment.id == deployment_id)).one())


def find_causes(ids: Collection[UUID]) -> dict[UUID, UUID]:
    """To which service each of these deployments was, by id; for whoever names one as a cause, and may tell about that service."""
    if not ids:
        return {}
    found = select(Deployment.id, Deployment.service_id).where(Deployment.id.in_(ids), Deployment.deleted_at.is_(None))
    return dict(db.session.execute(found).all())


def shown(statement: Select[Any]) -> Select[Any]:
    """Deployments with the names of what they were to, whose that is, and what became of them."""
    return (statement.join(Organization, Organization.id == Deployment.organization_id)
            .outerjoin(Team, and_(Team.id == OWNER, Team.deleted_at.is_(None)))
            .add_columns(Site.name.label("site_name"), Repository.name.label("repository_name"), Team.id.label("shown_team_id"),
                         Team.name.label("team_name"), Organization.name.label("organization_name"), FAILED.label("failed"),
                         REWORK.label("rework"), RESTORED.label("restored_at"), INCIDENTS.label("incidents_count")))


def shape(row: Any) -> Deployment:
    deployment: Deployment = row[0]
    for name in ("site_name", "repository_name", "shown_team_id", "team_name", "organization_name", "failed", "rework", "restored_at",
                 "incidents_count"):
        setattr(deployment, name, getattr(row, name))
    return deployment


def filtered(statement: Select[Any], asked: Mapping[str, Any]) -> Select[Any]:
    """The deployments that match the filters of the list."""
    for name in EQUAL:
        if name in asked:
            statement = statement.where(getattr(Deployment, name) == asked[name])
    for name in WORDS:
        if name in asked:
            statement = statement.where(getattr(Deployment, name).in_(asked[name]))
    for name, holds in (("failed", FAILED), ("rework", REWORK), ("restored", RESTORED.is_not(None))):
        if asked.get(name) is not None:
            statement = statement.where(holds if asked[name] else ~holds)
    if asked.get("changed") is not None:
        changed = Deployment.status != "cancelled"
        statement = statement.where(changed if asked["changed"] else ~changed)
    if "team_id" in asked:
        statement = statement.where(owned_by(asked["team_id"], OWNER))
    if "since" in asked:
        statement = statement.where(Deployment.finished_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(Deployment.finished_at < asked["until"])
    if asked.get("q"):
        words = (Site.name, Repository.name, Deployment.ref, Deployment.commit_sha, Deployment.external_id)
        statement = statement.where(or_(*(column.icontains(asked["q"], autoescape=True) for column in words)))
    return statement


def owned_by(team_id: UUID, owner: Any) -> ColumnElement[bool]:
    """Whether something is this team's; a deleted team has nothing, as it is not shown on it."""
    return owner == select(Team.id).where(Team.id == team_id, Team.deleted_at.is_(None)).scalar_subquery()
