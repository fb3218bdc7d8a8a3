"""Tasks: work for a person, of one person alone or of an organization."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource

ACTIVE = text("deleted_at IS NULL")


class Task(Resource, Base):
    """Something that somebody has to do.

    It is either one person's alone (`owner_id`) or an organization's (`organization_id`), never both and never neither; one about a
    site is its organization's. `closed_by` is what ended it: a person, evidence (`report_id` shows it), or a decision (`reason`).
    """

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("(organization_id IS NULL) <> (owner_id IS NULL)", name="whose"),
        CheckConstraint("site_id IS NULL OR organization_id IS NOT NULL", name="site"),
        CheckConstraint("status IN ('pending', 'in_progress', 'completed', 'cancelled')", name="status"),
        CheckConstraint("priority IN ('low', 'medium', 'high', 'critical')", name="priority"),
        CheckConstraint("closed_by IN ('person', 'evidence', 'decision')", name="closed_by"),
        CheckConstraint("(closed_by IS NULL) = (status IN ('pending', 'in_progress'))", name="closed"),
        CheckConstraint("(completed_at IS NULL) = (status <> 'completed')", name="completed"),
        Index("ix_tasks_organization_id_due_date", "organization_id", "due_date", postgresql_where=ACTIVE),
        Index("ix_tasks_owner_id", "owner_id", postgresql_where=text("owner_id IS NOT NULL")),
        Index("ix_tasks_assignee_id", "assignee_id", "status"),
        Index("ix_tasks_site_id", "site_id"),
        Index("ix_tasks_advisory_id", "advisory_id"),
        Index("ix_tasks_search", "title", "description", postgresql_using="gin",
              postgresql_ops={"title": "gin_trgm_ops", "description": "gin_trgm_ops"}),
    )

    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="", default="")
    status: Mapped[str] = mapped_column(server_default="pending", default="pending")
    priority: Mapped[str] = mapped_column(server_default="medium", default="medium")
    due_date: Mapped[date | None]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    site_id: Mapped[UUID | None] = mapped_column(ForeignKey("sites.id"))
    advisory_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("advisories.id"))
    module_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("modules.id"))
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}", default=list)
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[UUID | None]
    closed_by: Mapped[str | None]
    report_id: Mapped[UUID | None]
    reason: Mapped[str | None]
