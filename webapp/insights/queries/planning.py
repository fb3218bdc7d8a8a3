"""Reading sprints, and what was measured of the code of repositories."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.accounts.models import Organization, Team
from webapp.insights.models import QualityMeasurement, Repository, Sprint
from webapp.insights.policy import visible_measurements, visible_sprints
from webapp.insights.queries.scope import Scope
from webapp.insights.values.velocity import Closed
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

SPRINT_EQUAL = ("team_id", "organization_id", "source", "external_id", "name")
SPRINT_SORTS: dict[str, Any] = {"team": func.lower(Team.name), **{name: getattr(Sprint, name) for name in (
    "start_date", "end_date", "name", "state", "committed_points", "velocity", "created_at", "updated_at")}}
MEASURED_EQUAL = ("repository_id", "organization_id", "source", "external_id")
MEASURED_SORTS: dict[str, Any] = {"repository": func.lower(Repository.name), **{name: getattr(QualityMeasurement, name) for name in (
    "measured_at", "test_coverage", "code_smells", "technical_debt_minutes", "security_issues", "bugs", "vulnerabilities", "created_at",
    "updated_at")}}


def find_sprints(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The sprints that match, the last that ends first. `from` and `to` are about the day on which they end."""
    statement = _shown_sprints(visible_sprints(actor, deleted=bool(asked.get("include_deleted"))))
    for name in SPRINT_EQUAL:
        if name in asked:
            statement = statement.where(getattr(Sprint, name) == asked[name])
    if "state" in asked:
        statement = statement.where(Sprint.state.in_(asked["state"]))
    if "since" in asked:
        statement = statement.where(Sprint.end_date >= asked["since"].date())
    if "until" in asked:
        statement = statement.where(Sprint.end_date < asked["until"].date())
    if asked.get("q"):
        statement = statement.where(Sprint.name.icontains(asked["q"], autoescape=True) | Team.name.icontains(asked["q"], autoescape=True))
    return Listing(statement, SPRINT_SORTS, "-end_date", Sprint.id.desc(), shape=_sprint)


def get_sprint(actor: Actor, sprint_id: UUID, lock: bool = False, deleted: bool = False) -> Sprint:
    """One sprint, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown_sprints(visible_sprints(actor, deleted=deleted)).where(Sprint.id == sprint_id)
    if deleted:
        statement = statement.where(Sprint.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=Sprint) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _sprint(row)


def told_sprint(sprint_id: UUID) -> Sprint:
    """One sprint for whoever has just told of it, who may be a key that sees none."""
    statement = _shown_sprints(select(Sprint).join(Team, Team.id == Sprint.team_id))
    return _sprint(db.session.execute(statement.where(Sprint.id == sprint_id)).one())


def closed_sprints(scope: Scope, since: date | None, until: date | None) -> list[Closed]:
    """The closed sprints of a scope that ended in this time, with what was frozen of them."""
    wanted = visible_sprints(scope.actor).where(Sprint.state == "closed", Sprint.team_id == scope.filters["team_id"])
    if since is not None:
        wanted = wanted.where(Sprint.end_date >= since)
    if until is not None:
        wanted = wanted.where(Sprint.end_date <= until)
    return [Closed(each.id, each.name, each.start_date, each.end_date, each.committed_points, each.velocity)
            for each in db.session.scalars(wanted.order_by(Sprint.end_date, Sprint.id))]


def team_of_last_sprint(actor: Actor, organization_id: UUID | None) -> UUID | None:
    """The team whose closed sprint ended last, of those that are there; None where no sprint was ever closed."""
    wanted = visible_sprints(actor).where(Sprint.state == "closed", Team.deleted_at.is_(None))
    if organization_id is not None:
        wanted = wanted.where(Sprint.organization_id == organization_id)
    return db.session.scalar(wanted.with_only_columns(Sprint.team_id).order_by(Sprint.end_date.desc(), Sprint.id).limit(1))


def _shown_sprints(statement: Select[Any]) -> Select[Any]:
    return (statement.join(Organization, Organization.id == Sprint.organization_id)
            .add_columns(Team.name.label("team_name"), Organization.name.label("organization_name")))


def _sprint(row: Any) -> Sprint:
    sprint: Sprint = row[0]
    sprint.team_name, sprint.organization_name = row.team_name, row.organization_name  # type: ignore[attr-defined]
    closed = Closed(sprint.id, sprint.name, sprint.start_date, sprint.end_date, sprint.committed_points, sprint.velocity)
    sprint.completion_rate = closed.completion_rate  # type: ignore[attr-defined]
    return sprint


def find_measurements(actor: Actor, asked: Mapping[str, Any]) -> Listing:
    """The measurements that match, the newest first. `from` and `to` are about when it was measured."""
    statement = _shown_measurements(visible_measurements(actor, deleted=bool(asked.get("include_deleted"))))
    for name in MEASURED_EQUAL:
        if name in asked:
            statement = statement.where(getattr(QualityMeasurement, name) == asked[name])
    if "document" in asked:
        statement = statement.where(QualityMeasurement.format == asked["document"])
    if "since" in asked:
        statement = statement.where(QualityMeasurement.measured_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(QualityMeasurement.measured_at < asked["until"])
    if asked.get("q"):
        statement = statement.where(Repository.name.icontains(asked["q"], autoescape=True))
    return Listing(statement, MEASURED_SORTS, "-measured_at", QualityMeasurement.id.desc(),
                   cursor=(QualityMeasurement.measured_at, QualityMeasurement.id), shape=_measurement)


def get_measurement(actor: Actor, measurement_id: UUID, lock: bool = False, deleted: bool = False) -> QualityMeasurement:
    """One measurement, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown_measurements(visible_measurements(actor, deleted=deleted)).where(QualityMeasurement.id == measurement_id)
    if deleted:
        statement = statement.where(QualityMeasurement.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=QualityMeasurement) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _measurement(row)


def told_measurement(measurement_id: UUID) -> QualityMeasurement:
    """One measurement for whoever has just told of it, who may be a key that sees none."""
    statement = _shown_measurements(select(QualityMeasurement).join(Repository, Repository.id == QualityMeasurement.repository_id))
    return _measurement(db.session.execute(statement.where(QualityMeasurement.id == measurement_id)).one())


def _shown_measurements(statement: Select[Any]) -> Select[Any]:
    return statement.add_columns(Repository.name.label("repository_name"))


def _measurement(row: Any) -> QualityMeasurement:
    found: QualityMeasurement = row[0]
    found.repository_name = row.repository_name  # type: ignore[attr-defined]
    return found
