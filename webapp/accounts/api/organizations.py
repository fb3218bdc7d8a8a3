"""`/api/v1/organizations`, their members and what lies below them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from webapp.accounts import policy, queries
from webapp.accounts.actions import organizations
from webapp.accounts.api.door import P, api
from webapp.accounts.models import Organization
from webapp.accounts.schemas import (
    KeyQuery,
    KeySchema,
    MemberSchema,
    OrganizationInput,
    OrganizationQuery,
    OrganizationSchema,
    RoleInput,
    UserQuery,
    UserSchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Role
from webapp.kit.web.doors import Cached
from webapp.kit.web.resources import Resource, open_doors

HOUR = 3600


ORGANIZATIONS = Resource(
    path="/organizations", one="organization", many="organizations", reads=P.ORGANIZATION_READ, manages=P.ORGANIZATION_EDIT,
    creates=P.ORGANIZATION_CREATE, deletes=P.ORGANIZATION_DELETE, query=OrganizationQuery, takes=OrganizationInput,
    gives=OrganizationSchema(), find=queries.find_organizations, get=queries.get_organization,
    create=organizations.create_organization, change=organizations.change_organization, delete=organizations.delete_organization,
    restore=organizations.restore_organization, told={"show": {"cached": Cached("org", HOUR, policy.may_see_organization)}},
    says={"list": "The organizations that you belong to.", "change": "Changes an organization.", "create": "A new organization.",
          "delete": "Deletes an organization with its sites and memberships; it can be restored.",
          "restore": "Brings back a deleted organization and what went with it."})
open_doors(api, ORGANIZATIONS)


@api.get("/organizations/<uuid:organization_id>/users", needs=P.USER_READ, finds=queries.get_organization, query=UserQuery,
         gives=UserSchema(), lists=True)
def list_members(actor: Actor, found: Organization, query: dict[str, Any]) -> Listing:
    """The members of an organization."""
    actor.require(P.USER_READ, found.id)
    return queries.find_users(actor, {**query, "organization_id": found.id})


@api.change("/organizations/<uuid:organization_id>/members/<uuid:user_id>", needs=P.USER_MANAGE, takes=RoleInput,
            gives=MemberSchema(), partial=False)
def set_role(actor: Actor, organization_id: UUID, user_id: UUID, body: dict[str, Any]) -> dict[str, Any]:
    """Gives a person a role in an organization."""
    organization = queries.get_organization(actor, organization_id)
    return organizations.set_role(actor, organization, user_id, Role(body["role"]), now())


@api.delete("/organizations/<uuid:organization_id>/members/<uuid:user_id>", needs=P.USER_MANAGE, gives=MemberSchema())
def remove_member(actor: Actor, organization_id: UUID, user_id: UUID) -> dict[str, Any]:
    """Takes a person's role away."""
    return organizations.remove_member(actor, queries.get_organization(actor, organization_id), user_id, now())


@api.get("/organizations/<uuid:organization_id>/api-keys", needs=P.API_KEY_MANAGE, finds=queries.get_organization, query=KeyQuery,
         gives=KeySchema(), lists=True)
def list_organization_keys(actor: Actor, found: Organization, query: dict[str, Any]) -> Listing:
    """The API keys of an organization."""
    actor.require(P.API_KEY_MANAGE, found.id)
    return queries.find_keys(actor, {**query, "organization_id": found.id})
