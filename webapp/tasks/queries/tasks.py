"""The tasks that an actor sees, with the names of what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, cast, func, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import String

from webapp.accounts.models import Organization, User
from webapp.catalog.models import Advisory, Module
from webapp.exposure.queries.findings import is_named
from webapp.fleet.models import Site
from webapp.kit.clock import now
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.tasks.models import Task
from webapp.tasks.policy import deleted_tasks, visible_tasks
from webapp.tasks.values import OPEN, PROGRESS, WEIGHT

PERSON = func.coalesce(func.nullif(User.full_name, ""), User.email)
IS_OPEN = Task.status.in_([str(status) for status in OPEN])
SORTS: dict[str, Any] = {
    "open": case((IS_OPEN, 1), else_=0), "due_date": Task.due_date, "priority": case(WEIGHT, value=Task.priority),
    "status": case(PROGRESS, value=Task.status), "title": func.lower(Task.title), "site": func.lower(Site.name),
    "advisory": Advisory.name, "assignee": func.lower(PERSON), "organization": func.lower(Organization.name),
    "completed_at": Task.completed_at, "created_at": Task.created_at, "updated_at": Task.updated_at}
FIRST = "-open,due_date,-priority,-created_at"
"""What to do first: what is open, by its day, what weighs more before what weighs less."""
NAMES = {"site_name": Site.name, "advisory": Advisory.name, "module": Module.name, "assignee_name": PERSON,
         "organization_name": Organization.name, "shown_advisory_id": Advisory.public_id, "shown_module_id": Module.public_id}
EQUAL: Mapping[str, Any] = {
    **{name: getattr(Task, name) for name in ("organization_id", "owner_id", "site_id", "assignee_id", "title", "due_date", "closed_by",
                                              "created_by", "completed_by", "report_id", "rule_id")},
    "advisory_id": Advisory.public_id, "module_id": Module.public_id, "module": Module.name}


def _named(statement: Select[Any]) -> Select[Any]:
    """Tasks with the names of what they refer to; each has one of each at most, so that a count leaves these joins out."""
    return (statement.outerjoin(Site, Site.id == Task.site_id).outerjoin(Advisory, Advisory.id == Task.advisory_id)
            .outerjoin(Module, Module.id == Task.module_id).outerjoin(User, User.id == Task.assignee_id)
            .outerjoin(Organization, Organization.id == Task.organization_id)
            .add_columns(*(column.label(name) for name, column in NAMES.items())))


def find_tasks(actor: Actor, asked: Mapping[str, Any], today: date | None = None) -> Listing:
    """The tasks that match, by what to do first. Days are UTC's; `today` is one that has not passed."""
    day = today or now().date()
    statement = _named(visible_tasks(actor, deleted=bool(asked.get("include_deleted"))))
    statement = statement.where(*_conditions(asked, day), *_of_whom(actor, asked))
    return Listing(statement, SORTS, FIRST, Task.id, shape=lambda row: _shape(row, day))


def _conditions(asked: Mapping[str, Any], day: date) -> list[ColumnElement[bool]]:
    found = [column == asked[name] for name, column in EQUAL.items() if name in asked]
    found += [column.in_(asked[name]) for name, column in (("status", Task.status), ("priority", Task.priority)) if name in asked]
    yes_or_no = {"open": IS_OPEN, "overdue": is_overdue(day), "dated": Task.due_date.is_not(None),
                 "assigned": Task.assignee_id.is_not(None), "personal": Task.owner_id.is_not(None)}
    found += [holds == asked[name] for name, holds in yes_or_no.items() if name in asked]
    if "advisory" in asked:
        found.append(is_named(asked["advisory"]))
    if "tag" in asked:
        found.append(Task.tags.contains([asked["tag"]]))
    if "tags" in asked:
        found.append(Task.tags.contains(cast(asked["tags"], ARRAY(String))))
    if "since" in asked:
        found.append(Task.due_date >= asked["since"])
    if "until" in asked:
        found.append(Task.due_date <= asked["until"])
    if "completed_since" in asked:
        found.append(Task.completed_at >= asked["completed_since"])
    if "completed_until" in asked:
        found.append(Task.completed_at < asked["completed_until"])
    return found + [_says(word) for word in (asked.get("q") or "").split()]


def _of_whom(actor: Actor, asked: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if "mine" in asked:
        mine = func.coalesce(is_mine(actor), False)
        found.append(mine if asked["mine"] else ~mine)
    if "place" in asked:
        found.append(or_(Task.organization_id == asked["place"], Task.owner_id.is_not(None)))
    return found


def _says(word: str) -> ColumnElement[bool]:
    """Whether a task, or the name of what it is about, has this word."""
    columns = (Task.title, Task.description, Site.name, Advisory.name, func.array_to_string(Task.tags, " "))
    return or_(*(column.icontains(word, autoescape=True) for column in columns))


def is_overdue(day: date) -> ColumnElement[bool]:
    """Whether a task is open and its day has passed."""
    return and_(IS_OPEN, func.coalesce(Task.due_date < day, False))


def is_mine(actor: Actor) -> ColumnElement[bool]:
    """Whether it is for the actor to do: assigned to them, or theirs alone."""
    return or_(Task.assignee_id == actor.id, Task.owner_id == actor.id)


def _shape(row: Any, day: date) -> Task:
    task: Task = row[0]
    for name in NAMES:
        setattr(task, name, getattr(row, name))
    task.overdue = bool(task.due_date and task.due_date < day and task.status in OPEN)  # type: ignore[attr-defined]
    return task


def get_task(actor: Actor, task_id: UUID, lock: bool = False, deleted: bool = False) -> Task:
    """One task, or NotFound; `deleted` looks among deleted ones that the actor may bring back."""
    statement = _named(deleted_tasks(actor) if deleted else visible_tasks(actor)).where(Task.id == task_id)
    if lock:
        statement = statement.with_for_update(of=Task).execution_options(populate_existing=True)
    row = db.session.execute(statement).first()
    if row is None:
        raise NotFound()
    return _shape(row, now().date())


def get_any_task(actor: Actor, task_id: UUID) -> Task:
    """One task, for those who may bring it back also when it is deleted, or NotFound."""
    try:
        return get_task(actor, task_id)
    except NotFound:
        return get_task(actor, task_id, deleted=True)


def find_some_tasks(actor: Actor, ids: list[UUID]) -> list[Task]:
    """Those of these tasks that the actor sees, by what to do first."""
    listing = find_tasks(actor, {})
    listing.statement = listing.statement.where(Task.id.in_(ids))
    return listing.all()
