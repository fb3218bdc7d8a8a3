"""Who somebody is: the actor behind a sign-in or an API key."""

from __future__ import annotations

import hmac
import ipaddress
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import SignIn
from webapp.accounts.values import PREFIX_LENGTH, SECRET, digest_of
from webapp.kit.db import db, rows
from webapp.kit.errors import NotAuthenticated
from webapp.kit.permissions import SCOPE_GRANTS, Actor, Origin, Role, Scope

SEEN_EVERY = timedelta(minutes=1)
USABLE = timedelta(days=30)
"""How long a sign-in may lie unused: as long as the cookie that remembers it and the refresh token last."""
WHO = """
SELECT u.id, u.email, u.is_superuser, s.id AS sign_in_id, s.last_seen_at,
       (SELECT json_object_agg(m.organization_id, m.role) FROM memberships m JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = u.id AND m.deleted_at IS NULL AND o.deleted_at IS NULL) AS roles
FROM sign_ins s JOIN users u ON u.id = s.user_id
WHERE s.id = :sign_in AND s.ended_at IS NULL AND u.deleted_at IS NULL
"""
KEY = """
SELECT k.id, k.name, k.organization_id, k.site_id, k.scopes, k.secret_hash, k.expires_at, k.allowed_ips, k.last_used_at
FROM api_keys k JOIN organizations o ON o.id = k.organization_id
WHERE k.prefix = :prefix AND k.deleted_at IS NULL AND o.deleted_at IS NULL
"""


def person_of_sign_in(sign_in_id: UUID, origin: Origin) -> tuple[Actor, datetime] | None:
    """The person behind a sign-in that has not ended, and when it was last seen; None otherwise."""
    found = rows(WHO, sign_in=sign_in_id)
    if not found:
        return None
    row = found[0]
    roles = {UUID(each): Role(role) for each, role in (row.roles or {}).items()}
    actor = Actor(kind="user", id=row.id, label=row.email, is_superuser=row.is_superuser, roles=roles,
                  sign_in_id=row.sign_in_id, origin=origin)
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


def _allowed(ip: str | None, allowed: list[str]) -> bool:
    if not allowed:
        return True
    return ip is not None and any(ipaddress.ip_address(ip) in ipaddress.ip_network(each) for each in allowed)


def find_sign_ins(actor: Actor, at: datetime) -> list[SignIn]:
    """One's own sign-ins that may still be in use, the newest used first."""
    own = select(SignIn).where(SignIn.user_id == actor.id, SignIn.ended_at.is_(None), SignIn.last_seen_at > at - USABLE)
    return list(db.session.scalars(own.order_by(SignIn.last_seen_at.desc(), SignIn.id)))
