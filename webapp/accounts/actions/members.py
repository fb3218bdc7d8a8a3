"""People in an organization: adding them with an account or without."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from webapp.accounts.actions.organizations import give_role
from webapp.accounts.actions.people import create_user
from webapp.accounts.models import Organization, User
from webapp.accounts.queries import role_of, user_by_email
from webapp.accounts.values import new_password
from webapp.kit.errors import Conflict
from webapp.kit.permissions import Actor, Permission, Role


class NewMember(NamedTuple):
    """Somebody who was added; `password` where an account was made for them, None where they had one."""

    user: User
    password: str | None


def add_member(
    actor: Actor, organization: Organization, email: str, full_name: str, role: Role, at: datetime
) -> NewMember:
    """Gives the person with this address a role, and makes them an account first where they have none.

    Conflict where they have a role already: changing it is another verb.
    """
    actor.require(Permission.USER_MANAGE, organization.id)
    user = user_by_email(email)
    if user is None:
        password = new_password()
        body = {"email": email, "full_name": full_name, "password": password, "organization_id": organization.id}
        return NewMember(create_user(actor, {**body, "role": role}, at), password)
    if role_of(user.id, organization.id) is not None:
        said = f"This person is in {organization.name} already."
        raise Conflict(said, [{"field": "email", "message": said}])
    give_role(actor, organization.id, user, role, at)
    return NewMember(user, None)

