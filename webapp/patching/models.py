"""Patch runs: what was done to a site, by whom, and whether a later report bears it out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource


class PatchRun(Resource, Base):
    """One round of updates on one site. `evidence`: claimed until a later report proves or contradicts it."""

    __tablename__ = "patch_runs"
    __table_args__ = (
        CheckConstraint("status IN ('success', 'partial', 'failed', 'rolled_back')", name="status"),
        CheckConstraint("trigger IN ('manual', 'ci', 'scheduled', 'inferred')", name="trigger"),
        CheckConstraint("evidence IN ('claimed', 'proven', 'contradicted')", name="evidence"),
        CheckConstraint("finished_at >= started_at", name="in_order"),
        Index("ix_patch_runs_site_id_started_at", "site_id", "started_at", "id"),
        Index("ix_patch_runs_organization_id_started_at", "organization_id", "started_at", "id"),
        Index("ix_patch_runs_organization_id_finished_at", "organization_id", "finished_at"),
        Index("ix_patch_runs_organization_id_status", "organization_id", "status", "started_at"),
        Index("ix_patch_runs_commit_sha", "commit_sha", postgresql_where=text("commit_sha IS NOT NULL")),
        Index("ix_patch_runs_claimed", "site_id", postgresql_where=text("evidence = 'claimed'")),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    site_id: Mapped[UUID] = mapped_column(ForeignKey("sites.id"))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str]
    trigger: Mapped[str]
    operator: Mapped[str | None]
    environment: Mapped[str | None]
    notes: Mapped[str | None]
    commit_sha: Mapped[str | None]
    ci_url: Mapped[str | None]
    updates_count: Mapped[int] = mapped_column(server_default="0")
    security_updates_count: Mapped[int] = mapped_column(server_default="0")
    evidence: Mapped[str] = mapped_column(server_default="claimed")
    evidence_at: Mapped[datetime | None]
    evidence_report_id: Mapped[UUID | None]


class PatchRunUpdate(Base):
    """One module of a run, from which version to which, and what became of it."""

    __tablename__ = "patch_run_updates"
    __table_args__ = (Index("ix_patch_run_updates_module", "module", "organization_id"),)

    patch_run_id: Mapped[UUID] = mapped_column(ForeignKey("patch_runs.id"), primary_key=True)
    module: Mapped[str] = mapped_column(primary_key=True)
    organization_id: Mapped[UUID]
    from_version: Mapped[str | None]
    to_version: Mapped[str | None]
    security: Mapped[bool] = mapped_column(server_default="false")
    status: Mapped[str | None]
