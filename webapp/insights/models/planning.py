"""Sprints of teams, and what was measured of the code of repositories."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.insights.models.delivery import OF_REPOSITORY, OF_TEAM
from webapp.kit.db import Base, Resource


class Sprint(Resource, Base):
    """A team's sprint, known once by `source` and `external_id`; both dates are in it.

    `planned_points` and `completed_points` are what was told last. `committed_points` is what was planned when it began, and
    `velocity` what was done when it was closed: both are written once.
    """

    __tablename__ = "sprints"
    __table_args__ = (
        ForeignKeyConstraint(**OF_TEAM),
        CheckConstraint("state IN ('planned', 'active', 'closed')", name="state"),
        CheckConstraint("end_date >= start_date", name="in_order"),
        CheckConstraint("planned_points >= 0 AND completed_points >= 0", name="points"),
        CheckConstraint("(started_at IS NULL) = (state = 'planned')", name="started"),
        CheckConstraint("(closed_at IS NULL) = (state <> 'closed')", name="closed"),
        Index("uq_sprints_external_id", "organization_id", "source", "external_id", unique=True),
        Index("ix_sprints_team_id_end_date", "team_id", "end_date"),
        Index("ix_sprints_organization_id_start_date", "organization_id", "start_date"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    team_id: Mapped[UUID]
    name: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date]
    state: Mapped[str] = mapped_column(server_default="planned")
    planned_points: Mapped[float | None]
    completed_points: Mapped[float | None]
    committed_points: Mapped[float | None]
    velocity: Mapped[float | None]
    started_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    source: Mapped[str]
    external_id: Mapped[str]


class QualityMeasurement(Resource, Base):
    """What a tool measured of a repository's code at one time, known once by `source` and `external_id`; null is not told.

    `format` is what it came as: the contract's own JSON, or the document of a tool.
    """

    __tablename__ = "quality_measurements"
    __table_args__ = (
        ForeignKeyConstraint(**OF_REPOSITORY),
        CheckConstraint("format IN ('patchboard', 'clover', 'cobertura', 'sonarqube')", name="format"),
        CheckConstraint("test_coverage BETWEEN 0 AND 100", name="coverage"),
        CheckConstraint("lines_covered BETWEEN 0 AND lines_to_cover", name="lines"),
        Index("uq_quality_measurements_external_id", "organization_id", "source", "external_id", unique=True),
        Index("ix_quality_measurements_repository_id_measured_at", "repository_id", "measured_at"),
        Index("ix_quality_measurements_organization_id_measured_at", "organization_id", "measured_at", "id"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    repository_id: Mapped[UUID]
    measured_at: Mapped[datetime]
    source: Mapped[str]
    external_id: Mapped[str]
    format: Mapped[str] = mapped_column(server_default="patchboard")
    test_coverage: Mapped[float | None]
    lines_covered: Mapped[int | None]
    lines_to_cover: Mapped[int | None]
    code_smells: Mapped[int | None]
    technical_debt_minutes: Mapped[float | None]
    security_issues: Mapped[int | None]
    bugs: Mapped[int | None]
    vulnerabilities: Mapped[int | None]
