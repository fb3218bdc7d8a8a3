"""`/api/v1/tasks/{id}/comments`: what people say about a task."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.tasks.actions import comments
from webapp.tasks.api.door import P, api
from webapp.tasks.models import Task, TaskComment
from webapp.tasks.queries.comments import find_comments, get_comment
from webapp.tasks.queries.tasks import get_task
from webapp.tasks.schemas.comments import CommentInput, CommentQuery, CommentSchema

COMMENTS = "/tasks/<uuid:task_id>/comments"
COMMENT = f"{COMMENTS}/<uuid:comment_id>"


@api.get(COMMENTS, needs=P.TASK_READ, finds=get_task, query=CommentQuery, gives=CommentSchema(), lists=True)
def list_comments(actor: Actor, found: Task, query: dict[str, Any]) -> Listing:
    """What was said about a task, the first first."""
    return find_comments(actor, found, query)


@api.post(COMMENTS, needs=P.TASK_EDIT, takes=CommentInput, gives=CommentSchema(), status=201, at="/tasks/{task_id}/comments/{id}")
def add_comment(actor: Actor, task_id: UUID, body: dict[str, Any]) -> TaskComment:
    """Says something about a task."""
    return comments.add_comment(actor, get_task(actor, task_id, lock=True), body, now())


@api.get(COMMENT, needs=P.TASK_READ, gives=CommentSchema())
def show_comment(actor: Actor, task_id: UUID, comment_id: UUID) -> TaskComment:
    """One comment."""
    return get_comment(actor, get_task(actor, task_id), comment_id)


@api.change(COMMENT, needs=P.TASK_EDIT, takes=CommentInput, gives=CommentSchema())
def change_comment(actor: Actor, task_id: UUID, comment_id: UUID, body: dict[str, Any]) -> TaskComment:
    """Says it in other words; only who wrote it can."""
    return comments.change_comment(actor, get_comment(actor, get_task(actor, task_id), comment_id, lock=True), body, now())


@api.delete(COMMENT, needs=P.TASK_EDIT, gives=CommentSchema())
def delete_comment(actor: Actor, task_id: UUID, comment_id: UUID) -> TaskComment:
    """Takes a comment back; only who wrote it can."""
    return comments.delete_comment(actor, get_comment(actor, get_task(actor, task_id), comment_id, lock=True), now())
