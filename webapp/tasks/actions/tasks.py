"""Making, changing, deleting and restoring tasks. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update

from webapp.audit.actions import changes_of, is_idle, record
from webapp.fleet.actions.announcing import FLEET, tell_of_site
from webapp.kit.db import db
from webapp.kit.errors import Invalid, PermissionDenied
from webapp.kit.events import announce
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.actions.assigning import note_assigned
from webapp.tasks.actions.references import check_assignee, keys_of, place_of
from webapp.tasks.models import Task, TaskComment
from webapp.tasks.policy import require_edit
from webapp.tasks.queries.tasks import get_task
from webapp.tasks.values import ClosedBy, Status, is_open, verb_of

STAYS = "A task of an organization stays in it. Make another one."


def create_task(actor: Actor, body: Mapping[str, Any], at: datetime) -> Task:
    """Makes a task: of its site's organization, of the one that is named, or the actor's own."""
    place = place_of(actor, body)
    if place is not None:
        actor.require(Permission.TASK_EDIT, place)
    elif not actor.is_person:
        raise Invalid.at("organization_id", "A key has no tasks of its own. Say which organization or site this belongs to.")
    if actor.site_id is not None and body.get("site_id") != actor.site_id:
        raise PermissionDenied("This key is for one site.")
    owner_id = actor.id if place is None else None
    check_assignee(body.get("assignee_id"), place, owner_id)
    values = {**keys_of(actor, body), "organization_id": place, "owner_id": owner_id}
    task = Task(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id,
                **{**values, **ending(actor, Status.PENDING, body.get("status", Status.PENDING), at)})
    db.session.add(task)
    write_down(actor, "task.created", task)
    db.session.flush()
    tell_of_task("task.created", task, at)
    note_assigned(actor, [task], at)
    return get_task(actor, task.id)


def change_task(actor: Actor, task: Task, body: Mapping[str, Any], at: datetime) -> Task:
    """Changes any of a task's own fields. One's own becomes an organization's by a site or by its name, and is that for good."""
    require_edit(actor, task)
    place = _new_place(actor, task, body)
    owner_id = task.owner_id if place is None else None
    if "assignee_id" in body or place != task.organization_id:
        check_assignee(body.get("assignee_id", task.assignee_id), place, owner_id)
    status = body.get("status", task.status)
    verb = verb_of(task.status, status)
    values = {**keys_of(actor, body, task), "organization_id": place, "owner_id": owner_id, **ending(actor, task.status, status, at)}
    before = task.assignee_id
    save(actor, verb, task, values, at)
    if task.assignee_id != before:
        note_assigned(actor, [task], at)
    return get_task(actor, task.id)


def _new_place(actor: Actor, task: Task, body: Mapping[str, Any]) -> UUID | None:
    """The organization that the task lies in afterwards."""
    if task.organization_id is not None and body.get("organization_id", task.organization_id) != task.organization_id:
        raise Invalid.at("organization_id", STAYS)
    if body.get("site_id", task.site_id) == task.site_id and body.get("organization_id") in (None, task.organization_id):
        return task.organization_id
    place = place_of(actor, body) or task.organization_id
    if place is None:
        return None
    if task.organization_id not in (None, place):
        raise Invalid.at("site_id", f"This site belongs to another organization. {STAYS}")
    actor.require(Permission.TASK_EDIT, place)
    return place


def ending(actor: Actor, before: str, after: str, at: datetime) -> dict[str, Any]:
    """What changes of a task beside its status when a person takes it from one to another."""
    if before == after:
        return {}
    done = after == Status.COMPLETED
    return {"completed_at": at if done else None, "completed_by": actor.id if done else None,
            "closed_by": None if is_open(after) else ClosedBy.PERSON.value, "report_id": None, "reason": None}


def delete_task(actor: Actor, task: Task, at: datetime) -> Task:
    """Deletes a task; it can be restored."""
    require_edit(actor, task)
    save(actor, "task.deleted", task, {"deleted_at": at}, at)
    return task


def restore_task(actor: Actor, task_id: UUID, at: datetime) -> Task:
    """Brings a deleted task back; one of a deleted site is seen again with its site."""
    task = get_task(actor, task_id, lock=True, deleted=True)
    require_edit(actor, task)
    save(actor, "task.restored", task, {"deleted_at": None}, at)
    return task


def save(actor: Actor, verb: str, task: Task, values: Mapping[str, Any], at: datetime) -> None:
    """Sets these values, writes down what changed, and tells of it."""
    was_own = task.owner_id is not None
    for name, value in values.items():
        setattr(task, name, value)
    if is_idle(verb, task):
        return
    task.updated_at, task.updated_by = at, actor.id
    if was_own and task.organization_id is not None:
        db.session.execute(update(TaskComment).where(TaskComment.task_id == task.id).values(
            organization_id=task.organization_id, owner_id=None))
    write_down(actor, verb, task, was_own)
    db.session.flush()
    tell_of_task(verb, task, at)


def write_down(actor: Actor, verb: str, task: Task, was_own: bool = False) -> None:
    """Records what was done to a task."""
    record(actor, verb, task, changes=seen_changes(task, changes_of(task), was_own))


def seen_changes(task: Task, changes: Mapping[str, list[Any]], was_own: bool = False) -> Mapping[str, list[Any]]:
    """What the audit log says of these changes. Of one's own only which fields: others read it, who are not to know what a task says."""
    return {"fields": [None, sorted(changes)]} if was_own or task.owner_id is not None else changes


def tell_of_task(kind: str, task: Task, at: datetime) -> None:
    """Announces what became of a task to those who look at its organization; of one's own nobody is told."""
    if task.organization_id is None:
        return
    told = {"task_id": str(task.id)}
    if task.site_id is not None:
        tell_of_site(kind, task.site_id, task.organization_id, told, at)
        return
    announce(kind, (f"org:{task.organization_id}", FLEET), {**told, "organization_id": str(task.organization_id)}, at, task.organization_id)
