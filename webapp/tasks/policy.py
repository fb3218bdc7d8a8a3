"""Which tasks an actor may see: those of their organizations, and their own; nobody else sees what is one person's alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select
from sqlalchemy.orm import aliased

from webapp.accounts.models import Organization
from webapp.fleet.models import Site
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.models import Task, TaskRule


def visible_tasks(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Tasks of the actor's organizations and their own; those of deleted sites are hidden.

    With `deleted`, also their own deleted ones and those of organizations that they administer.
    """
    seen = select(Task).where(_within(actor, Permission.TASK_READ))
    shown = and_(Task.deleted_at.is_(None), or_(Task.site_id.is_(None), ~_site_is_gone()))
    return seen.where(or_(shown, _within(actor, Permission.SITE_DELETE)) if deleted else shown)


def deleted_tasks(actor: Actor) -> Select[Any]:
    """The deleted tasks that the actor may bring back."""
    return select(Task).where(_within(actor, Permission.TASK_EDIT), Task.deleted_at.is_not(None))


def _within(actor: Actor, permission: Permission) -> ColumnElement[bool]:
    where = actor.organizations(permission)
    theirs: ColumnElement[bool]
    if where is None:  # whose members' roles have gone with it is hidden from them already
        theirs = Task.organization_id.in_(select(Organization.id).where(Organization.deleted_at.is_(None)))
    else:
        theirs = Task.organization_id.in_(where)
    if actor.site_id is not None:
        theirs = and_(theirs, Task.site_id == actor.site_id)
    return or_(theirs, Task.owner_id == actor.id) if actor.is_person else or_(theirs, false())


def _site_is_gone() -> ColumnElement[bool]:
    its = aliased(Site)  # a list of tasks joins sites too, for their names
    return exists().where(its.id == Task.site_id, its.deleted_at.is_not(None))


def may_edit(actor: Actor, task: Task) -> bool:
    """Whether the actor may change this task, which they see."""
    return task.organization_id is None or actor.may(Permission.TASK_EDIT, task.organization_id)


def require_edit(actor: Actor, task: Task) -> None:
    """Raises PermissionDenied unless the actor may change this task, which they see."""
    if task.organization_id is not None:
        actor.require(Permission.TASK_EDIT, task.organization_id)


def visible_task_rules(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The rules of the actor's organizations; with `deleted`, also the deleted ones of those that they administer."""
    statement = select(TaskRule)
    if actor.site_id is not None:
        return statement.where(false())  # a site's key is about that site alone
    where, managed = actor.organizations(Permission.TASK_RULE_READ), actor.organizations(Permission.TASK_RULE_MANAGE)
    if where is not None:
        statement = statement.where(TaskRule.organization_id.in_(where))
    if not deleted:
        return statement.where(TaskRule.deleted_at.is_(None))
    return statement if managed is None else statement.where(or_(TaskRule.deleted_at.is_(None), TaskRule.organization_id.in_(managed)))
