"""`/api/v1`: signing in, own account, users, organizations, members, API keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import current_app

from webapp.accounts import queries
from webapp.accounts.actions import keys, organizations, people, signing
from webapp.accounts.identity import guarded_sign_in, read_token, tokens_of
from webapp.accounts.models import ApiKey, Organization, SignIn, User
from webapp.accounts.schemas import (
    KeyInput,
    KeyPatch,
    KeyQuery,
    KeySchema,
    LoginInput,
    MemberSchema,
    NewKeySchema,
    OrganizationInput,
    OrganizationQuery,
    OrganizationSchema,
    OwnAccountInput,
    PasswordChange,
    RefreshInput,
    RegisterInput,
    RoleInput,
    RotateInput,
    TokenSchema,
    UserInput,
    UserPatch,
    UserQuery,
    UserSchema,
)
from webapp.kit.clock import now
from webapp.kit.db import beyond_walls, commit, db
from webapp.kit.errors import NotAuthenticated, NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission, Role
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("accounts", __name__, tag="Accounts")


# ---- signing in

@api.post("/auth/login", needs=P.PUBLIC, takes=LoginInput, gives=TokenSchema(), accepts_form=True, idempotent=False)
def log_in(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Tokens for an e-mail address and a password."""
    user, opened = guarded_sign_in(actor, body, "token")
    with beyond_walls():
        return tokens_of(opened) | {"user": queries.with_organizations(Actor(kind="user", id=user.id), [user])[0]}


@api.post("/auth/register", needs=P.PUBLIC, takes=RegisterInput, gives=UserSchema(), status=201, idempotent=False)
def register(actor: Actor, body: dict[str, Any]) -> User:
    """An account for whoever asks, where the server allows it."""
    if not current_app.config["REGISTRATION"]:
        raise NotFound("Registration is switched off on this server.")
    return people.register(actor, body, now())


