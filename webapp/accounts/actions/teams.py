"""Making, changing, deleting and restoring teams, and who is in them. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from webapp.accounts.actions.belonging import refuse_deleted_organization, refuse_taken_name
from webapp.accounts.models import Membership, Organization, Team, TeamMember, User
from webapp.accounts.queries import get_organization
from webapp.accounts.queries.teams import get_team_alone, get_team_member, with_figures
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, change_many, record
from webapp.kit.db import db
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.permissions import Actor, Permission

TAKEN = "There is a team of this name in the organization."


def create_team(actor: Actor, body: dict[str, Any], at: datetime) -> Team:
    """Makes a team without anybody in it; Conflict when its organization has one of this name."""
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.TEAM_MANAGE, organization.id)
    refuse_taken_name(Team, organization.id, body["name"], TAKEN)
    team = Team(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **body)
    db.session.add(team)
    record(actor, "team.created", team)
    db.session.flush()
    return with_figures(actor, get_team_alone(actor, team.id), at)


def change_team(actor: Actor, team: Team, body: dict[str, Any], at: datetime) -> Team:
    """Changes name or description. A team stays in its organization, where its people and sites are."""
    actor.require(Permission.TEAM_MANAGE, team.organization_id)
    if body.get("organization_id", team.organization_id) != team.organization_id:
        raise Invalid.at("organization_id", "A team stays where its people and sites are. Make another one there.")
    if body.get("name", team.name).lower() != team.name.lower():
        refuse_taken_name(Team, team.organization_id, body["name"], TAKEN)
    changed: Team = change(actor, "team.changed", team, body, at)
    return changed


def delete_team(actor: Actor, team: Team, at: datetime) -> Team:
    """Deletes a team. Its sites show none from now on; they and its people are in it again once it is restored."""
    actor.require(Permission.TEAM_MANAGE, team.organization_id)
    change(actor, "team.deleted", team, {"deleted_at": at}, at)
    return with_figures(actor, team, at)


def restore_team(actor: Actor, team_id: UUID, at: datetime) -> Team:
    """Brings a deleted team back with its people and sites; Conflict when its name or its organization is gone."""
    team = get_team_alone(actor, team_id, lock=True, deleted=True)
    actor.require(Permission.TEAM_MANAGE, team.organization_id)
    refuse_deleted_organization(team.organization_id)
    refuse_taken_name(Team, team.organization_id, team.name, TAKEN)
    change(actor, "team.restored", team, {"deleted_at": None}, at)
    return with_figures(actor, get_team_alone(actor, team.id), at)


def add_to_team(actor: Actor, team: Team, user_id: UUID, at: datetime) -> Any:
    """Puts a person into a team; whoever is in it stays. NotFound for those without a role in its organization."""
    actor.require(Permission.TEAM_MANAGE, team.organization_id)
    # The row is held, so that nobody leaves the organization at the same moment and stays in the team.
    role = db.session.scalar(
        select(Membership.role).join(User, User.id == Membership.user_id)
        .where(Membership.organization_id == team.organization_id, Membership.user_id == user_id, Membership.deleted_at.is_(None),
               User.deleted_at.is_(None)).with_for_update(read=True, of=Membership))
    if role is None:
        raise NotFound("This person has no role in the organization of the team.")
    member = db.session.get(TeamMember, (team.id, user_id), populate_existing=True)
    if member is None or member.deleted_at is not None:
        if member is None:
            member = TeamMember(team_id=team.id, user_id=user_id, organization_id=team.organization_id)
            db.session.add(member)
        member.created_at, member.created_by, member.deleted_at = at, actor.id, None
        record(actor, "team.member_added", team, changes={str(user_id): [None, "member"]})
        db.session.flush()
    return get_team_member(team, user_id)


def remove_from_team(actor: Actor, team: Team, user_id: UUID, at: datetime) -> Any:
    """Takes a person out of a team and gives back what they were; NotFound for those who are not in it."""
    actor.require(Permission.TEAM_MANAGE, team.organization_id)
    was = get_team_member(team, user_id)
    member = db.session.get_one(TeamMember, (team.id, user_id), populate_existing=True)
    member.deleted_at = at
    record(actor, "team.member_removed", team, changes={str(user_id): ["member", None]})
    db.session.flush()
    return was


def leave_teams(organization_id: UUID, user_id: UUID, at: datetime) -> None:
    """Takes somebody who leaves an organization out of all its teams, deleted ones included."""
    db.session.execute(update(TeamMember).where(
        TeamMember.organization_id == organization_id, TeamMember.user_id == user_id, TeamMember.deleted_at.is_(None),
    ).values(deleted_at=at))


@organization_closed.connect
def _close_teams(actor: Actor, organization: Organization, at: datetime) -> None:
    """Teams go with their organization, and people out of them with their memberships."""
    teams = db.session.scalars(select(Team).where(Team.organization_id == organization.id, Team.deleted_at.is_(None)).with_for_update())
    change_many(actor, "team.deleted", [(team, {"deleted_at": at}) for team in teams], at)
    db.session.execute(update(TeamMember).where(
        TeamMember.organization_id == organization.id, TeamMember.deleted_at.is_(None)).values(deleted_at=at))


@organization_reopened.connect
def _reopen_teams(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    teams = db.session.scalars(select(Team).where(Team.organization_id == organization.id, Team.deleted_at == closed_at).with_for_update())
    change_many(actor, "team.restored", [(team, {"deleted_at": None}) for team in teams], organization.updated_at)
    db.session.execute(update(TeamMember).where(
        TeamMember.organization_id == organization.id, TeamMember.deleted_at == closed_at).values(deleted_at=None))
