"""Reading teams, who is in them, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.accounts.models import Membership, Organization, Team, TeamMember, User
from webapp.accounts.policy import visible_teams
from webapp.accounts.values import team_measured, team_window
from webapp.kit.clock import now
from webapp.kit.db import db, rows
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

NAME = func.coalesce(func.nullif(User.full_name, ""), User.email)
CHOICES = 200
MEMBERS = (select(func.count()).select_from(TeamMember).join(User, User.id == TeamMember.user_id)
           .where(TeamMember.team_id == Team.id, TeamMember.deleted_at.is_(None), User.deleted_at.is_(None))
           .correlate(Team).scalar_subquery())
SITES = """
SELECT team_id, count(*) AS sites FROM sites
WHERE team_id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL GROUP BY team_id
"""


def _shown(statement: Select[Any]) -> Select[Any]:
    """Teams with how many people are in each, and the name of its organization."""
    return (statement.join(Organization, Organization.id == Team.organization_id)
            .add_columns(MEMBERS.label("members_count"), Organization.name.label("organization_name")))


def _shape(row: Any) -> Team:
    team: Team = row[0]
    team.members_count, team.organization_name = row.members_count, row.organization_name  # type: ignore[attr-defined]
    return team


def find_teams(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The teams of the actor's organizations, by name; admins also find those that were deleted."""
    statement = _shown(visible_teams(actor, deleted=bool(asked.get("include_deleted"))))
    for name in ("name", "organization_id"):
        if name in asked:
            statement = statement.where(getattr(Team, name) == asked[name])
    if "member_id" in asked:
        inside = select(TeamMember.team_id).where(TeamMember.user_id == asked["member_id"], TeamMember.deleted_at.is_(None))
        statement = statement.where(Team.id.in_(inside))
    if asked.get("q"):
        statement = statement.where(Team.name.icontains(asked["q"], autoescape=True)
                                    | Team.description.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(Team.name), "members_count": MEMBERS, "created_at": Team.created_at, "updated_at": Team.updated_at}
    return Listing(statement, sorts, "name", Team.id, shape=_shape)


def get_team_alone(actor: Actor, team_id: UUID, lock: bool = False, deleted: bool = False) -> Team:
    """One team without its figures, or NotFound; `deleted` looks among deleted ones only."""
    statement = _shown(visible_teams(actor, deleted=deleted)).where(Team.id == team_id)
    if deleted:
        statement = statement.where(Team.deleted_at.is_not(None))
    row = db.session.execute(statement.with_for_update(of=Team) if lock else statement).first()
    if row is None:
        raise NotFound()
    return _shape(row)


def get_team(actor: Actor, team_id: UUID, lock: bool = False) -> Team:
    """One team with its figures, or NotFound."""
    return with_figures(actor, get_team_alone(actor, team_id, lock), now())


def may_see_team(actor: Actor, team_id: UUID) -> bool:
    """Whether `visible_teams` holds this one."""
    return db.session.scalar(visible_teams(actor).with_only_columns(Team.id).where(Team.id == team_id)) is not None


def team_now(actor: Actor, team_id: UUID) -> dict[str, Any]:
    """What of a team moves without anybody writing to it: how many people are in it, and its figures."""
    team = with_figures(actor, Team(id=team_id), now())
    return {"members_count": db.session.scalar(select(MEMBERS).where(Team.id == team_id)), "metrics": team.metrics}  # type: ignore[attr-defined]


def get_any_team(actor: Actor, team_id: UUID) -> Team:
    """One team with its figures, for admins also when it is deleted, or NotFound."""
    row = db.session.execute(_shown(visible_teams(actor, deleted=True)).where(Team.id == team_id)).first()
    if row is None:
        raise NotFound()
    return with_figures(actor, _shape(row), now())


