"""The errors that a caller may see: one class for each status, each with a stable code and no internals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict
from uuid import UUID


class Detail(TypedDict):
    """One thing that is wrong: `field` in dotted path form (`modules.3.version`), `message` a sentence for people."""

    field: str
    message: str


class PatchboardError(Exception):
    """An error with an answer: HTTP status, stable snake_case code, a sentence, and details by field.

    Messages never repeat what came in: it may be a secret.
    """

    status = 500
    code = "internal_error"
    message = "Something failed on our side. The request id helps to find it."

    def __init__(self, message: str | None = None, details: Iterable[Detail] = (), *, code: str | None = None,
                 headers: dict[str, str] | None = None) -> None:
        self.message = message or self.message
        self.details: list[Detail] = list(details)
        self.code = code or self.code
        self.headers = headers or {}
        super().__init__(self.message)


class Malformed(PatchboardError):
    status, code, message = 400, "malformed_request", "The request cannot be read."


class NotAuthenticated(PatchboardError):
    status, code, message = 401, "not_authenticated", "Sign in, or send a token or an API key."

    def __init__(self, message: str | None = None, details: Iterable[Detail] = (), *, code: str | None = None,
                 headers: dict[str, str] | None = None) -> None:
        super().__init__(message, details, code=code, headers={"WWW-Authenticate": "Bearer", **(headers or {})})


class PermissionDenied(PatchboardError):
    """`permission` and `organization_id` say for the audit log what was missing where; they are not part of the answer."""

    status, code, message = 403, "permission_denied", "You may not do this."
    permission: str | None = None
    organization_id: UUID | None = None


class SecondFactorRequired(PermissionDenied):
    code, message = "two_factor_required", "What you ask for is open to people with a second factor only. Set yours up first."


class NotFound(PatchboardError):
    status, code, message = 404, "not_found", "There is nothing here, or not for you."


class Conflict(PatchboardError):
    status, code, message = 409, "conflict", "It collides with something that is already there."


class PreconditionFailed(PatchboardError):
    status, code, message = 412, "precondition_failed", "It has changed since you read it. Read it again and repeat."


class PayloadTooLarge(PatchboardError):
    status, code, message = 413, "payload_too_large", "The body is larger than allowed."


class UnsupportedMediaType(PatchboardError):
    status, code, message = 415, "unsupported_media_type", "Send application/json."


class Invalid(PatchboardError):
    status, code, message = 422, "validation_error", "Some values are not right."

    @classmethod
    def at(cls, field: str, message: str) -> Invalid:
        """An error at one field."""
        return cls(message, [{"field": field, "message": message}])


class RateLimited(PatchboardError):
    status, code, message = 429, "rate_limited", "Too many requests. Wait a little."


class Unavailable(PatchboardError):
    status, code, message = 503, "service_unavailable", "Something that is needed is down. Try again soon."

    def __init__(self, message: str | None = None, details: Iterable[Detail] = (), *, code: str | None = None,
                 headers: dict[str, str] | None = None) -> None:
        super().__init__(message, details, code=code, headers={"Retry-After": "5", **(headers or {})})
