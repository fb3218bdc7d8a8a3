"""Accounts as they come in and go out."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, validate, validates, validates_schema

from webapp.kit.permissions import Role, Scope
from webapp.kit.web.fields import Choice, Input, ListQuery, Moment, Output, ResourceOutput, Text, Time, Yes

EMAIL = re.compile(r"^[^\s@<>()\[\],;:\\\"]+@[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9\-]*[A-Za-z0-9])?)+$")
SLUG = validate.Regexp(r"^[a-z0-9]([a-z0-9\-]{0,58}[a-z0-9])?$", error="Lower-case letters, digits and hyphens.")


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
        return text


class Password(fields.String):
    """A password as typed, spaces and all; never goes out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_only=True, validate=validate.Length(min=1, max=1000), **kwargs)


DAYS = validate.Range(1, 365, error="Must be a whole number from 1 to 365.")


class SlaDays(Input):
    """Days until a security update must be installed, by severity."""

    critical = fields.Integer(validate=DAYS)
    high = fields.Integer(validate=DAYS)
    moderate = fields.Integer(validate=DAYS)
    low = fields.Integer(validate=DAYS)


class OrganizationSettings(Input):
    timezone = fields.String()
    default_language = fields.String(validate=validate.Regexp(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", error="A language tag, such as en."))
    sla_days = fields.Nested(SlaDays)

    @validates("timezone")
    def known_zone(self, value: str, **_: Any) -> None:
        if value not in available_timezones():
            raise ValidationError("Not a time zone of the IANA database, such as Europe/Vienna.")


class OrganizationInput(Input):
    name = Text(most=200, least=1, required=True)
    slug = fields.String(validate=SLUG)
    description = Text(most=2000)
    settings = fields.Nested(OrganizationSettings)


class OrganizationSchema(ResourceOutput):
    name = fields.String()
    slug = fields.String()
    description = fields.String()
    settings: Any = fields.Dict()


class OrganizationQuery(ListQuery):
    sortable = ("name", "created_at", "updated_at")

    name = Text(most=200)
    slug = Text(most=60)


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
    two_factor_enabled = fields.Boolean(dump_default=False)


class UserQuery(ListQuery):
    sortable = ("email", "full_name", "created_at", "last_login_at")

    email = Text(most=254)
    role = Choice(Role)
    is_superuser = Yes()
    organization_id = fields.UUID()


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


class ConfirmInput(Input):
    """The word that is typed before something is deleted."""

    confirm = Text(most=200, required=True)


class RegisterInput(Input):
    email = Email(required=True)
    password = Password(required=True)
    full_name = Text(most=200)


class LoginInput(Input):
    email = Text(most=254, least=1)
    username = Text(most=254, least=1)
    password = Password(required=True)
    remember = fields.Boolean()

    @validates_schema
    def somebody(self, data: dict[str, Any], **_: Any) -> None:
        if not (data.get("email") or data.get("username")):
            raise ValidationError("Say who you are.", "email")


class RefreshInput(Input):
    refresh_token = fields.String(required=True, validate=validate.Length(max=4000))


class OwnAccountInput(Input):
    email = Email()
    full_name = Text(most=200)


class PasswordChange(Input):
    current_password = Password(required=True)
    new_password = Password(required=True)


class TokenSchema(Output):
    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    user = fields.Nested(UserSchema)


class RoleInput(Input):
    role = Choice(Role, required=True)


class MemberSchema(Output):
    user_id = fields.UUID()
    organization_id = fields.UUID()
    email = fields.String(metadata={"optional": True})
    full_name = fields.String(metadata={"optional": True})
    role = fields.String(allow_none=True)


class Address(fields.String):
    """An IP address or a network in CIDR form."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        try:
            return str(ipaddress.ip_network(str(super()._deserialize(value, attr, data, **kwargs)), strict=False))
        except ValueError:
            raise ValidationError("Not an IP address or network.") from None


class KeyPatch(Input):
    name = Text(most=200, least=1)
    scopes = fields.List(Choice(Scope), validate=validate.Length(min=1))
    expires_at = Time(allow_none=True)
    allowed_ips = fields.List(Address())


class KeyInput(KeyPatch):
    name = Text(most=200, least=1, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    site_id = fields.UUID(allow_none=True)


class KeyForm(KeyInput):
    """A key as a form gives it: a site by its name or address, and the last day as a date."""

    site = Text(most=500)
    expires_at = Moment(until=True, allow_none=True)


class KeySchema(ResourceOutput):
    name = fields.String()
    organization_id = fields.UUID()
    site_id = fields.UUID(allow_none=True)
    scopes = fields.List(fields.String())
    prefix = fields.String()
    expires_at = Time(allow_none=True)
    allowed_ips = fields.List(fields.String())
    last_used_at = Time(allow_none=True)


class NewKeySchema(KeySchema):
    secret = fields.String(metadata={"description": "Shown this once."})


class KeyQuery(ListQuery):
    sortable = ("name", "created_at", "last_used_at")

    name = Text(most=200)
    scope = Choice(Scope)
    organization_id = fields.UUID()
    site_id = fields.UUID()


class RotateInput(Input):
    overlap_hours = fields.Integer(load_default=24, validate=validate.Range(0, 720))