def with_figures(actor: Actor, team: Team, at: datetime) -> Team:
    """Gives a team `metrics`: what each room that listens to `team_measured` says of it."""
    metrics: dict[str, Any] = {"since": team_window(at)}
    for _, figures in team_measured.send(actor, team=team, at=at):
        metrics |= figures
    team.metrics = metrics  # type: ignore[attr-defined]
    return team


def with_sites_counts(teams: list[Team]) -> list[Team]:
    """Gives each team `sites_count`, in one statement."""
    counted = {row.team_id: row.sites for row in rows(SITES, ids=[team.id for team in teams])}
    for team in teams:
        team.sites_count = counted.get(team.id, 0) if team.is_active else 0  # type: ignore[attr-defined]
    return teams


def find_team_members(team: Team, asked: dict[str, Any]) -> Listing:
    """The people in a team, by name, with their role in its organization."""
    statement = _members(team)
    if "role" in asked:
        statement = statement.where(Membership.role == asked["role"])
    if asked.get("q"):
        statement = statement.where(User.email.icontains(asked["q"], autoescape=True)
                                    | User.full_name.icontains(asked["q"], autoescape=True))
    sorts = {"full_name": func.lower(NAME), "email": func.lower(User.email), "role": Membership.role, "added_at": TeamMember.created_at}
    return Listing(statement, sorts, "full_name", User.id, shape=lambda row: row)


def get_team_member(team: Team, user_id: UUID) -> Any:
    """One person in a team, or NotFound."""
    row = db.session.execute(_members(team).where(User.id == user_id)).first()
    if row is None:
        raise NotFound()
    return row


def _members(team: Team) -> Select[Any]:
    role = (Membership.organization_id == TeamMember.organization_id) & (Membership.user_id == TeamMember.user_id)
    columns: list[Any] = [TeamMember.team_id, User.id.label("user_id"), User.email, User.full_name, NAME.label("name"), Membership.role,
                          TeamMember.created_at.label("added_at")]
    return (select(*columns).select_from(TeamMember).join(User, User.id == TeamMember.user_id).join(Membership, role)
            .where(TeamMember.team_id == team.id, TeamMember.deleted_at.is_(None), User.deleted_at.is_(None)))


def find_possible_members(actor: Actor, team: Team) -> list[Any]:
    """The people of the team's organization who are not in it, as `id` and `name`; nobody for those who may not add any."""
    if not actor.may(Permission.TEAM_MANAGE, team.organization_id):
        return []
    inside = select(TeamMember.user_id).where(TeamMember.team_id == team.id, TeamMember.deleted_at.is_(None))
    statement = (select(User.id, NAME.label("name")).join(Membership, Membership.user_id == User.id)
                 .where(Membership.organization_id == team.organization_id, Membership.deleted_at.is_(None),
                        User.deleted_at.is_(None), User.id.not_in(inside)))
    return list(db.session.execute(statement.order_by(func.lower(NAME)).limit(CHOICES)))


def find_teams_to_choose(actor: Actor, organizations: Sequence[UUID] | None = None) -> list[Any]:
    """The teams of these organizations (of all that the actor sees) as `id`, `name` and `organization_name`, by name: for a form."""
    statement: Select[Any] = visible_teams(actor).join(Organization, Organization.id == Team.organization_id)
    if organizations is not None:
        statement = statement.where(Team.organization_id.in_(organizations))
    shown = statement.with_only_columns(Team.id, Team.name, Organization.name.label("organization_name"))
    return list(db.session.execute(shown.order_by(func.lower(Team.name), Organization.name).limit(CHOICES)))


def is_team_of(team_id: UUID, organization_id: UUID) -> bool:
    """Whether there is such a team in the organization."""
    found = select(Team.id).where(Team.id == team_id, Team.organization_id == organization_id, Team.deleted_at.is_(None))
    return db.session.scalar(found) is not None


def team_names(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those of the teams that the actor may see."""
    statement = visible_teams(actor).with_only_columns(Team.id, Team.name).where(Team.id.in_(ids))
    return dict(db.session.execute(statement).all())
