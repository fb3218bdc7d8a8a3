"""`/api/v1/auth/password`: changing the own password, and a new one by mail for who has lost it."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.accounts import queries
from webapp.accounts.actions import passwords
from webapp.accounts.api.door import P, api
from webapp.accounts.identity import ask_for_reset, failures_counted, may_try_reset
from webapp.accounts.schemas import PasswordChange, ResetInput, ResetRequest
from webapp.kit.clock import now
from webapp.kit.permissions import Actor


@api.post("/auth/password", needs=P.OWN_ACCOUNT, takes=PasswordChange, idempotent=False)
def change_password(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Changes the own password and ends all other sessions."""
    with failures_counted(actor.label):
        passwords.change_password(actor, queries.get_self(actor), body["current_password"], body["new_password"], now())
    return {"changed": True}


@api.post("/auth/password/reset-request", needs=P.PUBLIC, takes=ResetRequest, idempotent=False)
def request_reset(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Asks for a mail with a link to a new password.

    The answer is the same whether there is such an account or not. `sends_mail` is false where this server sends no mail at all:
    then a superuser has to make the new password.
    """
    return {"accepted": True, "sends_mail": ask_for_reset(actor, body["email"])}


@api.post("/auth/password/reset", needs=P.PUBLIC, takes=ResetInput, idempotent=False)
def reset_password(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Sets a new password by the token of a mailed link, which works once and for an hour, and ends all sessions."""
    may_try_reset(actor)
    passwords.reset_password(actor, body["token"], body["new_password"], current_app.config["SECRET_KEY"], now())
    return {"changed": True}
