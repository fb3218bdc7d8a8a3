"""Who sends a request: the door behind all doors. Cookies by Flask-Login, access tokens by Flask-JWT-Extended, API keys by us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_jwt_extended import JWTManager, create_access_token, create_refresh_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from flask_login import LoginManager, UserMixin, current_user
from jwt import ExpiredSignatureError, PyJWTError

from webapp.accounts.actions import second_factor, signing
from webapp.accounts.actions.nonces import take_nonce
from webapp.accounts.actions.proving import FAILURES
from webapp.accounts.actions.signing import note_seen, note_used
from webapp.accounts.models import SignIn, User
from webapp.accounts.queries import SEEN_EVERY, actor_of_key, person_of_sign_in, secret_of_prefix
from webapp.accounts.values import digest_of
from webapp.kit import jobs, mail
from webapp.kit.clock import now
from webapp.kit.db import ALL, commit, db, enter_scope, regardless
from webapp.kit.errors import NotAuthenticated, SecondFactorRequired
from webapp.kit.permissions import Actor, Origin
from webapp.kit.signatures import HEADERS, KEY, Signature, refused, signature_late, signature_of
from webapp.kit.web import limits
from webapp.kit.web.bodies import sent_bytes

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
    """The actor of this request; nobody known when it says nothing, NotAuthenticated when what it says is wrong.

    What is asked of an organization that is held back from the person (`Actor.held_back`) is SecondFactorRequired.
    """
    actor = _identified(origin)
    if actor.held_back and _organization_asked_for() in actor.held_back:
        g.actor = actor
        raise SecondFactorRequired()
    return actor


def _organization_asked_for() -> UUID | None:
    """The organization that the path or the query names."""
    given = (request.view_args or {}).get("organization_id") or request.args.get("organization_id", "")
    try:
        return UUID(str(given))
    except ValueError:
        return None


def _identified(origin: Origin) -> Actor:
    enter_scope(ALL)
    signature = signature_of({name: request.headers.get(name, "") for name in HEADERS})
    key = request.headers.get("X-API-Key", "")
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if not key and kind.lower() == "bearer":
        if not token.startswith("pb_"):
            if signature:
                raise refused("Only an API key signs requests.")
            return actor_of_token(token.strip(), origin)
        key = token.strip()
    if key or signature:
        return _key(key, origin, signature)
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
    """A sign-in by password, and code where there is a second factor, within the limits on tries.

    NotAuthenticated with the code `otp_required` where the password is right and a code is missing.
    """
    user = proven_person(actor, body)
    if user.two_factor_at is not None:
        if not body.get("otp"):
            raise NotAuthenticated("Send the code of your second factor as `otp`.", code="otp_required")
        return user, second_step(actor, user, body["otp"], kind)
    return user, signing.open_sign_in(actor, user, kind, now())


def proven_person(actor: Actor, body: dict[str, Any]) -> User:
    """Whom address and password belong to, within the limits on tries: per address of the network, and on failures per e-mail address."""
    email = body.get("email") or body["username"]
    limits.spend("login", "LIMIT_LOGIN", limits.address())
    with failures_counted(email):
        return signing.proven_person(actor, email, body["password"])


def second_step(actor: Actor, user: User, otp: str, kind: str) -> SignIn:
    """A sign-in for somebody whose password is proven, by a code of the second factor."""
    with failures_counted(user.email):
        second_factor.accept(signing.as_person(actor, user), user, otp, current_app.config["SECRET_KEY"], now())
        return signing.open_sign_in(actor, user, kind, now())


def _proven(actor: Actor, signature: Signature, secret: str) -> Actor:
    """The actor of a request whose signature is right, and which has not been seen before; NotAuthenticated otherwise."""
    assert actor.id is not None
    if request.query_string:
        raise refused("A signed request has no query: it would not be signed.")
    signature.check(secret, request.method, request.root_path + request.path, sent_bytes())
    try:
        signature.check_time(now())
    except NotAuthenticated as problem:
        signature_late.send(actor, reason=problem.message, at=now())
        raise
    take_nonce(actor.id, signature.nonce, now())
    return replace(actor, is_signed=True)


@contextmanager
def failures_counted(email: str) -> Iterator[None]:
    """Charges a wrong password or code to the failures that an address and an account have in an hour, and keeps what was recorded."""
    budgets = (("login failures by address", "LIMIT_ADDRESS_FAILURES", limits.address()),
               ("login failures", "LIMIT_LOGIN_FAILURES", email.lower()))
    for budget in budgets:  # beforehand, so that a hundred tries at once are a hundred
        limits.spend(*budget)
    try:
        yield
    except FAILURES:
        commit()
        raise
    except BaseException:
        _give_back(budgets)
        raise
    _give_back(budgets)


def _give_back(budgets: tuple[tuple[str, str, str], ...]) -> None:
    for budget in budgets:
        limits.give_back(*budget)


def ask_for_reset(actor: Actor, email: str) -> bool:
    """Asks a worker to mail a link to a new password, and tells whether this server sends mail at all.

    Nobody is looked up here: for an address of nobody the same is done, at the same cost (`jobs.send_reset` finds out).
    """
    may_try_reset(actor)
    limits.spend("resets", "LIMIT_RESETS", email.lower())
    if not mail.sends_mail():
        return False
    asked = {"email": email, "ip": actor.origin.ip, "user_agent": actor.origin.user_agent, "request_id": actor.origin.request_id}
    jobs.ask("accounts.send_reset", asked, now())
    return True


def may_try_reset(actor: Actor) -> None:
    """Charges a try with links to new passwords to the address of the network; RateLimited when there were too many."""
    limits.spend("reset tries", "LIMIT_RESET_TRIES", actor.origin.ip or "")


PENDING, PENDING_FOR = "second_step", timedelta(minutes=5)
MARK_SALT = b"patchboard second step"


def remember_first_step(user: User, **more: Any) -> None:
    """Keeps in this browser's signed session, for five minutes, that the password was right; the password itself is kept nowhere."""
    session.clear()
    session[PENDING] = {"user": str(user.id), "mark": _mark(user), "at": int(now().timestamp()), **more}


