"""Who somebody is: the actor behind a sign-in or an API key."""

from __future__ import annotations

import hmac
import ipaddress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import SignIn
from webapp.accounts.queries.finding import found_row
from webapp.accounts.values import PREFIX_LENGTH, SECRET, device_of, digest_of
from webapp.kit.db import rows
from webapp.kit.errors import NotAuthenticated
from webapp.kit.listing import Listing
from webapp.kit.permissions import SCOPE_GRANTS, Actor, Origin, Role, Scope
from webapp.kit.secrets import keyring

SEEN_EVERY = timedelta(minutes=1)
USABLE = timedelta(days=30)
"""How long a sign-in may lie unused: as long as the cookie that remembers it and the refresh token last."""
WHO = """
SELECT u.id, u.email, u.is_superuser, u.two_factor_at IS NOT NULL AS two_factor, s.id AS sign_in_id, s.last_seen_at,
       (SELECT json_agg(json_build_array(m.organization_id, m.role, coalesce((o.settings->>'require_two_factor')::boolean, false)))
        FROM memberships m JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = u.id AND m.deleted_at IS NULL AND o.deleted_at IS NULL) AS roles
FROM sign_ins s JOIN users u ON u.id = s.user_id
WHERE s.id = :sign_in AND s.ended_at IS NULL AND u.deleted_at IS NULL AND u.suspended_at IS NULL
"""
KEY = """
SELECT k.id, k.name, k.organization_id, k.site_id, k.scopes, k.secret_hash, k.expires_at, k.allowed_ips, k.last_used_at
FROM api_keys k JOIN organizations o ON o.id = k.organization_id
WHERE k.prefix = :prefix AND k.deleted_at IS NULL AND o.deleted_at IS NULL
"""
SIGNS = "SELECT signing_secret FROM api_keys WHERE prefix = :prefix AND deleted_at IS NULL AND signing_secret IS NOT NULL"


def person_of_sign_in(sign_in_id: UUID, origin: Origin, *, strict: bool = False) -> tuple[Actor, datetime] | None:
    """The person behind a sign-in that has not ended, and when it was last seen; None otherwise.

    Who has no second factor has no role where the organization asks for one, and with `strict` is no superuser.
    """
    found = rows(WHO, sign_in=sign_in_id)
    if not found:
        return None
    row = found[0]
    every = [(UUID(each), Role(role), asks and not row.two_factor) for each, role, asks in row.roles or ()]
    powerless = row.is_superuser and strict and not row.two_factor
    all_power = row.is_superuser and not powerless
    held_back = frozenset() if all_power else frozenset(each for each, _, missing in every if missing)
    actor = Actor(kind="user", id=row.id, label=row.email, is_superuser=all_power, sign_in_id=row.sign_in_id, origin=origin,
                  roles={each: role for each, role, _ in every if each not in held_back}, held_back=held_back,
                  lacks_second_factor=powerless or bool(held_back))
    return actor, row.last_seen_at


def actor_of_key(secret: str, server_key: str, origin: Origin, at: datetime) -> tuple[Actor, datetime | None]:
    """The actor behind an API key, and when the key was last used; NotAuthenticated unless the key is good here and now."""
    refused = NotAuthenticated("This API key is not known, has expired, or is not allowed from here.", code="invalid_api_key")
    if not SECRET.match(secret):
        raise refused
    found = rows(KEY, prefix=secret[:PREFIX_LENGTH])
    digest = digest_of(secret, server_key)
    row = next((each for each in found if hmac.compare_digest(bytes(each.secret_hash), digest)), None)
    if row is None or (row.expires_at and row.expires_at <= at) or not _allowed(origin.ip, row.allowed_ips):
        raise refused
    grants = frozenset().union(*(SCOPE_GRANTS[Scope(scope)] for scope in row.scopes))
    actor = Actor(kind="api_key", id=row.id, label=row.name, grants={row.organization_id: grants}, site_id=row.site_id, origin=origin)
    return actor, row.last_used_at


def secret_of_prefix(prefix: str) -> str | None:
    """The whole of the key that begins with these characters; None where there is none, or it does not sign by itself.

    Whether the key is good here and now is for `actor_of_key` to say.
    """
    found = rows(SIGNS, prefix=prefix)
    return keyring().decrypt(found[0].signing_secret) if found else None


def _allowed(ip: str | None, allowed: list[str]) -> bool:
    if not allowed:
        return True
    if ip is None:
        return False
    address = ipaddress.ip_address(ip)
    mapped = getattr(address, "ipv4_mapped", None)  # how a server that listens on both sees IPv4 (RFC 4291, 2.5.5.2)
    return any((mapped or address) in ipaddress.ip_network(each) for each in allowed)


def find_sign_ins(actor: Actor, asked: dict[str, Any], at: datetime) -> Listing:
    """One's own sign-ins that may still be in use, the newest used first; `q` is sought in address and program."""
    own = select(SignIn).where(SignIn.user_id == actor.id, SignIn.ended_at.is_(None), SignIn.last_seen_at > at - USABLE)
    if asked.get("q"):
        own = own.where(SignIn.ip.icontains(asked["q"], autoescape=True) | SignIn.user_agent.icontains(asked["q"], autoescape=True))
    sorts = {"last_seen_at": SignIn.last_seen_at, "created_at": SignIn.created_at}
    return Listing(own, sorts, "-last_seen_at", SignIn.id, prepare=lambda found: _described(actor, found))


def get_sign_in(actor: Actor, sign_in_id: UUID) -> SignIn:
    """One of one's own sign-ins that has not ended, or NotFound."""
    own = select(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == actor.id, SignIn.ended_at.is_(None))
    return _described(actor, [found_row(own, True)])[0]


def _described(actor: Actor, sign_ins: list[SignIn]) -> list[SignIn]:
    """Gives each sign-in its `device` in words, and whether it is the `current` one."""
    for each in sign_ins:
        each.device = device_of(each.user_agent)  # type: ignore[attr-defined]
        each.current = each.id == actor.sign_in_id  # type: ignore[attr-defined]
    return sign_ins
