"""People as they come in and go out."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.kit.permissions import Role
from webapp.kit.web.fields import Choice, Input, ListQuery, Output, ResourceOutput, Text, Time, Yes

EMAIL = re.compile(r"^[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?)+$")

LONGEST_LOCAL = 64
"""Octets before the @ (RFC 5321 §4.5.3.1.1); mail servers refuse more."""


class Email(Text):
    """An e-mail address as people use them; kept as typed, compared without case."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=254, least=3, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if isinstance(value, str) and ("\n" in value or "\r" in value):
            raise ValidationError("Not an e-mail address.")
        text = super()._deserialize(value, attr, data, **kwargs)
        if not EMAIL.match(text):
            raise ValidationError("Not an e-mail address.")
        if len(text.partition("@")[0].encode()) > LONGEST_LOCAL:
            raise ValidationError(f"Must have {LONGEST_LOCAL} octets at most before the @.")
        return text


class Password(fields.String):
    """A password as typed, spaces and all; never goes out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_only=True, validate=validate.Length(min=1, max=1000), **kwargs)


class MembershipSchema(Output):
    id = fields.UUID()
    name = fields.String()
    role = fields.String()


class UserInput(Input):
    email = Email(required=True)
    full_name = Text(most=200)
    password = Password(required=True)
    is_superuser = fields.Boolean()
    organization_id = fields.UUID()
    role = Choice(Role)

    @validates_schema
    def role_with_organization(self, data: dict[str, Any], **_: Any) -> None:
        if "role" in data and "organization_id" not in data:
            raise ValidationError("A role needs an organization_id.", "role")


class UserPatch(Input):
    email = Email()
    full_name = Text(most=200)
    password = Password()
    is_superuser = fields.Boolean()


class UserSchema(ResourceOutput):
    email = fields.String()
    full_name = fields.String()
    is_superuser = fields.Boolean()
    organizations = fields.List(fields.Nested(MembershipSchema))
    last_login_at = Time(allow_none=True)
    two_factor_enabled = fields.Boolean()
    suspended_at = Time(allow_none=True)


class UserQuery(ListQuery):
    sortable = ("email", "full_name", "created_at", "last_login_at")

    email = Text(most=254)
    role = Choice(Role)
    is_superuser = Yes()
    suspended = Yes()
    two_factor_enabled = Yes()
    organization_id = fields.UUID()
