"""Signing in, tokens and the own account as they come in and go out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.accounts.schemas.people import Email, Password, UserSchema
from webapp.kit.web.fields import Input, Output, Text


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
