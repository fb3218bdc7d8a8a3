"""Built reports: what was asked for, how far it is, and the files that came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource


class Report(Resource, Base):
    """A report for people, built by a worker from one snapshot. `organization_id` is null where it spans several.

    `view` is what its owner might see when it was asked for (organization ids, or null for all): the worker builds within it.
    `attempt` is a fence: only the newest builder may report progress or finish.
    """

    __tablename__ = "reports"
    __table_args__ = (
        CheckConstraint("status IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="status"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        Index("ix_reports_created_by_created_at", "created_by", "created_at", "id"),
        Index("ix_reports_organization_id_created_at", "organization_id", "created_at", "id"),
        Index("ix_reports_status_created_at", "status", "created_at"),
    )

    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    kind: Mapped[str]
    title: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    formats: Mapped[list[str]] = mapped_column(ARRAY(String))
    view: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    status: Mapped[str] = mapped_column(server_default="queued")
    stage: Mapped[str] = mapped_column(server_default="")
    progress: Mapped[int] = mapped_column(server_default="0")
    rows: Mapped[int] = mapped_column(BigInteger, server_default="0")
    attempt: Mapped[int] = mapped_column(server_default="0")
    job_id: Mapped[UUID | None]
    snapshot_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    error: Mapped[str | None]


class ReportFile(Base):
    """One file of a report, with the hash of its bytes."""

    __tablename__ = "report_files"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    created_at: Mapped[datetime]
