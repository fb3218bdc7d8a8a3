"""Deployments to production and what became of them, as numbers are made of them: by the queries of their lists."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.insights.models import Deployment, Incident
from webapp.insights.policy import visible_deployments, visible_incidents
from webapp.insights.queries.deployments import FAILED, RESTORED, REWORK, filtered
from webapp.insights.queries.incidents import filtered as filtered_incidents
from webapp.insights.queries.scope import Scope
from webapp.insights.values.delivery import Deployed
from webapp.kit.db import db

PRODUCTION: dict[str, Any] = {"environment": ["production"], "changed": True}


@dataclass(frozen=True, slots=True)
class OpenIncidents:
    """What is not over yet: how many, and since when the first of them."""

    count: int
    since: datetime | None


def production(scope: Scope, **more: Any) -> Select[Any]:
    """The deployments to production of a scope; cancelled ones changed nothing, and are none."""
    return filtered(visible_deployments(scope.actor), {**scope.filters, **PRODUCTION, **more})


def deployed_between(scope: Scope, start: datetime, end: datetime) -> list[Deployed]:
    """The deployments to production that finished in this time, the first first."""
    became = FAILED.label("failed"), REWORK.label("rework"), RESTORED.label("restored_at")
    wanted = production(scope, since=start, until=end).with_only_columns(Deployment.id, Deployment.finished_at, Deployment.status, *became)
    return [Deployed(row.id, row.finished_at, row.status == "success", row.failed, row.rework, row.restored_at)
            for row in db.session.execute(wanted.order_by(Deployment.finished_at, Deployment.id))]


def was_deployed_before(scope: Scope, moment: datetime) -> bool:
    """Whether anything is known to have been deployed to production before then."""
    wanted = production(scope, until=moment).with_only_columns(Deployment.id).limit(1)
    return db.session.execute(wanted).first() is not None


def open_incidents(scope: Scope) -> OpenIncidents:
    """The incidents of a scope that are open now."""
    wanted = filtered_incidents(visible_incidents(scope.actor), {**scope.filters, "state": "open"})
    count, since = db.session.execute(wanted.with_only_columns(func.count(), func.min(Incident.opened_at))).one()
    return OpenIncidents(int(count), since)


def open_seconds(scope: Scope, start: datetime, end: datetime) -> list[tuple[datetime, float]]:
    """How long each incident was open that is over, beside the end of the deployment in this time that it counts for."""
    ours = production(scope, since=start, until=end).with_only_columns(Deployment.id, Deployment.finished_at).subquery()
    wanted = select(ours.c.finished_at, func.extract("epoch", Incident.resolved_at - Incident.opened_at).label("seconds")).join(
        Incident, Incident.cause_id == ours.c.id).where(Incident.resolved_at.is_not(None), Incident.deleted_at.is_(None))
    return [(row.finished_at, float(row.seconds)) for row in db.session.execute(wanted)]


def services_between(scope: Scope, start: datetime, end: datetime) -> list[UUID]:
    """The services of a scope to whose production something was deployed in this time."""
    wanted = production(scope, since=start, until=end, status=["success"]).with_only_columns(Deployment.service_id).distinct()
    return list(db.session.scalars(wanted))
