"""Reading accounts: who somebody is, organizations, people, members and keys."""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from webapp.accounts.models import ApiKey, Membership, Organization, SignIn, User
from webapp.accounts.policy import visible_keys, visible_organizations, visible_users
from webapp.accounts.values import PREFIX_LENGTH, SECRET, digest_of
from webapp.kit.db import db, rows
from webapp.kit.errors import Invalid, NotAuthenticated, NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import SCOPE_GRANTS, Actor, Origin, Permission, Role, Scope

SEEN_EVERY = timedelta(minutes=1)
USABLE = timedelta(days=30)
"""How long a sign-in may lie unused: as long as the cookie that remembers it and the refresh token last."""
CHOICES = 200
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
COUNTS = """
SELECT o.id, (SELECT count(*) FROM sites s WHERE s.organization_id = o.id AND s.deleted_at IS NULL) AS sites,
       (SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.organization_id = o.id AND m.deleted_at IS NULL AND u.deleted_at IS NULL) AS members,
       (SELECT count(*) FROM api_keys k WHERE k.organization_id = o.id AND k.deleted_at IS NULL) AS keys
FROM organizations o WHERE o.id = ANY(CAST(:ids AS uuid[]))
"""
PLACES = """
SELECT id, name FROM organizations WHERE id = ANY(CAST(:organizations AS uuid[]))
UNION ALL SELECT id, name FROM sites WHERE id = ANY(CAST(:sites AS uuid[])) AND deleted_at IS NULL
"""
SITE_NAMES = """
SELECT name FROM sites
WHERE deleted_at IS NULL AND (CAST(:organization AS uuid) IS NULL OR organization_id = :organization) ORDER BY lower(name) LIMIT :most
"""
SITE = """
SELECT id FROM sites WHERE organization_id = :organization AND deleted_at IS NULL
AND (lower(name) = lower(:words) OR lower(rtrim(url, '/')) IN (lower(:words), lower('https://' || :words))) LIMIT 2
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


def user_by_email(email: str) -> User | None:
    """The active user with this address, whatever its case."""
    return db.session.scalar(select(User).where(func.lower(User.email) == email.lower(), User.deleted_at.is_(None)))


def find_organizations(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The organizations that the actor belongs to."""
    statement = visible_organizations(actor, deleted=bool(asked.get("include_deleted")) and actor.is_superuser)
    for name in ("name", "slug"):
        if name in asked:
            statement = statement.where(getattr(Organization, name) == asked[name])
    if asked.get("q"):
        statement = statement.where(Organization.name.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(Organization.name), "created_at": Organization.created_at, "updated_at": Organization.updated_at}
    return Listing(statement, sorts, "name", Organization.id)


def get_organization(actor: Actor, organization_id: UUID, lock: bool = False, deleted: bool = False) -> Organization:
    """One organization the actor belongs to, or NotFound; `deleted` looks among deleted ones only."""
    statement = visible_organizations(actor, deleted=deleted).where(Organization.id == organization_id)
    return _found(statement.where(Organization.deleted_at.is_not(None)) if deleted else statement, lock)


