"""What follows for incidents from deployments: which deployment each counts for, and which one ended it.

Both are worked out again for a service whenever anything of it changes, so that the order in which facts come makes no difference.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import Organization
from webapp.accounts.values import ATTRIBUTION_HOURS, organization_changed
from webapp.audit.actions import change, record
from webapp.insights.models import Incident
from webapp.kit.cache import touch
from webapp.kit.db import db, execute, rows
from webapp.kit.permissions import Actor

OF_DEPLOYMENT: Final = "deployment"
"""The source of incidents that follow from a deployment's own failure."""
REACH = f"make_interval(secs => 3600 * coalesce((o.settings ->> 'attribution_hours')::float, {ATTRIBUTION_HOURS}))"
# Whoever names a cause is believed. Else it is the last deployment that changed production, unless that was too long ago.
CAUSES = f"""
UPDATE incidents i SET cause_id = v.cause_id, cause_kind = v.kind
FROM (SELECT i.id, coalesce(e.id, n.id) AS cause_id,
             CASE WHEN e.id IS NOT NULL THEN 'explicit' WHEN n.id IS NOT NULL THEN 'inferred' END AS kind
      FROM incidents i JOIN organizations o ON o.id = i.organization_id
      LEFT JOIN deployments e ON e.id = i.deployment_id AND e.deleted_at IS NULL
      LEFT JOIN LATERAL (
          SELECT d.id FROM deployments d
          WHERE i.deployment_id IS NULL AND d.service_id = i.service_id AND d.environment = 'production' AND d.deleted_at IS NULL
              AND d.status <> 'cancelled' AND d.finished_at BETWEEN i.opened_at - {REACH} AND i.opened_at
          ORDER BY d.finished_at DESC, d.id DESC LIMIT 1) n ON true
      WHERE i.organization_id = :organization AND (CAST(:services AS uuid[]) IS NULL OR i.service_id = ANY(CAST(:services AS uuid[])))) v
WHERE i.id = v.id AND (i.cause_id, i.cause_kind) IS DISTINCT FROM (v.cause_id, v.kind)
"""  # noqa: S608 (constants of this file)
# What ended an incident is the last deployment that came good after it began and before it was over.
REMEDIES = """
UPDATE incidents i SET remedy_id = v.remedy_id
FROM (SELECT i.id, n.id AS remedy_id FROM incidents i
      LEFT JOIN LATERAL (
          SELECT d.id FROM deployments d
          WHERE i.cause_id IS NOT NULL AND d.service_id = i.service_id AND d.environment = 'production' AND d.status = 'success'
              AND d.deleted_at IS NULL AND d.id <> i.cause_id AND d.finished_at > i.opened_at AND d.finished_at <= i.resolved_at
          ORDER BY d.finished_at DESC, d.id DESC LIMIT 1) n ON true
      WHERE i.organization_id = :organization AND (CAST(:services AS uuid[]) IS NULL OR i.service_id = ANY(CAST(:services AS uuid[])))) v
WHERE i.id = v.id AND i.remedy_id IS DISTINCT FROM v.remedy_id
"""
FAILED = """
SELECT d.id, d.organization_id, d.site_id, d.repository_id, d.service_id, d.team_id, d.finished_at AS opened_at,
    n.finished_at AS resolved_at
FROM deployments d
LEFT JOIN LATERAL (
    SELECT l.finished_at FROM deployments l
    WHERE l.service_id = d.service_id AND l.environment = 'production' AND l.status = 'success' AND l.deleted_at IS NULL
        AND l.finished_at > d.finished_at ORDER BY l.finished_at LIMIT 1) n ON true
WHERE d.service_id = ANY(CAST(:services AS uuid[])) AND d.environment = 'production' AND d.status = 'failure' AND d.deleted_at IS NULL
    AND d.patch_run_id IS NULL
"""


def settle(actor: Actor, organization_id: UUID, services: Collection[UUID], at: datetime) -> None:
    """Works out anew what follows for the incidents of these services; doing it twice changes nothing."""
    if not services:
        return
    db.session.flush()
    _settle_failures(actor, organization_id, list(services), at)
    attribute(organization_id, services)


def attribute(organization_id: UUID, services: Collection[UUID] | None = None) -> None:
    """Gives each incident of these services (of all of the organization) its cause and its remedy."""
    db.session.flush()
    named = None if services is None else list(services)
    execute(CAUSES, organization=organization_id, services=named)
    execute(REMEDIES, organization=organization_id, services=named)
    for held in db.session:
        if isinstance(held, Incident):
            db.session.expire(held, ("cause_id", "cause_kind", "remedy_id"))
    touch(f"org:{organization_id}")


def _settle_failures(actor: Actor, organization_id: UUID, services: list[UUID], at: datetime) -> None:
    """A deployment that failed is an incident from its end on, until the next one to the same place comes good."""
    wanted = {str(row.id): incident_of(row, row.id, "A deployment failed") for row in rows(FAILED, services=services)}
    follow(actor, organization_id, services, OF_DEPLOYMENT, wanted, at)


def incident_of(row: Any, deployment_id: UUID, title: str) -> dict[str, Any]:
    """The columns of an incident that follows from a deployment."""
    named = ("organization_id", "site_id", "repository_id", "service_id", "team_id", "opened_at", "resolved_at")
    return {**{name: getattr(row, name) for name in named}, "deployment_id": deployment_id, "title": title}


def follow(actor: Actor, organization_id: UUID, services: Collection[UUID], source: str, wanted: dict[str, dict[str, Any]],
           at: datetime) -> None:
    """Makes the incidents of one source be these (by `external_id`): new ones opened, changed ones moved, others withdrawn.

    What a person has resolved stays as they left it, and what they dismissed stays dismissed.
    """
    held = select(Incident).where(Incident.organization_id == organization_id, Incident.source == source,
                                  Incident.service_id.in_(services)).with_for_update()
    known = {incident.external_id: incident for incident in db.session.scalars(held)}
    for name, values in wanted.items():
        incident = known.pop(name, None)
        by_deployment = {"resolution": "deployment" if values["resolved_at"] else None}
        if incident is None:
            incident = Incident(source=source, external_id=name, created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id,
                                **values, **by_deployment)
            db.session.add(incident)
            record(actor, "incident.opened", incident)
        elif incident.resolution != "person":
            moved = {key: values[key] for key in ("opened_at", "resolved_at", "deployment_id") if getattr(incident, key) != values[key]}
            if moved:
                change(actor, "incident.followed", incident, {**moved, **by_deployment}, at)
    for incident in known.values():
        record(actor, "incident.withdrawn", incident, changes={"title": [incident.title, None]})
        db.session.delete(incident)
    db.session.flush()


@organization_changed.connect
def _attribute_anew(actor: Actor, organization: Organization, before: dict[str, Any], at: datetime) -> None:
    """How far back a cause may lie is the organization's setting."""
    name = "attribution_hours"
    if (before or {}).get(name) != (organization.settings or {}).get(name):
        attribute(organization.id)
