"""`/teams`: the list, making, changing, deleting and restoring one, and who is in it. The page of one team is the fleet's."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from webapp.accounts import queries
from webapp.accounts.actions import teams
from webapp.accounts.pages.doors import pages
from webapp.accounts.pages.members import ROLES
from webapp.accounts.schemas.teams import TeamInput, TeamMemberInput, TeamMemberQuery, TeamQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

P = Permission
ONE = "fleet_pages.show_team"
PEOPLE = "accounts_pages.list_team_members"
TEAM = "/teams/<uuid:team_id>"
TWIN = "/api/v1/teams"


@pages.get("/teams", needs=P.TEAM_READ, query=TeamQuery)
def list_teams(actor: Actor, query: dict[str, Any]) -> Response:
    """Who looks after what together?"""
    asked = within(actor, query)
    listing = ListView(queries.find_teams(actor, asked), asked, TWIN)
    queries.with_sites_counts(listing.rows)
    return page("accounts/teams.html", block="content", listing=listing, place=asked.get("organization_id"))


@pages.get("/teams/new", needs=P.TEAM_MANAGE)
def new_team(actor: Actor, form: Form | None = None) -> Response:
    """A form for a new team."""
    places = queries.organizations_with(actor, P.TEAM_MANAGE)
    form = form or Form({name: request.args[name] for name in ("organization_id",) if name in request.args})
    return page("accounts/team_form.html", form=form, found=None, places=places, chosen=chosen_organization(actor))


@pages.post("/teams/new", needs=P.TEAM_MANAGE, takes=TeamInput, again=new_team)
def create_team(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the team; next come its people."""
    made = teams.create_team(actor, body, now())
    return go(PEOPLE, say=f"{made.name} is made. Now say who is in it.", team_id=made.id)


@pages.get(f"{TEAM}/edit", needs=P.TEAM_MANAGE)
def edit_team(actor: Actor, team_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a team."""
    found = queries.get_team_alone(actor, team_id)
    actor.require(P.TEAM_MANAGE, found.organization_id)
    return page("accounts/team_form.html", form=form or Form(), found=found, places=[], chosen=None)


@pages.post(f"{TEAM}/edit", needs=P.TEAM_MANAGE, takes=TeamInput, again=edit_team)
def change_team(actor: Actor, team_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed; a description that was emptied is empty."""
    teams.change_team(actor, queries.get_team_alone(actor, team_id, lock=True), {"description": "", **body}, now())
    return go(ONE, say="Saved.", team_id=team_id)


@pages.post(f"{TEAM}/delete", needs=P.TEAM_MANAGE)
def delete_team(actor: Actor, team_id: UUID) -> Response:
    """Deletes the team; its sites show none."""
    found = teams.delete_team(actor, queries.get_team_alone(actor, team_id, lock=True), now())
    return go("accounts_pages.list_teams", say=f"{found.name} is deleted. It can be restored from the deleted teams.")


@pages.post(f"{TEAM}/restore", needs=P.TEAM_MANAGE)
def restore_team(actor: Actor, team_id: UUID) -> Response:
    """Brings a deleted team back."""
    found = teams.restore_team(actor, team_id, now())
    return go(ONE, say=f"{found.name} is back, with its people and sites.", team_id=team_id)


@pages.get(f"{TEAM}/members", needs=P.TEAM_READ, query=TeamMemberQuery)
def list_team_members(actor: Actor, team_id: UUID, query: dict[str, Any], form: Form | None = None) -> Response:
    """Who is in it?"""
    team = queries.get_team_alone(actor, team_id)
    listing = ListView(queries.find_team_members(team, query), query, f"{TWIN}/{team.id}/members")
    return page("accounts/team_members.html", block="results", listing=listing, team=team, form=form or Form(), roles=ROLES,
                may_manage=actor.may(P.TEAM_MANAGE, team.organization_id), possible=queries.find_possible_members(actor, team))


@pages.post(f"{TEAM}/members", needs=P.TEAM_MANAGE, query=TeamMemberQuery, takes=TeamMemberInput, again=list_team_members)
def add_to_team(actor: Actor, team_id: UUID, query: dict[str, Any], body: dict[str, Any]) -> Response:
    """Puts a person into the team."""
    member = teams.add_to_team(actor, queries.get_team_alone(actor, team_id, lock=True), body["user_id"], now())
    return go(PEOPLE, say=f"{member.name} is in the team.", team_id=team_id)


@pages.post(f"{TEAM}/members/<uuid:user_id>/remove", needs=P.TEAM_MANAGE)
def remove_from_team(actor: Actor, team_id: UUID, user_id: UUID) -> Response:
    """Takes a person out of the team."""
    member = teams.remove_from_team(actor, queries.get_team_alone(actor, team_id, lock=True), user_id, now())
    return go(PEOPLE, say=f"{member.name} is out of the team.", team_id=team_id)
