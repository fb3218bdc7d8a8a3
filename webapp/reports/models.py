"""Built reports: what was asked for, how far it is, and the files that came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, text
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
        Index("ix_reports_schedule_id_created_at", "schedule_id", "created_at", postgresql_where=text("schedule_id IS NOT NULL")),
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
    schedule_id: Mapped[UUID | None] = mapped_column(ForeignKey("report_schedules.id"))


class ReportFile(Base):
    """One file of a report, with the hash of its bytes."""

    __tablename__ = "report_files"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    path: Mapped[str]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    created_at: Mapped[datetime]


class ReportSchedule(Resource, Base):
    """A report that is made again and again, and mailed. It is built as `owner_id`, whose rights are looked at again at each run.

    `period` is the time that a report is about, counted back from its run. `paused_at` says since when nothing is made, and
    `paused_reason` why, where the scheduler has paused it. `next_run_at` is null while it is paused or deleted. `title` and the logo
    stand on the files in place of the product's own; `logo_sha256` names the logo's bytes, which lie in `report_logos`.
    """

    __tablename__ = "report_schedules"
    __table_args__ = (
        Index("ix_report_schedules_organization_id_name", "organization_id", "name"),
        Index("ix_report_schedules_due", "next_run_at", postgresql_where=text("next_run_at IS NOT NULL")),
        CheckConstraint("next_run_at IS NULL OR (paused_at IS NULL AND deleted_at IS NULL)", name="due"),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    owner_id: Mapped[UUID]
    name: Mapped[str]
    kind: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    period: Mapped[str | None]
    formats: Mapped[list[str]] = mapped_column(ARRAY(String))
    cron: Mapped[str]
    timezone: Mapped[str]
    recipients: Mapped[list[str]] = mapped_column(ARRAY(String))
    title: Mapped[str | None]
    logo_sha256: Mapped[str | None]
    paused_at: Mapped[datetime | None]
    paused_reason: Mapped[str | None]
    next_run_at: Mapped[datetime | None]
    last_run_at: Mapped[datetime | None]


class ReportLogo(Base):
    """The logo of a schedule's reports: a PNG that this server has made from what was sent."""

    __tablename__ = "report_logos"

    schedule_id: Mapped[UUID] = mapped_column(ForeignKey("report_schedules.id"), primary_key=True)
    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    png: Mapped[bytes] = mapped_column(LargeBinary)
