"""What people say about tasks; only who said it changes it or takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webapp.audit.actions import record
from webapp.kit.db import db
from webapp.kit.errors import PermissionDenied
from webapp.kit.permissions import Actor
from webapp.tasks.models import Task, TaskComment
from webapp.tasks.policy import require_edit
from webapp.tasks.queries.comments import get_comment


def add_comment(actor: Actor, task: Task, body: Mapping[str, Any], at: datetime) -> TaskComment:
    """Says something about a task; it is seen by whoever sees the task."""
    require_edit(actor, task)
    comment = TaskComment(task_id=task.id, organization_id=task.organization_id, owner_id=task.owner_id, text=body["text"], created_at=at,
                          created_by=actor.id, updated_at=at, updated_by=actor.id)
    db.session.add(comment)
    _write(actor, "task.commented", comment)
    return get_comment(actor, task, comment.id)


def change_comment(actor: Actor, comment: TaskComment, body: Mapping[str, Any], at: datetime) -> TaskComment:
    """Says it in other words; the same words are no change."""
    _require_own(actor, comment)
    if body.get("text", comment.text) == comment.text:
        return comment
    comment.text = body["text"]
    comment.updated_at, comment.updated_by = at, actor.id
    _write(actor, "task.comment_changed", comment)
    return comment


def delete_comment(actor: Actor, comment: TaskComment, at: datetime) -> TaskComment:
    """Takes it back."""
    _require_own(actor, comment)
    comment.deleted_at = comment.updated_at = at
    comment.updated_by = actor.id
    _write(actor, "task.comment_deleted", comment)
    return comment


def _require_own(actor: Actor, comment: TaskComment) -> None:
    if comment.created_by != actor.id:
        raise PermissionDenied("Only who wrote it can change it.")


def _write(actor: Actor, verb: str, comment: TaskComment) -> None:
    """Recorded at its task, and without its words: it can be taken back, and the log cannot."""
    changes = {"comment_id": [None, str(comment.id)]}
    record(actor, verb, "task", resource_id=comment.task_id, organization_id=comment.organization_id, changes=changes)
    db.session.flush()
