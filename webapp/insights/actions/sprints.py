"""Sprints: told of, started and closed. What is committed is frozen when one begins, what is done when it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.accounts.models import Team
from webapp.accounts.queries import get_team_alone
from webapp.audit.actions import change
from webapp.insights.actions.telling import tell
from webapp.insights.actions.writing import Receipt
from webapp.insights.models import Sprint
from webapp.insights.queries.planning import get_sprint
from webapp.insights.values.velocity import SprintState
from webapp.kit.cache import touch
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission

P = Permission


def record_sprints(actor: Actor, told: Sequence[Mapping[str, Any]], at: datetime, source: str = "api") -> tuple[list[Sprint], Receipt]:
    """Records sprints, each a body of `SprintInput`, all of them or none.

    What is told again changes what was told, and nothing that is frozen: what was committed when it began, and done when it was closed.
    """
    teams: dict[UUID, Team] = {}
    for each in told:
        if each["team_id"] not in teams:
            team = get_team_alone(actor, each["team_id"])
            actor.require(P.INSIGHT_POST, team.organization_id)
            teams[team.id] = team
    rows = [{"source": source, **each, "organization_id": teams[each["team_id"]].organization_id} for each in told]
    found, receipt = tell(actor, Sprint, rows, at, "sprint", _keep_team)
    for organization_id in {each.organization_id for each in found}:
        touch(f"org:{organization_id}")
    return found, receipt


def _keep_team(row: Sprint, values: Mapping[str, Any]) -> Mapping[str, Any]:
    if row.team_id != values["team_id"]:
        raise Conflict("This source has told of a sprint of this name of another team.")
    _check_order(row, values)
    return values


def change_sprint(actor: Actor, sprint: Sprint, body: dict[str, Any], at: datetime) -> Sprint:
    """Changes what is told of a sprint; it stays its team's, and what is frozen stays frozen."""
    actor.require(P.INSIGHT_POST, sprint.organization_id)
    if body.get("team_id", sprint.team_id) != sprint.team_id:
        raise Invalid.at("team_id", "A sprint stays its team's. Record another one there.")
    _check_order(sprint, body)
    values = {name: value for name, value in body.items() if name not in ("source", "external_id")}
    return _changed(actor, "sprint.changed", sprint, values, at)


def start_sprint(actor: Actor, sprint: Sprint, body: Mapping[str, Any], at: datetime) -> Sprint:
    """Begins a sprint: what is planned now is what it commits to, for good. Conflict where it has begun."""
    actor.require(P.INSIGHT_POST, sprint.organization_id)
    if sprint.state != SprintState.PLANNED:
        raise Conflict("It has begun already: what it commits to is frozen.")
    planned = body.get("planned_points", sprint.planned_points)
    values = {"state": SprintState.ACTIVE.value, "started_at": at, "planned_points": planned, "committed_points": planned}
    return _changed(actor, "sprint.started", sprint, values, at)


def close_sprint(actor: Actor, sprint: Sprint, body: Mapping[str, Any], at: datetime) -> Sprint:
    """Closes a sprint: what is done now is what it has achieved, for good. Conflict where it has not begun, or is closed."""
    actor.require(P.INSIGHT_POST, sprint.organization_id)
    if sprint.state != SprintState.ACTIVE:
        raise Conflict("It is closed already." if sprint.state == SprintState.CLOSED else "It has not begun: start it first.")
    done = body.get("completed_points", sprint.completed_points)
    values = {"state": SprintState.CLOSED.value, "closed_at": at, "completed_points": done, "velocity": done}
    return _changed(actor, "sprint.closed", sprint, values, at)


def delete_sprint(actor: Actor, sprint: Sprint, at: datetime) -> Sprint:
    """Deletes a sprint: it counts for nothing until it is restored."""
    actor.require(P.INSIGHT_POST, sprint.organization_id)
    change(actor, "sprint.deleted", sprint, {"deleted_at": at}, at)
    touch(f"org:{sprint.organization_id}")
    return get_sprint(actor, sprint.id, deleted=True)


def restore_sprint(actor: Actor, sprint_id: UUID, at: datetime) -> Sprint:
    """Brings a sprint back as it was."""
    sprint = get_sprint(actor, sprint_id, lock=True, deleted=True)
    actor.require(P.INSIGHT_POST, sprint.organization_id)
    return _changed(actor, "sprint.restored", sprint, {"deleted_at": None}, at)


def _changed(actor: Actor, action: str, sprint: Sprint, values: Mapping[str, Any], at: datetime) -> Sprint:
    change(actor, action, sprint, values, at)
    touch(f"org:{sprint.organization_id}")
    return get_sprint(actor, sprint.id)


def _check_order(sprint: Sprint, values: Mapping[str, Any]) -> None:
    if values.get("end_date", sprint.end_date) < values.get("start_date", sprint.start_date):
        raise Invalid.at("end_date", "This lies before start_date.")