def first_step() -> tuple[User, dict[str, Any]] | None:
    """Who has given their password in this browser just now, and what was kept with it.

    None when it was too long ago, or the password was changed or the account suspended since.
    """
    kept = session.get(PENDING) or {}
    try:
        user, at = db.session.get(User, UUID(kept["user"])), datetime.fromtimestamp(kept["at"], now().tzinfo)
    except (KeyError, ValueError, TypeError):
        return None
    if user is None or user.suspended_at is not None or user.deleted_at is not None or now() - at > PENDING_FOR:
        return None
    return (user, kept) if kept["mark"] == _mark(user) else None


def _mark(user: User) -> str:
    """Changes with the password, and says nothing of it."""
    return digest_of(user.password_hash, current_app.config["SECRET_KEY"], MARK_SALT).hex()[:32]


def _person(sign_in_id: str, origin: Origin) -> Actor | None:
    try:
        found = person_of_sign_in(UUID(sign_in_id), origin, strict=current_app.config["REQUIRE_SUPERUSER_TWO_FACTOR"])
    except ValueError:
        return None
    if found is None:
        return None
    actor, last_seen = found
    if now() - last_seen > SEEN_EVERY:
        note_seen(UUID(sign_in_id), now())
        commit()
    return actor


def _key(secret: str, origin: Origin, signature: Signature | None) -> Actor:
    """The actor of an API key that was sent, or that has signed the request, or both."""
    if signature and not secret:
        secret = secret_of_prefix(signature.key or "") or ""
        if not secret:
            raise refused(f"{KEY} names no key that signs by itself. Send the key as X-API-Key beside the signature.")
    actor, last_used = actor_of_key(secret, current_app.config["SECRET_KEY"], origin, now())
    if signature:
        actor = _proven(actor, signature, secret)
    if last_used is None or now() - last_used > SEEN_EVERY:
        key_id, at = actor.id, now()
        assert key_id is not None
        regardless(lambda: note_used(key_id, at))
    return actor
