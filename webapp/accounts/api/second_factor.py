"""`/api/v1/auth/2fa`: the own second factor; resetting that of somebody else."""

from __future__ import annotations

from typing import Any

from flask import current_app

from webapp.accounts import queries
from webapp.accounts.actions import second_factor
from webapp.accounts.api.door import P, api
from webapp.accounts.identity import failures_counted
from webapp.accounts.models import User
from webapp.accounts.schemas import CodeInput, ProofInput, RecoveryCodesSchema, SetUpInput, SetUpSchema, UserSchema
from webapp.kit.clock import now
from webapp.kit.permissions import Actor


@api.post("/auth/2fa/setup", needs=P.OWN_ACCOUNT, takes=SetUpInput, gives=SetUpSchema(), idempotent=False)
def set_up_two_factor(actor: Actor, body: dict[str, Any]) -> second_factor.SetUp:
    """A new secret for an app that makes codes by time; in force once it is enabled by a code."""
    with failures_counted(actor.label):
        return second_factor.set_up(actor, queries.get_self(actor), body.get("password"), now())


@api.post("/auth/2fa/enable", needs=P.OWN_ACCOUNT, takes=CodeInput, gives=RecoveryCodesSchema(), idempotent=False)
def enable_two_factor(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Switches the second factor on by its first code; the recovery codes are in this answer and nowhere else."""
    codes = second_factor.enable(actor, queries.get_self(actor), body["otp"], current_app.config["SECRET_KEY"], now())
    return {"two_factor_enabled": True, "recovery_codes": codes}


@api.post("/auth/2fa/disable", needs=P.OWN_ACCOUNT, takes=ProofInput, gives=UserSchema(), idempotent=False)
def disable_two_factor(actor: Actor, body: dict[str, Any]) -> User:
    """Switches the second factor off, for who gives the password or a code."""
    user = queries.get_self(actor)
    with failures_counted(actor.label):
        second_factor.disable(actor, user, body, current_app.config["SECRET_KEY"], now())
    return user


@api.post("/auth/2fa/recovery-codes", needs=P.OWN_ACCOUNT, takes=ProofInput, gives=RecoveryCodesSchema(), idempotent=False)
def renew_recovery_codes(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Ten new recovery codes, for who gives the password or a code; those before stop working."""
    with failures_counted(actor.label):
        codes = second_factor.renew_recovery_codes(actor, queries.get_self(actor), body, current_app.config["SECRET_KEY"], now())
    return {"two_factor_enabled": True, "recovery_codes": codes}


@api.post("/admin/users/<uuid:user_id>/reset-two-factor", needs=P.SYSTEM_OPERATE, finds=queries.get_user, gives=UserSchema())
def reset_two_factor(actor: Actor, found: User) -> User:
    """Switches off the second factor of somebody who has lost it."""
    return second_factor.reset(actor, found, now())
