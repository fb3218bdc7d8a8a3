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
from webapp.kit.web.doors import Cached
from webapp.kit.web.resources import Resource, open_doors

HALF_AN_HOUR = 1800
LIVE = TeamSchema(only=["members_count", "metrics"])
TEAMS = Resource(
    path="/teams", one="team", many="teams", reads=P.TEAM_READ, manages=P.TEAM_MANAGE, query=TeamQuery, takes=TeamInput,
    row=TeamRowSchema(), gives=TeamSchema(), find=queries.find_teams, get=queries.get_team, create=teams.create_team,
    change=teams.change_team, delete=teams.delete_team, restore=teams.restore_team,
    told={"show": {"cached": Cached("team", HALF_AN_HOUR, queries.may_see_team, keeps=TeamRowSchema(exclude=["members_count"]),
                                    live=lambda actor, kept: LIVE.dump(queries.team_now(actor, UUID(kept["id"]))))}},
    says={"create": "A new team, with nobody in it.", "show": "One team, and how it stands.",
          "change": "Changes a team; it stays in its organization.",
          "delete": "Deletes a team: its sites show none, until it is restored.",
          "restore": "Brings a deleted team back, with its people and sites."})
MEMBERS = f"{TEAMS.rule}/members"
MEMBER = f"{MEMBERS}/<uuid:user_id>"
open_doors(api, TEAMS)


@api.get(MEMBERS, needs=P.TEAM_READ, finds=queries.get_team_alone, query=TeamMemberQuery, gives=TeamMemberSchema(), lists=True)
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
