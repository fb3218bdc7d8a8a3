"""What was said about a task, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select

from webapp.accounts.models import User
from webapp.audit.models import AuditRow
from webapp.kit.db import beyond_walls, db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.tasks.models import Task, TaskComment

PERSON = func.coalesce(func.nullif(User.full_name, ""), User.email)
MOST_EVENTS = 100


def _of(task: Task) -> Select[Any]:
    return (select(TaskComment).outerjoin(User, User.id == TaskComment.created_by).add_columns(PERSON.label("author_name"))
            .where(TaskComment.task_id == task.id, TaskComment.deleted_at.is_(None)))


def find_comments(actor: Actor, task: Task, asked: Mapping[str, Any]) -> Listing:
    """The comments on a task that the actor sees, in the order in which they were made."""
    statement = _of(task)
    if "created_by" in asked:
        statement = statement.where(TaskComment.created_by == asked["created_by"])
    if asked.get("q"):
        statement = statement.where(TaskComment.text.icontains(asked["q"], autoescape=True))
    sorts = {"created_at": TaskComment.created_at, "updated_at": TaskComment.updated_at}
    return Listing(statement, sorts, "created_at", TaskComment.id, shape=_shape)


def _shape(row: Any) -> TaskComment:
    comment: TaskComment = row[0]
    comment.author_name = row.author_name  # type: ignore[attr-defined]
    return comment


def get_comment(actor: Actor, task: Task, comment_id: UUID, lock: bool = False) -> TaskComment:
    """One comment on this task, or NotFound."""
    statement = _of(task).where(TaskComment.id == comment_id)
    row = db.session.execute(statement.with_for_update(of=TaskComment) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def find_events(task: Task) -> list[Any]:
    """What happened to a task that somebody sees, the newest first.

    The audit log of what is one person's alone lies in no organization, and only words without content are in it.
    """
    statement = (select(AuditRow.at, AuditRow.action, AuditRow.actor_kind, AuditRow.changes,
                        func.coalesce(PERSON, AuditRow.actor_label).label("who"))
                 .outerjoin(User, and_(User.id == AuditRow.actor_id, AuditRow.actor_kind == "user"))
                 .where(AuditRow.resource_type == "task", AuditRow.resource_id == task.id, AuditRow.status == "success"))
    with beyond_walls():
        return list(db.session.execute(statement.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(MOST_EVENTS)))
