"""Making, changing, deleting and restoring rules, and letting one work through what stands open already."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from webapp.accounts.actions.belonging import refuse_deleted_organization, refuse_taken_name
from webapp.accounts.queries import get_organization
from webapp.accounts.queries.teams import is_team_of
from webapp.audit.actions import change, record
from webapp.fleet.queries import may_own
from webapp.kit.db import db, rows
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission
from webapp.tasks.actions.evidence import findings_of, make_by_rules, present_tasks, taken
from webapp.tasks.models import TaskRule
from webapp.tasks.queries.rules import get_task_rule
from webapp.tasks.values import Assign

TAKEN = "There is a rule of this name in the organization."
MOST = 200
OPEN = """
SELECT e.site_id, e.advisory_id FROM exposures e JOIN sites s ON s.id = e.site_id
WHERE e.organization_id = :place AND e.ended_at IS NULL AND e.decision_id IS NULL AND e.enabled IS NOT FALSE AND s.deleted_at IS NULL
ORDER BY e.site_id, e.advisory_id
"""


def create_rule(actor: Actor, body: dict[str, Any], at: datetime) -> TaskRule:
    """Makes a rule; it works on findings that open from now on."""
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.TASK_RULE_MANAGE, organization.id)
    refuse_taken_name(TaskRule, organization.id, body["name"], TAKEN)
    rule = TaskRule(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id,
                    **{"is_enabled": True, "assign": Assign.OWNER.value, **_tidy(body)})
    _refuse_strangers(rule)
    count = select(func.count()).select_from(TaskRule).where(TaskRule.organization_id == organization.id, TaskRule.deleted_at.is_(None))
    if int(db.session.scalar(count) or 0) >= MOST:
        raise Conflict(f"An organization has {MOST} rules at most.")
    db.session.add(rule)
    record(actor, "task_rule.created", rule)
    db.session.flush()
    return get_task_rule(actor, rule.id)


def change_rule(actor: Actor, rule: TaskRule, body: dict[str, Any], at: datetime) -> TaskRule:
    """Changes a rule; what it has made stays as it is."""
    actor.require(Permission.TASK_RULE_MANAGE, rule.organization_id)
    if body.get("organization_id", rule.organization_id) != rule.organization_id:
        raise Invalid.at("organization_id", "A rule stays in its organization. Make another one there.")
    if body.get("name", rule.name).lower() != rule.name.lower():
        refuse_taken_name(TaskRule, rule.organization_id, body["name"], TAKEN)
    values = _tidy(body)
    _refuse_strangers(TaskRule(**{name: values.get(name, getattr(rule, name)) for name in ("organization_id", "assign", "assignee_id")},
                               team_id=values.get("team_id")))
    change(actor, "task_rule.changed", rule, values, at)
    return get_task_rule(actor, rule.id)


def delete_rule(actor: Actor, rule: TaskRule, at: datetime) -> TaskRule:
    """Deletes a rule: it makes nothing any more. What it has made stays, and is closed by evidence as before."""
    actor.require(Permission.TASK_RULE_MANAGE, rule.organization_id)
    changed: TaskRule = change(actor, "task_rule.deleted", rule, {"deleted_at": at}, at)
    return changed


def restore_rule(actor: Actor, rule_id: UUID, at: datetime) -> TaskRule:
    """Brings a deleted rule back; Conflict when its name or its organization is gone."""
    rule = get_task_rule(actor, rule_id, lock=True, deleted=True)
    actor.require(Permission.TASK_RULE_MANAGE, rule.organization_id)
    refuse_deleted_organization(rule.organization_id)
    refuse_taken_name(TaskRule, rule.organization_id, rule.name, TAKEN)
    change(actor, "task_rule.restored", rule, {"deleted_at": None}, at)
    return get_task_rule(actor, rule.id)


def apply_rule(actor: Actor, rule: TaskRule, dry_run: bool, at: datetime) -> dict[str, Any]:
    """Lets a rule work through what stands open already; a dry run tells what it would make, and writes nothing."""
    actor.require(Permission.TASK_RULE_MANAGE, rule.organization_id)
    if rule.deleted_at is not None or not rule.is_enabled:
        raise Conflict("This rule is switched off.")
    pairs = [(row.site_id, row.advisory_id) for row in rows(OPEN, place=rule.organization_id)]
    without = taken(present_tasks(pairs))
    made = make_by_rules(actor, [rule], findings_of(pairs), without, at, dry_run)
    told = [{"title": each.title, "site_id": each.site_id, "assignee_id": each.assignee_id, "due_date": each.due_date} for each in made]
    return {"dry_run": dry_run, "findings": len(pairs), "made": len(made), "present": len(without), "tasks": told}


def _tidy(body: dict[str, Any]) -> dict[str, Any]:
    """Lists without what is said twice, in the order of the words."""
    return {name: sorted(set(value)) if isinstance(value, list) else value for name, value in body.items()}


def _refuse_strangers(rule: TaskRule) -> None:
    """Who gets the tasks and whose sites they are about must be of the rule's organization."""
    if rule.team_id is not None and not is_team_of(rule.team_id, rule.organization_id):
        raise Invalid.at("team_id", "There is no such team in this organization.")
    if rule.assign == Assign.PERSON and rule.assignee_id is None:
        raise Invalid.at("assignee_id", "Say who gets them.")
    if rule.assignee_id is not None and not may_own(rule.assignee_id, [rule.organization_id]):
        raise Invalid.at("assignee_id", "This person does not belong to the organization.")
