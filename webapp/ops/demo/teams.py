"""Making the demo's teams, their repositories and what they delivered, by the verbs that the API calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.actions.teams import add_to_team, create_team
from webapp.accounts.models import Team
from webapp.insights.actions.commits import record_commits
from webapp.insights.actions.deployments import record_deployments
from webapp.insights.actions.incidents import record_incidents
from webapp.insights.actions.measurements import record_measurements
from webapp.insights.actions.pull_requests import record_pull_requests
from webapp.insights.actions.repositories import create_repository
from webapp.insights.actions.sprints import close_sprint, record_sprints, start_sprint
from webapp.insights.models import Repository
from webapp.insights.queries.repositories import get_repository
from webapp.kit.db import db
from webapp.kit.permissions import Actor
from webapp.ops.demo.deliveries import Delivered
from webapp.ops.demo.places import Place


@dataclass(frozen=True, slots=True)
class Crew:
    """The teams of an organization of the demo, in the order of `Place.teams`, and the repository of the first."""

    teams: Sequence[UUID]
    repository: UUID

    def of(self, number: int) -> dict[str, UUID | None]:
        """Whose the n-th of an organization's sites is, and where its code lies: every other one runs the first team's platform."""
        which = number % 2
        return {"team_id": self.teams[which], "repository_id": None if which else self.repository}


def make_crew(actor: Actor, place: Place, organization_id: UUID, people: Sequence[UUID], at: datetime) -> None:
    """Makes the teams, puts the organization's first two people into the first and the second of them into both, and the repository."""
    teams = [create_team(actor, {"name": name, "organization_id": organization_id, "description": ""}, at) for name in place.teams]
    for team, members in zip(teams, (people[:2], people[1:2]), strict=True):
        for user_id in members:
            add_to_team(actor, team, user_id, at)
    create_repository(actor, {"name": f"{place.custom}-platform", "url": place.repository, "organization_id": organization_id,
                              "language": "PHP", "default_branch": "main", "team_id": teams[0].id}, at)


def crew_of(place: Place, organization_id: UUID) -> Crew:
    """The teams and the repository that `make_crew` made."""
    found = {team.name: team.id for team in db.session.scalars(select(Team).where(Team.organization_id == organization_id))}
    repository = select(Repository.id).where(Repository.organization_id == organization_id, Repository.url == place.repository)
    return Crew([found[name] for name in place.teams], db.session.scalars(repository).one())


def tell_deliveries(actor: Actor, admin: Actor, crew: Crew, delivered: Delivered, today: datetime) -> None:
    """Tells all that a team delivered; what is known stays as it is. Sprints are started and closed by hand, as people do."""
    repository = get_repository(actor, crew.repository, lock=True)
    if repository.commit_count:
        return
    place: dict[str, Any] = {"repository_id": crew.repository}
    record_commits(actor, repository, delivered.commits, today)
    record_pull_requests(actor, repository, delivered.pull_requests, today)
    record_deployments(actor, [each | place for each in delivered.deployments], today)
    record_incidents(actor, [each | place for each in delivered.incidents], today)
    record_measurements(actor, [each | place for each in delivered.measurements], today)
    for told in delivered.sprints:
        body = {name: value for name, value in told.items() if name != "over"} | {"team_id": crew.teams[0]}
        (sprint,), _ = record_sprints(admin, [body], today)
        started = start_sprint(admin, sprint, {}, _noon(told["start_date"], today))
        if told["over"]:
            close_sprint(admin, started, {}, _noon(told["end_date"], today))


def _noon(day: Any, today: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=today.tzinfo)
