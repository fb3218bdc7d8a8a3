"""What somebody may do now who is not here: for work that they asked for earlier."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from webapp.kit.db import rows
from webapp.kit.permissions import SCOPE_GRANTS, Actor, Role, Scope

PERSON = """
SELECT u.email, u.is_superuser, u.two_factor_at IS NOT NULL AS two_factor,
       (SELECT json_agg(json_build_array(m.organization_id, m.role, coalesce((o.settings->>'require_two_factor')::boolean, false)))
        FROM memberships m JOIN organizations o ON o.id = m.organization_id
        WHERE m.user_id = u.id AND m.deleted_at IS NULL AND o.deleted_at IS NULL) AS roles
FROM users u WHERE u.id = :id AND u.deleted_at IS NULL AND u.suspended_at IS NULL
"""
KEY = """
SELECT k.name, k.organization_id, k.site_id, k.scopes
FROM api_keys k JOIN organizations o ON o.id = k.organization_id
WHERE k.id = :id AND k.deleted_at IS NULL AND o.deleted_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :at)
"""


def actor_by_id(actor_id: UUID, at: datetime) -> Actor | None:
    """The person or the API key with this id as they may act now; None for who was deleted, suspended, revoked or has expired.

    Who has no second factor has no role where the organization asks for one, here as at the door.
    """
    for row in rows(PERSON, id=actor_id):
        roles = {UUID(each): Role(role) for each, role, asks in row.roles or () if row.two_factor or not asks}
        return Actor(kind="user", id=actor_id, label=row.email, is_superuser=row.is_superuser, roles=roles)
    for row in rows(KEY, id=actor_id, at=at):
        grants = frozenset().union(*(SCOPE_GRANTS[Scope(scope)] for scope in row.scopes))
        return Actor(kind="api_key", id=actor_id, label=row.name, grants={row.organization_id: grants}, site_id=row.site_id)
    return None
