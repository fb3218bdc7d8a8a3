"""Signing in, tokens and the own account as they come in and go out."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.accounts.schemas.people import Email, Password, UserSchema
from webapp.kit.web.fields import Input, ListQuery, Output, Text, Time


class OneTimeCode(Text):
    """A code of the second factor as typed, spaces and all, or a recovery code; never goes out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"most": 40, "load_only": True, **kwargs})


class RegisterInput(Input):
    email = Email(required=True)
    password = Password(required=True)
    full_name = Text(most=200)


class LoginInput(Input):
    email = Text(most=254, least=1)
    username = Text(most=254, least=1)
    password = Password(required=True)
    otp = OneTimeCode()
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


class ResetRequest(Input):
    email = Email(required=True)


class ResetInput(Input):
    token = fields.String(required=True, load_only=True, validate=validate.Length(min=1, max=200))
    new_password = Password(required=True)


class SetUpInput(Input):
    password = Password()


class PasswordProof(Input):
    password = Password(required=True)


class CodeInput(Input):
    otp = OneTimeCode(required=True, least=1)


class SetUpSchema(Output):
    secret = fields.String(metadata={"description": "In Base32, to be typed where no QR code can be read."})
    otpauth_uri = fields.String(metadata={"description": "What a QR code for the app holds."})


class RecoveryCodesSchema(Output):
    two_factor_enabled = fields.Boolean()
    recovery_codes = fields.List(fields.String(), metadata={"description": "Each takes the place of a code once. Shown this once."})


class ProofInput(Input):
    """The password, or a code of the second factor: who is signed in shows that it is still them."""

    password = Password()
    otp = OneTimeCode()


class SuspendInput(Input):
    reason = Text(most=500, metadata={"description": "For the audit log."})


class SessionSchema(Output):
    id = fields.UUID()
    kind = fields.String(metadata={"description": "`browser`, or `token` for the API."})
    device = fields.String(metadata={"description": "What it was opened with, in words."})
    ip = fields.String(allow_none=True)
    created_at = Time()
    last_seen_at = Time()
    ended_at = Time(allow_none=True)
    current = fields.Boolean(metadata={"description": "Whether this request came by it."})


class SessionQuery(ListQuery):
    sortable = ("last_seen_at", "created_at")


class TokenSchema(Output):
    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    user = fields.Nested(UserSchema)
