"""Changing many tasks at once: all or nothing, each with its own row in the audit log; a dry run tells what would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.audit.actions import Event, changes_of, record_many
from webapp.fleet.queries import may_own
from webapp.kit.db import db
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.permissions import Actor
from webapp.tasks.actions.assigning import note_assigned
from webapp.tasks.actions.tasks import ending, seen_changes
from webapp.tasks.actions.writing import tell_of_many
from webapp.tasks.models import Task
from webapp.tasks.policy import deleted_tasks, require_edit
from webapp.tasks.queries.tasks import find_tasks
from webapp.tasks.values import MOST_TAGS, verb_of

FIELD = {"set_status": "status", "set_priority": "priority", "set_due_date": "due_date", "assign": "assignee_id"}
"""The field that each operation sets, under which its body names the value too."""


def change_tasks(actor: Actor, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Does one operation to the tasks that `ids` or `filter` name. NotFound when one of the ids is not to be seen.

    Gives how many matched, and for each that changes what: `{id, title, changes: {field: [before, after]}}`. A dry run checks all
    that the change checks, and writes nothing.
    """
    tasks = _chosen(actor, body)
    for task in tasks:
        require_edit(actor, task)
    if body["operation"] == "assign":
        _check_assignee(tasks, body["assignee_id"])
    wanted = [(task, values) for task in tasks if (values := _changed_values(actor, task, body, at))]
    told = [{"id": task.id, "title": task.title, "changes": {name: [getattr(task, name), value] for name, value in values.items()}}
            for task, values in wanted]
    if not body["dry_run"]:
        _write(actor, wanted, at)
    return {"operation": body["operation"], "dry_run": body["dry_run"], "matched": len(tasks), "changed": len(wanted), "tasks": told}


def _chosen(actor: Actor, body: Mapping[str, Any]) -> list[Task]:
    """The tasks, held until the end, by id. To restore, only deleted ones are looked for, and by their ids."""
    ids = body.get("ids")
    if body["operation"] == "restore":
        seen = deleted_tasks(actor).with_only_columns(Task.id)
    else:
        seen = find_tasks(actor, body.get("filter", {})).statement.with_only_columns(Task.id).order_by(None)
    if ids is not None:
        seen = seen.where(Task.id.in_(ids))
    held = select(Task).where(Task.id.in_(seen)).order_by(Task.id).with_for_update().execution_options(populate_existing=True)
    tasks = list(db.session.scalars(held))
    if ids is not None and len(tasks) != len(set(ids)):
        raise NotFound("Some of these tasks are not there, or not for you.")
    return tasks


def _check_assignee(tasks: list[Task], assignee_id: UUID | None) -> None:
    if assignee_id is None:
        return
    places = {task.organization_id for task in tasks if task.organization_id is not None}
    if any(task.owner_id not in (None, assignee_id) for task in tasks) or (places and not may_own(assignee_id, places)):
        raise Invalid.at("assignee_id", "This person does not belong to the organization of every task.")


def _changed_values(actor: Actor, task: Task, body: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """What the operation sets on this task; nothing where it is so already."""
    match body["operation"]:
        case "tag" | "untag" as operation:
            return _changed_tags(task, operation, body["tags"])
        case "delete":
            return {"deleted_at": at}
        case "restore":
            return {"deleted_at": None}
        case operation:
            name = FIELD[operation]
            if getattr(task, name) == body[name]:
                return {}
            return {name: body[name], **(ending(actor, task.status, body[name], at) if name == "status" else {})}


def _changed_tags(task: Task, operation: str, named: list[str]) -> dict[str, Any]:
    without = [tag for tag in task.tags if tag not in named]
    tags = without if operation == "untag" else list(dict.fromkeys([*task.tags, *named]))
    if len(tags) > max(MOST_TAGS, len(task.tags)):
        raise Invalid.at("tags", f"A task has {MOST_TAGS} tags at most.")
    return {"tags": tags} if tags != task.tags else {}


def _write(actor: Actor, wanted: list[tuple[Task, dict[str, Any]]], at: datetime) -> None:
    events = []
    for task, values in wanted:
        before = task.status
        for name, value in values.items():
            setattr(task, name, value)
        task.updated_at, task.updated_by = at, actor.id
        changes = seen_changes(task, changes_of(task))
        verb = {"delete": "task.deleted", "restore": "task.restored"}.get(_kind(values), verb_of(before, task.status))
        events.append(Event(verb, "Task", task.id, task.organization_id, changes))
    record_many(actor, events)
    db.session.flush()
    note_assigned(actor, [task for task, values in wanted if "assignee_id" in values], at)
    tell_of_many("task.changed", Counter(task.organization_id for task, _ in wanted if task.organization_id is not None), at)


def _kind(values: Mapping[str, Any]) -> str:
    if "deleted_at" not in values:
        return ""
    return "restore" if values["deleted_at"] is None else "delete"