@api.post("/auth/refresh", needs=P.PUBLIC, takes=RefreshInput, gives=TokenSchema(exclude=["user"]), idempotent=False)
def refresh(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """New tokens for a refresh token, which is used up by this."""
    claims = read_token(body["refresh_token"], "refresh")
    renewed = signing.renew(actor, UUID(claims["sid"]), UUID(claims["rid"]), now())
    if renewed is None:
        commit()
        raise NotAuthenticated("This session has ended. Sign in again.", code="token_revoked")
    return tokens_of(db.session.get_one(SignIn, UUID(claims["sid"])))


@api.post("/auth/logout", needs=P.OWN_ACCOUNT, idempotent=False)
def log_out(actor: Actor) -> dict[str, Any]:
    """Ends this session: access token, refresh tokens and cookie alike."""
    signing.sign_out(actor, now())
    return {"ended": True}


@api.get("/auth/me", needs=P.OWN_ACCOUNT, gives=UserSchema())
def show_me(actor: Actor) -> User:
    """The own account."""
    return queries.get_self(actor)


@api.change("/auth/me", needs=P.OWN_ACCOUNT, takes=OwnAccountInput, gives=UserSchema())
def change_me(actor: Actor, body: dict[str, Any]) -> User:
    """Changes the own account."""
    return people.change_own_account(actor, queries.get_self(actor), body, now())


@api.post("/auth/password", needs=P.OWN_ACCOUNT, takes=PasswordChange, idempotent=False)
def change_password(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Changes the own password and ends all other sessions."""
    signing.change_password(actor, queries.get_self(actor), body["current_password"], body["new_password"], now())
    return {"changed": True}


# ---- users

@api.get("/users", needs=P.USER_READ, query=UserQuery, gives=UserSchema(), lists=True)
def list_users(actor: Actor, query: dict[str, Any]) -> Listing:
    """The people whom you manage."""
    return queries.find_users(actor, query)


@api.post("/users", needs=P.USER_MANAGE, takes=UserInput, gives=UserSchema(), status=201, at="/users/{id}")
def create_user(actor: Actor, body: dict[str, Any]) -> User:
    """A new account, with a role in an organization."""
    return people.create_user(actor, body, now())


@api.get("/users/<uuid:user_id>", needs=P.USER_READ, finds=queries.get_user, gives=UserSchema())
def show_user(actor: Actor, found: User) -> User:
    """One account."""
    return found


@api.change("/users/<uuid:user_id>", needs=P.USER_MANAGE, finds=queries.get_user, takes=UserPatch, gives=UserSchema())
def change_user(actor: Actor, found: User, body: dict[str, Any]) -> User:
    """Changes an account."""
    return people.change_user(actor, found, body, now())


@api.delete("/users/<uuid:user_id>", needs=P.USER_MANAGE, finds=queries.get_user, gives=UserSchema())
def delete_user(actor: Actor, found: User) -> User:
    """Deletes an account; it can be restored."""
    return people.delete_user(actor, found, now())


@api.post("/users/<uuid:user_id>/restore", needs=P.USER_MANAGE, gives=UserSchema())
def restore_user(actor: Actor, user_id: UUID) -> User:
    """Brings a deleted account back."""
    return people.restore_user(actor, queries.get_user(actor, user_id, lock=True, deleted=True), now())


# ---- organizations and members

@api.get("/organizations", needs=P.ORGANIZATION_READ, query=OrganizationQuery, gives=OrganizationSchema(), lists=True)
def list_organizations(actor: Actor, query: dict[str, Any]) -> Listing:
    """The organizations that you belong to."""
    return queries.find_organizations(actor, query)


@api.post("/organizations", needs=P.ORGANIZATION_CREATE, takes=OrganizationInput, gives=OrganizationSchema(), status=201,
          at="/organizations/{id}")
def create_organization(actor: Actor, body: dict[str, Any]) -> Organization:
    """A new organization."""
    return organizations.create_organization(actor, body, now())


@api.get("/organizations/<uuid:organization_id>", needs=P.ORGANIZATION_READ, finds=queries.get_organization,
         gives=OrganizationSchema())
def show_organization(actor: Actor, found: Organization) -> Organization:
    """One organization."""
    return found


@api.change("/organizations/<uuid:organization_id>", needs=P.ORGANIZATION_EDIT, finds=queries.get_organization,
            takes=OrganizationInput, gives=OrganizationSchema())
def change_organization(actor: Actor, found: Organization, body: dict[str, Any]) -> Organization:
    """Changes an organization."""
    return organizations.change_organization(actor, found, body, now())


@api.delete("/organizations/<uuid:organization_id>", needs=P.ORGANIZATION_DELETE, finds=queries.get_organization,
            gives=OrganizationSchema())
def delete_organization(actor: Actor, found: Organization) -> Organization:
    """Deletes an organization with its sites and memberships; it can be restored."""
    return organizations.delete_organization(actor, found, now())


@api.post("/organizations/<uuid:organization_id>/restore", needs=P.ORGANIZATION_DELETE, gives=OrganizationSchema())
def restore_organization(actor: Actor, organization_id: UUID) -> Organization:
    """Brings back a deleted organization and what went with it."""
    return organizations.restore_organization(actor, organization_id, now())


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


# ---- API keys

@api.get("/api-keys", needs=P.API_KEY_MANAGE, query=KeyQuery, gives=KeySchema(), lists=True)
def list_keys(actor: Actor, query: dict[str, Any]) -> Listing:
    """The API keys that you manage."""
    return queries.find_keys(actor, query)


@api.post("/api-keys", needs=P.API_KEY_MANAGE, takes=KeyInput, gives=NewKeySchema(), status=201, at="/api-keys/{id}",
          idempotent=False)
def create_key(actor: Actor, body: dict[str, Any]) -> ApiKey:
    """A new API key; its secret is in this answer and nowhere else."""
    return keys.create_key(actor, body, current_app.config["SECRET_KEY"], now())


@api.get("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE, finds=queries.get_key, gives=KeySchema())
def show_key(actor: Actor, found: ApiKey) -> ApiKey:
    """One API key, without its secret."""
    return found


@api.change("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE, finds=queries.get_key, takes=KeyPatch, gives=KeySchema())
def change_key(actor: Actor, found: ApiKey, body: dict[str, Any]) -> ApiKey:
    """Changes an API key."""
    return keys.change_key(actor, found, body, now())


@api.delete("/api-keys/<uuid:key_id>", needs=P.API_KEY_MANAGE, finds=queries.get_key, gives=KeySchema())
def revoke_key(actor: Actor, found: ApiKey) -> ApiKey:
    """Revokes an API key at once."""
    return keys.revoke_key(actor, found, now())


@api.post("/api-keys/<uuid:key_id>/restore", needs=P.API_KEY_MANAGE, gives=KeySchema())
def restore_key(actor: Actor, key_id: UUID) -> ApiKey:
    """Brings a revoked API key back."""
    return keys.restore_key(actor, queries.get_key(actor, key_id, lock=True, deleted=True), now())


@api.post("/api-keys/<uuid:key_id>/rotate", needs=P.API_KEY_MANAGE, finds=queries.get_key, takes=RotateInput, gives=NewKeySchema(),
          status=201, at="/api-keys/{id}", idempotent=False)
def rotate_key(actor: Actor, found: ApiKey, body: dict[str, Any]) -> ApiKey:
    """A successor with a new secret; the old key works on for `overlap_hours`."""
    return keys.rotate_key(actor, found, timedelta(hours=body["overlap_hours"]), current_app.config["SECRET_KEY"], now())