def find_users(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The people whom the actor may manage, with their organizations."""
    statement = visible_users(actor, deleted=bool(asked.get("include_deleted")))
    if "email" in asked:
        statement = statement.where(func.lower(User.email) == asked["email"].lower())
    if "is_superuser" in asked:
        statement = statement.where(User.is_superuser == asked["is_superuser"])
    if "organization_id" in asked or "role" in asked:
        statement = statement.where(User.id.in_(_members(actor, asked)))
    if asked.get("q"):
        statement = statement.where(User.email.icontains(asked["q"], autoescape=True)
                                    | User.full_name.icontains(asked["q"], autoescape=True))
    sorts = {"email": func.lower(User.email), "full_name": func.lower(User.full_name), "created_at": User.created_at,
             "last_login_at": User.last_login_at}
    return Listing(statement, sorts, "email", User.id, prepare=lambda found: with_organizations(actor, found))


def _members(actor: Actor, asked: dict[str, Any]) -> Select[Any]:
    """The ids of those with a role (or with this one) in the asked organization, or in any that the actor manages."""
    members = select(Membership.user_id).where(Membership.deleted_at.is_(None))
    where = actor.organizations(Permission.USER_READ)
    if "organization_id" in asked:
        members = members.where(Membership.organization_id == asked["organization_id"])
    elif where is not None:
        members = members.where(Membership.organization_id.in_(where))
    return members.where(Membership.role == asked["role"]) if "role" in asked else members


def get_user(actor: Actor, user_id: UUID, lock: bool = False, deleted: bool = False) -> User:
    """One person whom the actor may manage, or NotFound."""
    statement = visible_users(actor, deleted=deleted).where(User.id == user_id)
    user = _found(statement.where(User.deleted_at.is_not(None)) if deleted else statement, lock)
    return with_organizations(actor, [user])[0]


def get_self(actor: Actor) -> User:
    """The actor's own account."""
    return with_organizations(actor, [_found(select(User).where(User.id == actor.id), False)])[0]


def with_organizations(actor: Actor, users: list[User]) -> list[User]:
    """Gives each user `organizations`: those with a role that the actor may know of, by name."""
    statement = (select(Membership.user_id, Organization.id, Organization.name, Membership.role)
                 .join(Organization, Organization.id == Membership.organization_id)
                 .where(Membership.user_id.in_([user.id for user in users]), Membership.deleted_at.is_(None),
                        Organization.deleted_at.is_(None))
                 .order_by(func.lower(Organization.name)))
    below: dict[UUID, list[dict[str, Any]]] = {user.id: [] for user in users}
    for user_id, organization_id, name, role in db.session.execute(statement):
        if actor.sees_all or user_id == actor.id or organization_id in actor.roles:
            below[user_id].append({"id": organization_id, "name": name, "role": role})
    for user in users:
        user.organizations = below[user.id]  # type: ignore[attr-defined]
    return users


def find_keys(actor: Actor, asked: dict[str, Any]) -> Listing:
    """API keys of the organizations that the actor manages."""
    statement = visible_keys(actor, deleted=bool(asked.get("include_deleted")))
    for name in ("organization_id", "site_id", "name"):
        if name in asked:
            statement = statement.where(getattr(ApiKey, name) == asked[name])
    if "scope" in asked:
        statement = statement.where(ApiKey.scopes.contains([asked["scope"]]))
    if asked.get("q"):
        statement = statement.where(ApiKey.name.icontains(asked["q"], autoescape=True))
    sorts = {"name": func.lower(ApiKey.name), "created_at": ApiKey.created_at, "last_used_at": ApiKey.last_used_at}
    return Listing(statement, sorts, "-created_at", ApiKey.id)


def get_key(actor: Actor, key_id: UUID, lock: bool = False, deleted: bool = False) -> ApiKey:
    """One API key, or NotFound."""
    statement = visible_keys(actor, deleted=deleted).where(ApiKey.id == key_id)
    return _found(statement.where(ApiKey.deleted_at.is_not(None)) if deleted else statement, lock)


def get_any_key(actor: Actor, key_id: UUID) -> ApiKey:
    """One API key, also a revoked one, or NotFound."""
    return _found(visible_keys(actor, deleted=True).where(ApiKey.id == key_id), False)


def role_of(user_id: UUID, organization_id: UUID) -> Role | None:
    """A person's role in an organization; None without one."""
    role = db.session.scalar(select(Membership.role).where(Membership.user_id == user_id, Membership.deleted_at.is_(None),
                                                           Membership.organization_id == organization_id))
    return Role(role) if role else None


def find_sign_ins(actor: Actor, at: datetime) -> list[SignIn]:
    """One's own sign-ins that may still be in use, the newest used first."""
    own = select(SignIn).where(SignIn.user_id == actor.id, SignIn.ended_at.is_(None), SignIn.last_seen_at > at - USABLE)
    return list(db.session.scalars(own.order_by(SignIn.last_seen_at.desc(), SignIn.id)))


def get_any_organization(actor: Actor, organization_id: UUID) -> Organization:
    """One organization, for superusers also when it is deleted; with `counts` and the name of who changed it last."""
    statement = visible_organizations(actor, deleted=actor.is_superuser).where(Organization.id == organization_id)
    organization: Organization = with_counts([_found(statement, False)])[0]
    names = names_of([organization.updated_by])
    organization.updated_by_name = names.get(organization.updated_by)  # type: ignore[attr-defined, arg-type]
    return organization


def with_counts(organizations: list[Organization]) -> list[Organization]:
    """Gives each organization `counts`: of its sites, members and API keys."""
    counted = {row.id: row for row in rows(COUNTS, ids=[each.id for each in organizations])}
    for organization in organizations:
        organization.counts = counted[organization.id]  # type: ignore[attr-defined]
    return organizations


def organizations_with(actor: Actor, permission: Permission) -> list[Organization]:
    """The organizations in which the actor has this permission, by name: what a form lets them choose from."""
    where = actor.organizations(permission)
    statement = visible_organizations(actor).order_by(func.lower(Organization.name)).limit(CHOICES)
    return list(db.session.scalars(statement if where is None else statement.where(Organization.id.in_(where))))


def names_of(user_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """What people are called, by id: the name, or the address of those who gave none."""
    wanted = {each for each in user_ids if each}
    if not wanted:
        return {}
    name = func.coalesce(func.nullif(User.full_name, ""), User.email)
    return dict(db.session.execute(select(User.id, name).where(User.id.in_(wanted))).all())


def with_places(keys: list[ApiKey]) -> list[ApiKey]:
    """Gives each key the names of its organization, its site and who made it."""
    places = {row.id: row.name for row in rows(PLACES, organizations=[key.organization_id for key in keys],
                                               sites=[key.site_id for key in keys if key.site_id])}
    makers = names_of(key.created_by for key in keys)
    for key in keys:
        key.organization_name = places.get(key.organization_id, "")  # type: ignore[attr-defined]
        key.site_name = places.get(key.site_id)  # type: ignore[attr-defined]
        key.created_by_name = makers.get(key.created_by)  # type: ignore[attr-defined, arg-type]
    return keys


def site_names(organization_id: UUID | None) -> list[str]:
    """Names of sites of the organization (of all that the actor may see), for a form to propose."""
    return [row.name for row in rows(SITE_NAMES, organization=organization_id, most=CHOICES)]


def find_site_id(organization_id: UUID, words: str) -> UUID:
    """The one site of the organization with this name or address; Invalid at `site` for none or several."""
    found = rows(SITE, organization=organization_id, words=words.rstrip("/"))
    if not found:
        raise Invalid.at("site", "There is no site of this name or address in the organization.")
    if len(found) > 1:
        raise Invalid.at("site", "Several sites have this name. Give the address instead.")
    return found[0].id


def _found(statement: Select[Any], lock: bool) -> Any:
    row = db.session.scalar(statement.with_for_update() if lock else statement)
    if row is None:
        raise NotFound()
    return row
