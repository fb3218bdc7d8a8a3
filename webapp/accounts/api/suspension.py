"""`/api/v1/admin/users/{id}/suspend`: keeping somebody out, and letting them in again."""

from __future__ import annotations

from typing import Any

from webapp.accounts import queries
from webapp.accounts.actions import suspension
from webapp.accounts.api.door import P, api
from webapp.accounts.models import User
from webapp.accounts.schemas import SuspendInput, UserSchema
from webapp.kit.clock import now
from webapp.kit.permissions import Actor


@api.post("/admin/users/<uuid:user_id>/suspend", needs=P.SYSTEM_OPERATE, finds=queries.get_user, takes=SuspendInput, gives=UserSchema())
def suspend_user(actor: Actor, found: User, body: dict[str, Any]) -> User:
    """Ends all sessions of a person and refuses new ones; API keys that they made belong to their organization and go on."""
    return suspension.suspend(actor, found, body.get("reason", ""), now())


@api.post("/admin/users/<uuid:user_id>/reinstate", needs=P.SYSTEM_OPERATE, finds=queries.get_user, gives=UserSchema())
def reinstate_user(actor: Actor, found: User) -> User:
    """Lets a suspended person sign in again."""
    return suspension.reinstate(actor, found, now())
