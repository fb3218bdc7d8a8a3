"""Roles in organizations as they come in and go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.accounts.schemas.people import Email
from webapp.kit.permissions import Role
from webapp.kit.web.fields import Choice, Input, Output, Text


class MemberInput(Input):
    """A person for an organization: `full_name` is for whoever has no account yet."""

    email = Email(required=True)
    full_name = Text(most=200)
    role = Choice(Role, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})


class PlaceInput(Input):
    """Which organization a verb about a person is about."""

    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})


class PlaceRoleInput(PlaceInput):
    role = Choice(Role, required=True)


class RoleInput(Input):
    role = Choice(Role, required=True)


class MemberSchema(Output):
    user_id = fields.UUID()
    organization_id = fields.UUID()
    email = fields.String(metadata={"optional": True})
    full_name = fields.String(metadata={"optional": True})
    role = fields.String(allow_none=True)
