"""`/api/v1/teams`, who is in them, and the teams of one organization."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.accounts import queries
from webapp.accounts.actions import teams
from webapp.accounts.api.door import P, api
from webapp.accounts.models import Organization, Team
from webapp.accounts.schemas.teams import (
    TeamInput,
    TeamMemberQuery,
    TeamMemberSchema,
    TeamQuery,
    TeamRowSchema,
    TeamSchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

TEAM = "/teams/<uuid:team_id>"
MEMBER = f"{TEAM}/members/<uuid:user_id>"


@api.get("/teams", needs=P.TEAM_READ, query=TeamQuery, gives=TeamRowSchema(), lists=True)
def list_teams(actor: Actor, query: dict[str, Any]) -> Listing:
    """The teams of your organizations."""
    return queries.find_teams(actor, query)


@api.post("/teams", needs=P.TEAM_MANAGE, takes=TeamInput, gives=TeamSchema(), status=201, at="/teams/{id}")
def create_team(actor: Actor, body: dict[str, Any]) -> Team:
    """A new team, with nobody in it."""
    return teams.create_team(actor, body, now())


@api.get(TEAM, needs=P.TEAM_READ, finds=queries.get_team, gives=TeamSchema())
def show_team(actor: Actor, found: Team) -> Team:
    """One team, and how it stands."""
    return found


@api.change(TEAM, needs=P.TEAM_MANAGE, finds=queries.get_team, takes=TeamInput, gives=TeamSchema())
def change_team(actor: Actor, found: Team, body: dict[str, Any]) -> Team:
    """Changes a team; it stays in its organization."""
    return teams.change_team(actor, found, body, now())


@api.delete(TEAM, needs=P.TEAM_MANAGE, finds=queries.get_team, gives=TeamSchema())
def delete_team(actor: Actor, found: Team) -> Team:
    """Deletes a team: its sites show none, until it is restored."""
    return teams.delete_team(actor, found, now())


@api.post(f"{TEAM}/restore", needs=P.TEAM_MANAGE, gives=TeamSchema())
def restore_team(actor: Actor, team_id: UUID) -> Team:
    """Brings a deleted team back, with its people and sites."""
    return teams.restore_team(actor, team_id, now())


@api.get(f"{TEAM}/members", needs=P.TEAM_READ, finds=queries.get_team_alone, query=TeamMemberQuery, gives=TeamMemberSchema(), lists=True)
def list_team_members(actor: Actor, found: Team, query: dict[str, Any]) -> Listing:
    """The people in a team."""
    return queries.find_team_members(found, query)


@api.door(MEMBER, ("PUT",), P.TEAM_MANAGE, gives=TeamMemberSchema())
def add_to_team(actor: Actor, team_id: UUID, user_id: UUID) -> Any:
    """Puts a person with a role in the organization into the team; whoever is in it stays."""
    return teams.add_to_team(actor, queries.get_team_alone(actor, team_id, lock=True), user_id, now())


@api.delete(MEMBER, needs=P.TEAM_MANAGE, gives=TeamMemberSchema())
def remove_from_team(actor: Actor, team_id: UUID, user_id: UUID) -> Any:
    """Takes a person out of the team."""
    return teams.remove_from_team(actor, queries.get_team_alone(actor, team_id, lock=True), user_id, now())


@api.get("/organizations/<uuid:organization_id>/teams", needs=P.TEAM_READ, finds=queries.get_organization, query=TeamQuery,
         gives=TeamRowSchema(), lists=True)
def list_organization_teams(actor: Actor, found: Organization, query: dict[str, Any]) -> Listing:
    """The teams of an organization."""
    return queries.find_teams(actor, {**query, "organization_id": found.id})
