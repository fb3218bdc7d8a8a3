"""Reading rules, with the names of what they refer to and how much they have made."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.accounts.models import Organization, Team, User
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.tasks.models import Task, TaskRule
from webapp.tasks.policy import visible_task_rules

MADE = (select(func.count()).select_from(Task).where(Task.rule_id == TaskRule.id, Task.deleted_at.is_(None)).correlate(TaskRule)
        .scalar_subquery())
NAMES = {"organization_name": Organization.name, "team_name": Team.name, "tasks_count": MADE,
         "assignee_name": func.coalesce(func.nullif(User.full_name, ""), User.email)}
EQUAL = ("name", "organization_id", "team_id", "assignee_id", "assign", "is_enabled")


def _shown(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Organization, Organization.id == TaskRule.organization_id)
            .outerjoin(Team, (Team.id == TaskRule.team_id) & Team.deleted_at.is_(None)).outerjoin(User, User.id == TaskRule.assignee_id)
            .add_columns(*(column.label(name) for name, column in NAMES.items())))


def _shape(row: Any) -> TaskRule:
    rule: TaskRule = row[0]
    for name in NAMES:
        setattr(rule, name, getattr(row, name))
    return rule


def find_task_rules(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The rules of the actor's organizations, by name; admins also find those that were deleted."""
    statement = _shown(visible_task_rules(actor, deleted=bool(asked.get("include_deleted"))))
    statement = statement.where(*(getattr(TaskRule, name) == asked[name] for name in EQUAL if name in asked))
    if asked.get("q"):
        statement = statement.where(TaskRule.name.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(TaskRule.name), "tasks_count": MADE, "created_at": TaskRule.created_at, "updated_at": TaskRule.updated_at}
    return Listing(statement, sorts, "name", TaskRule.id, shape=_shape)


def get_task_rule(actor: Actor, rule_id: UUID, lock: bool = False, deleted: bool = False) -> TaskRule:
    """One rule, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown(visible_task_rules(actor, deleted=deleted)).where(TaskRule.id == rule_id)
    if deleted:
        statement = statement.where(TaskRule.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=TaskRule) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def get_any_task_rule(actor: Actor, rule_id: UUID) -> TaskRule:
    """One rule, for admins also when it is deleted, or NotFound."""
    row = db.session.execute(_shown(visible_task_rules(actor, deleted=True)).where(TaskRule.id == rule_id)).first()
    if row is None:
        raise NotFound()
    return _shape(row)
