"""`/api/v1/auth`: signing in and the own account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import current_app

from webapp.accounts import queries
from webapp.accounts.actions import people, signing
from webapp.accounts.api.door import P, api
from webapp.accounts.identity import guarded_sign_in, read_token, tokens_of
from webapp.accounts.models import SignIn, User
from webapp.accounts.schemas import (
    LoginInput,
    OwnAccountInput,
    RefreshInput,
    RegisterInput,
    TokenSchema,
    UserSchema,
)
from webapp.kit.clock import now
from webapp.kit.db import beyond_walls, commit, db
from webapp.kit.errors import NotAuthenticated, NotFound
from webapp.kit.permissions import Actor
from webapp.kit.web.openapi_components import error_ref


@api.post("/auth/login", needs=P.PUBLIC, takes=LoginInput, gives=TokenSchema(), accepts_form=True, idempotent=False,
          extra={"responses": {"403": error_ref(403)}})
def log_in(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """Tokens for an e-mail address and a password.

    Who has a second factor sends its code, or a recovery code, as `otp`; without one the answer is 401 `otp_required`.
    A suspended account is 403 `account_suspended`, but only to who knows its password.
    """
    user, opened = guarded_sign_in(actor, body, "token")
    with beyond_walls():
        return tokens_of(opened) | {"user": queries.with_organizations(Actor(kind="user", id=user.id), [user])[0]}


@api.post("/auth/register", needs=P.PUBLIC, takes=RegisterInput, gives=UserSchema(), status=201, idempotent=False,
          extra={"responses": {"404": error_ref(404)}})
def register(actor: Actor, body: dict[str, Any]) -> User:
    """An account for whoever asks, where the server allows it."""
    if not current_app.config["REGISTRATION"]:
        raise NotFound("Registration is switched off on this server.")
    return people.register(actor, body, now())


@api.post("/auth/refresh", needs=P.PUBLIC, takes=RefreshInput, gives=TokenSchema(exclude=["user"]), idempotent=False)
def refresh(actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
    """New tokens for a refresh token, which is used up by this."""
    claims = read_token(body["refresh_token"], "refresh")
    renewed = signing.renew(actor, UUID(claims["sid"]), UUID(claims["rid"]), now())
    if renewed is None:
        commit()
        raise NotAuthenticated("This session has ended. Sign in again.", code="token_revoked")
    return tokens_of(db.session.get_one(SignIn, UUID(claims["sid"])))


@api.post("/auth/logout", needs=P.OWN_ACCOUNT, idempotent=False)
def log_out(actor: Actor) -> dict[str, Any]:
    """Ends this session: access token, refresh tokens and cookie alike."""
    signing.sign_out(actor, now())
    return {"ended": True}


@api.get("/auth/me", needs=P.OWN_ACCOUNT, gives=UserSchema())
def show_me(actor: Actor) -> User:
    """The own account."""
    return queries.get_self(actor)


@api.change("/auth/me", needs=P.OWN_ACCOUNT, finds=queries.get_self, takes=OwnAccountInput, gives=UserSchema())
def change_me(actor: Actor, found: User, body: dict[str, Any]) -> User:
    """Changes the own account."""
    return people.change_own_account(actor, found, body, now())
