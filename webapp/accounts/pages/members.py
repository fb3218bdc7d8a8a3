"""`/members`: the people of an organization, adding one, changing a role, taking it away."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, request

from webapp.accounts import queries
from webapp.accounts.actions import members, organizations, passwords, second_factor, suspension
from webapp.accounts.models import User
from webapp.accounts.pages.doors import pages
from webapp.accounts.schemas import MemberInput, PlaceInput, PlaceRoleInput, SuspendInput, UserQuery
from webapp.kit.clock import now
from webapp.kit.permissions import Actor, Permission, Role
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within

P = Permission
TWIN = "/api/v1/users"
ROLES = [
    {"value": Role.ADMIN, "label": "Admin", "hint": "Manages the organization, its members, keys and sites."},
    {"value": Role.MEMBER, "label": "Member", "hint": "Works on sites, patch runs and reports."},
    {"value": Role.VIEWER, "label": "Viewer", "hint": "Reads, and changes nothing."},
]


@pages.get("/members", needs=P.USER_READ, query=UserQuery)
def list_members(actor: Actor, query: dict[str, Any]) -> Response:
    """The people whom you manage."""
    asked = within(actor, query)
    actor.require(P.USER_READ, asked.get("organization_id"))
    listing = ListView(queries.find_users(actor, asked), asked, TWIN)
    place = asked.get("organization_id")
    return page("accounts/members.html", block="content", listing=listing, place=place, roles=ROLES)


@pages.get("/members/new", needs=P.USER_MANAGE)
def new_member(actor: Actor, form: Form | None = None) -> Response:
    """A form for somebody to add."""
    places = queries.organizations_with(actor, P.USER_MANAGE)
    form = form or Form({name: request.args[name] for name in ("email", "organization_id") if name in request.args})
    return page("accounts/member_form.html", form=form, places=places, chosen=chosen_organization(actor), roles=ROLES)


@pages.post("/members/new", needs=P.USER_MANAGE, takes=MemberInput, again=new_member)
def add_member(actor: Actor, body: dict[str, Any]) -> Response:
    """Gives somebody a role; for those without an account, one is made, and its password shown this once."""
    place = queries.get_organization(actor, body["organization_id"])
    name, role = body.get("full_name", ""), Role(body["role"])
    user, password = members.add_member(actor, place, body["email"], name, role, now())
    if password is None:
        return go("accounts_pages.list_members", say=f"{user.full_name or user.email} is in {place.name} now.")
    return _password_once(user, password, place.name)


@pages.get("/members/<uuid:user_id>", needs=P.USER_READ)
def show_member(actor: Actor, user_id: UUID, form: Form | None = None) -> Response:
    """One person, and the roles that you manage."""
    user = queries.get_user(actor, user_id)
    managed = [each["id"] for each in user.organizations if actor.may(P.USER_MANAGE, each["id"])]  # type: ignore[attr-defined]
    return page("accounts/member.html", user=user, form=form or Form(), managed=managed, roles=ROLES)


@pages.post("/members/<uuid:user_id>/role", needs=P.USER_MANAGE, takes=PlaceRoleInput, again=show_member)
def set_role(actor: Actor, user_id: UUID, body: dict[str, Any]) -> Response:
    """Changes a role; the last admin keeps theirs."""
    place = queries.get_organization(actor, body["organization_id"])
    organizations.set_role(actor, place, user_id, Role(body["role"]), now())
    return _back(actor, user_id, f"The role in {place.name} is {body['role']} now.")


@pages.post("/members/<uuid:user_id>/remove", needs=P.USER_MANAGE, takes=PlaceInput, again=show_member)
def remove_member(actor: Actor, user_id: UUID, body: dict[str, Any]) -> Response:
    """Takes a role away; the last admin stays."""
    place = queries.get_organization(actor, body["organization_id"])
    organizations.remove_member(actor, place, user_id, now())
    return go("accounts_pages.list_members", say=f"Removed from {place.name}.")


@pages.post("/members/<uuid:user_id>/password", needs=P.USER_MANAGE)
def renew_password(actor: Actor, user_id: UUID) -> Response:
    """A new password for somebody who has lost theirs, shown this once."""
    user = queries.get_user(actor, user_id, lock=True)
    return _password_once(user, passwords.renew_password(actor, user, now()), None)


@pages.post("/members/<uuid:user_id>/suspend", needs=P.SYSTEM_OPERATE, takes=SuspendInput, again=show_member)
def suspend(actor: Actor, user_id: UUID, body: dict[str, Any]) -> Response:
    """Ends all sign-ins of a person and refuses new ones."""
    suspension.suspend(actor, queries.get_user(actor, user_id, lock=True), body.get("reason", ""), now())
    return _back(actor, user_id, "The account is suspended, and signed out everywhere.")


@pages.post("/members/<uuid:user_id>/reinstate", needs=P.SYSTEM_OPERATE)
def reinstate(actor: Actor, user_id: UUID) -> Response:
    """Lets a suspended person sign in again."""
    suspension.reinstate(actor, queries.get_user(actor, user_id, lock=True), now())
    return _back(actor, user_id, "They can sign in again.")


@pages.post("/members/<uuid:user_id>/reset-two-factor", needs=P.SYSTEM_OPERATE)
def reset_second_factor(actor: Actor, user_id: UUID) -> Response:
    """Switches off the second factor of somebody who has lost it."""
    second_factor.reset(actor, queries.get_user(actor, user_id, lock=True), now())
    return _back(actor, user_id, "The second factor is off. They sign in by password alone until they set another up.")


def _back(actor: Actor, user_id: UUID, say: str) -> Response:
    """To the person again; an admin who is one no longer sees no members."""
    if user_id == actor.id and not actor.is_superuser:
        return go("accounts_pages.show_more", say=say)
    return go("accounts_pages.show_member", say=say, user_id=user_id)


def _password_once(user: User, password: str, place: str | None) -> Response:
    return page("accounts/member_password.html", user=user, password=password, place=place)
