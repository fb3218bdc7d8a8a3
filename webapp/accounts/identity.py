"""Who sends a request: the door behind all doors. Cookies by Flask-Login, access tokens by Flask-JWT-Extended, API keys by us."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, request
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import LoginManager, UserMixin, current_user
from jwt import ExpiredSignatureError, PyJWTError

from webapp.accounts.actions import signing
from webapp.accounts.actions.signing import note_seen, note_used
from webapp.accounts.models import SignIn, User
from webapp.accounts.queries import SEEN_EVERY, actor_of_key, person_of_sign_in
from webapp.kit.clock import now
from webapp.kit.db import ALL, commit, enter_scope, regardless
from webapp.kit.errors import NotAuthenticated
from webapp.kit.permissions import Actor, Origin
from webapp.kit.web import limits

jwt = JWTManager()
logins = LoginManager()


class BrowserSession(UserMixin):
    """What Flask-Login keeps in the cookie: the id of the sign-in, never that of the person."""

    def __init__(self, sign_in_id: UUID, actor: Actor | None = None) -> None:
        self.sign_in_id, self.actor = sign_in_id, actor

    def get_id(self) -> str:
        return str(self.sign_in_id)


def register_identity(app: Flask) -> None:
    jwt.init_app(app)
    logins.init_app(app, add_context_processor=False)  # the shell says who is signed in, also while the database is down
    logins.session_protection = None  # a roaming address is no theft; the sign-in can be ended


@logins.user_loader
def load_browser_session(text: str) -> BrowserSession | None:
    found = _person(text, Origin(request.remote_addr, (request.user_agent.string or "")[:255], g.get("request_id")))
    return BrowserSession(UUID(text), found) if found else None


def identify(origin: Origin) -> Actor:
    """The actor of this request; nobody known when it says nothing, NotAuthenticated when what it says is wrong."""
    enter_scope(ALL)
    key = request.headers.get("X-API-Key", "")
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if not key and kind.lower() == "bearer":
        if not token.startswith("pb_"):
            return actor_of_token(token.strip(), origin)
        key = token.strip()
    if key:
        return _key(key, origin)
    if "patchboard" in str(request.cookies.keys()) and current_user.is_authenticated:
        g.by_cookie = True
        return current_user.actor
    return Actor(origin=origin)


def actor_of_token(token: str, origin: Origin) -> Actor:
    """The person behind an access token whose sign-in has not ended."""
    claims = read_token(token, "access")
    found = _person(claims["sid"], origin)
    if found is None:
        raise NotAuthenticated("This session has ended. Sign in again.", code="token_revoked")
    return found


def read_token(token: str, kind: str) -> dict[str, Any]:
    """The claims of one of our tokens of this kind; NotAuthenticated otherwise."""
    try:
        claims: dict[str, Any] = decode_token(token)
        UUID(claims["sid"])
    except ExpiredSignatureError:
        raise NotAuthenticated("The token has expired.", code="token_expired") from None
    except (PyJWTError, JWTExtendedException, KeyError, ValueError, TypeError):
        raise NotAuthenticated("The token is not valid.", code="invalid_token") from None
    if claims.get("type") != kind:
        raise NotAuthenticated("This is the wrong kind of token.", code="invalid_token")
    return claims


def tokens_of(sign_in: SignIn) -> dict[str, Any]:
    """The answer to a log-in for tokens (RFC 6749, 5.1)."""
    claims = {"sid": str(sign_in.id)}
    seconds = int(current_app.config["JWT_ACCESS_TOKEN_EXPIRES"].total_seconds())
    return {"access_token": create_access_token(str(sign_in.user_id), additional_claims=claims),
            "refresh_token": create_refresh_token(str(sign_in.user_id), additional_claims={**claims, "rid": str(sign_in.refresh_id)}),
            "token_type": "bearer", "expires_in": seconds}


def guarded_sign_in(actor: Actor, body: dict[str, Any], kind: str) -> tuple[User, SignIn]:
    """A sign-in within the limits on tries: per address of the network, and on failures per e-mail address."""
    email = body.get("email") or body["username"]
    limits.spend("login", "LIMIT_LOGIN", actor.origin.ip or "")
    limits.check("login failures", "LIMIT_LOGIN_FAILURES", email.lower())
    opened = signing.sign_in(actor, email, body["password"], kind, now())
    if opened is None:
        limits.spend("login failures", "LIMIT_LOGIN_FAILURES", email.lower())
        commit()
        raise signing.wrong_credentials()
    return opened


def _person(sign_in_id: str, origin: Origin) -> Actor | None:
    try:
        found = person_of_sign_in(UUID(sign_in_id), origin)
    except ValueError:
        return None
    if found is None:
        return None
    actor, last_seen = found
    if now() - last_seen > SEEN_EVERY:
        note_seen(UUID(sign_in_id), now())
        commit()
    return actor


def _key(secret: str, origin: Origin) -> Actor:
    actor, last_used = actor_of_key(secret, current_app.config["SECRET_KEY"], origin, now())
    if last_used is None or now() - last_used > SEEN_EVERY:
        key_id, at = actor.id, now()
        assert key_id is not None
        regardless(lambda: note_used(key_id, at))
    return actor
