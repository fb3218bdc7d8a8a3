"""Tasks: work for a person, of one person alone or of an organization; what is said about them, and the rules that make them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kit.db import Base, Resource

ACTIVE = text("deleted_at IS NULL")


class Task(Resource, Base):
    """Something that somebody has to do.

    It is either one person's alone (`owner_id`) or an organization's (`organization_id`), never both and never neither; one about a
    site is its organization's. `closed_by` is what ended it: a person, evidence (`report_id` shows it), or a decision (`reason`).
    `rule_id` is the rule that made it, once for a site and an advisory, however often they come back.
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
        Index("uq_tasks_site_id_advisory_id", "site_id", "advisory_id", unique=True, postgresql_where=text("rule_id IS NOT NULL")),
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
    rule_id: Mapped[UUID | None] = mapped_column(ForeignKey("task_rules.id"))
    completed_at: Mapped[datetime | None]
    completed_by: Mapped[UUID | None]
    closed_by: Mapped[str | None]
    report_id: Mapped[UUID | None]
    reason: Mapped[str | None]


class TaskComment(Resource, Base):
    """What somebody (`created_by`) said about a task; it is whose the task is."""

    __tablename__ = "task_comments"
    __table_args__ = (
        CheckConstraint("(organization_id IS NULL) <> (owner_id IS NULL)", name="whose"),
        Index("ix_task_comments_task_id", "task_id", "created_at"),
    )

    task_id: Mapped[UUID] = mapped_column(ForeignKey("tasks.id"))
    organization_id: Mapped[UUID | None] = mapped_column(ForeignKey("organizations.id"))
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str]


class TaskCalendar(Base):
    """The address under which a person's tasks are read as a calendar; its secret is kept as a keyed hash only."""

    __tablename__ = "task_calendars"
    __table_args__ = (Index("uq_task_calendars_token_hash", "token_hash", unique=True),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class TaskRule(Resource, Base):
    """Which findings become tasks, whose they are then and until when.

    `severity` and `criticality` are the least of the advisory and of the site; empty `environments` mean any, and of several `tags` one
    is enough. `assign` gives the task to the site's owner (else to `assignee_id`), to `assignee_id`, or to nobody. Without `due_days`
    the task is due when the finding is.
    """

    __tablename__ = "task_rules"
    __table_args__ = (
        CheckConstraint("severity IN ('critical', 'high', 'moderate', 'low')", name="severity"),
        CheckConstraint("criticality IN ('critical', 'high', 'normal', 'low')", name="criticality"),
        CheckConstraint("assign IN ('owner', 'person', 'nobody')", name="assign"),
        CheckConstraint("assign <> 'person' OR assignee_id IS NOT NULL", name="person"),
        CheckConstraint("due_days BETWEEN 0 AND 3650", name="due_days"),
        ForeignKeyConstraint(["team_id", "organization_id"], ["teams.id", "teams.organization_id"]),
    )

    organization_id: Mapped[UUID] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    severity: Mapped[str | None]
    criticality: Mapped[str | None]
    environments: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    tags: Mapped[list[str]] = mapped_column(ARRAY(String), server_default="{}")
    team_id: Mapped[UUID | None]
    assign: Mapped[str] = mapped_column(server_default="owner", default="owner")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_days: Mapped[int | None]
    is_enabled: Mapped[bool] = mapped_column(server_default="true", default=True)


Index("uq_task_rules_name", TaskRule.organization_id, func.lower(TaskRule.name), unique=True, postgresql_where=ACTIVE)
