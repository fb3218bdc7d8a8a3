"""`/api/v1/users`."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from webapp.accounts import queries
from webapp.accounts.actions import people
from webapp.accounts.api.door import P, api
from webapp.accounts.models import User
from webapp.accounts.schemas import (
    UserInput,
    UserPatch,
    UserQuery,
    UserSchema,
)
from webapp.kit.clock import now
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor
from webapp.kit.web.deprecation import Deprecation

OLD = date(2026, 11, 22)
ONE = Deprecation(OLD, "/api/v1/users/{user_id}")


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


@api.post("/users/add", needs=P.USER_MANAGE, takes=UserInput, gives=UserSchema(), status=201, at="/users/{id}",
          deprecated=Deprecation(OLD, "/api/v1/users"))
def add_user(actor: Actor, body: dict[str, Any]) -> User:
    """A new account; the older path of POST /users."""
    return people.create_user(actor, body, now())


@api.door("/users/update/<uuid:user_id>", ("PUT",), P.USER_MANAGE, finds=queries.get_user, takes=UserPatch, gives=UserSchema(),
          deprecated=ONE)
def update_user(actor: Actor, found: User, body: dict[str, Any]) -> User:
    """Changes an account; the older path of PUT /users/{id}."""
    return people.change_user(actor, found, body, now())


@api.delete("/users/delete/<uuid:user_id>", needs=P.USER_MANAGE, finds=queries.get_user, gives=UserSchema(), deprecated=ONE)
def remove_user(actor: Actor, found: User) -> User:
    """Deletes an account; the older path of DELETE /users/{id}."""
    return people.delete_user(actor, found, now())
