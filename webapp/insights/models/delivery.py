"""Deployments and incidents of services. A service is a site, or a repository that is deployed as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource

OF_REPOSITORY: dict[str, Any] = {
    "columns": ["repository_id", "organization_id"], "refcolumns": ["repositories.id", "repositories.organization_id"]}
OF_TEAM: dict[str, Any] = {"columns": ["team_id", "organization_id"], "refcolumns": ["teams.id", "teams.organization_id"]}


def of_service(*more: Any) -> tuple[Any, ...]:
    """What holds for whatever happens to a service: its repository and team lie in its organization, and it is a site or a repository."""
    return (ForeignKeyConstraint(**OF_REPOSITORY), ForeignKeyConstraint(**OF_TEAM),
            CheckConstraint("service_id = coalesce(site_id, repository_id)", name="service"), *more)


class Deployment(Resource, Base):
    """Something that was deployed to a service, known once by `source` and `external_id`.

    `service_id` is the site, else the repository. `team_id` is whose it was when this was recorded. `patch_run_id` is the run that it
    follows from; it goes with it. A deployment that was `seen` in a report (source `report_inferred`) finished between `started_at`
    and `finished_at`.
    """

    __tablename__ = "deployments"
    __table_args__ = of_service(
        CheckConstraint("environment IN ('production', 'staging', 'testing', 'development')", name="environment"),
        CheckConstraint("status IN ('success', 'failure', 'cancelled')", name="status"),
        CheckConstraint("finished_at >= started_at", name="in_order"),
        Index("uq_deployments_external_id", "organization_id", "source", "external_id", unique=True),
        Index("ix_deployments_service_id_finished_at", "service_id", "environment", "finished_at"),
        Index("ix_deployments_organization_id_finished_at", "organization_id", "finished_at", "id"),
        Index("ix_deployments_repository_id_finished_at", "repository_id", "finished_at"),
        Index("uq_deployments_patch_run_id", "patch_run_id", unique=True, postgresql_where=text("patch_run_id IS NOT NULL")),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"))
    repository_id: Mapped[UUID | None]
    service_id: Mapped[UUID]
    team_id: Mapped[UUID | None]
    environment: Mapped[str]
    status: Mapped[str]
    source: Mapped[str]
    external_id: Mapped[str]
    commit_sha: Mapped[str | None]
    ref: Mapped[str | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime]
    caused_incident: Mapped[bool] = mapped_column(server_default="false")
    patch_run_id: Mapped[UUID | None] = mapped_column(ForeignKey("patch_runs.id", ondelete="CASCADE"))


class Incident(Resource, Base):
    """A time during which a service did not do what it should, known once by `source` and `external_id`.

    `deployment_id` is the deployment that somebody named as its cause. `cause_id` is the one that it counts for: that one
    (`cause_kind` explicit), or the last one to production before it, not too long ago (inferred); null where there is none.
    `remedy_id` is the deployment that ended it. `resolution` says who ended it: a person, whoever told of it, or a later deployment.
    A deleted one was dismissed.
    """

    __tablename__ = "incidents"
    __table_args__ = of_service(
        CheckConstraint("severity IN ('critical', 'high', 'moderate', 'low')", name="severity"),
        CheckConstraint("cause_kind IN ('explicit', 'inferred')", name="cause_kind"),
        CheckConstraint("cause_id IS NULL OR cause_kind IS NOT NULL", name="cause"),
        CheckConstraint("resolution IN ('person', 'source', 'deployment')", name="resolution"),
        CheckConstraint("resolved_at >= opened_at", name="in_order"),
        Index("uq_incidents_external_id", "organization_id", "source", "external_id", unique=True),
        Index("ix_incidents_service_id_opened_at", "service_id", "opened_at"),
        Index("ix_incidents_organization_id_opened_at", "organization_id", "opened_at", "id"),
        Index("ix_incidents_cause_id", "cause_id", postgresql_where=text("cause_id IS NOT NULL")),
        Index("ix_incidents_remedy_id", "remedy_id", postgresql_where=text("remedy_id IS NOT NULL")),
        Index("ix_incidents_deployment_id", "deployment_id", postgresql_where=text("deployment_id IS NOT NULL")),
        Index("ix_incidents_open", "organization_id", postgresql_where=text("resolved_at IS NULL AND deleted_at IS NULL")),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"))
    repository_id: Mapped[UUID | None]
    service_id: Mapped[UUID]
    team_id: Mapped[UUID | None]
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    severity: Mapped[str | None]
    source: Mapped[str]
    external_id: Mapped[str]
    opened_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolution: Mapped[str | None]
    deployment_id: Mapped[UUID | None] = mapped_column(ForeignKey("deployments.id", ondelete="SET NULL"))
    cause_id: Mapped[UUID | None] = mapped_column(ForeignKey("deployments.id", ondelete="SET NULL"))
    cause_kind: Mapped[str | None]
    remedy_id: Mapped[UUID | None] = mapped_column(ForeignKey("deployments.id", ondelete="SET NULL"))
