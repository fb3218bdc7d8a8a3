"""Reading organizations."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import func

from webapp.accounts.models import Organization
from webapp.accounts.policy import visible_organizations
from webapp.accounts.queries.finding import Lock, found_row
from webapp.accounts.queries.people import names_of
from webapp.kit.db import db, rows
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

CHOICES = 200
COUNTS = """
SELECT o.id, (SELECT count(*) FROM sites s WHERE s.organization_id = o.id AND s.deleted_at IS NULL) AS sites,
       (SELECT count(*) FROM memberships m JOIN users u ON u.id = m.user_id
        WHERE m.organization_id = o.id AND m.deleted_at IS NULL AND u.deleted_at IS NULL) AS members,
       (SELECT count(*) FROM teams t WHERE t.organization_id = o.id AND t.deleted_at IS NULL) AS teams,
       (SELECT count(*) FROM api_keys k WHERE k.organization_id = o.id AND k.deleted_at IS NULL) AS keys
FROM organizations o WHERE o.id = ANY(CAST(:ids AS uuid[]))
"""


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


def get_organization(actor: Actor, organization_id: UUID, lock: Lock = False, deleted: bool = False) -> Organization:
    """One organization the actor belongs to, or NotFound; `deleted` looks among deleted ones only."""
    statement = visible_organizations(actor, deleted=deleted).where(Organization.id == organization_id)
    return found_row(statement.where(Organization.deleted_at.is_not(None)) if deleted else statement, lock)


def find_some_organizations(actor: Actor, ids: Collection[UUID]) -> list[Organization]:
    """Those of these organizations that the actor belongs to."""
    return list(db.session.scalars(visible_organizations(actor).where(Organization.id.in_(ids))))


def get_any_organization(actor: Actor, organization_id: UUID) -> Organization:
    """One organization, for superusers also when it is deleted; with `counts` and the name of who changed it last."""
    statement = visible_organizations(actor, deleted=actor.is_superuser).where(Organization.id == organization_id)
    organization: Organization = with_counts([found_row(statement, False)])[0]
    names = names_of([organization.updated_by])
    organization.updated_by_name = names.get(organization.updated_by)  # type: ignore[attr-defined, arg-type]
    return organization


def with_counts(organizations: list[Organization]) -> list[Organization]:
    """Gives each organization `counts`: of its sites, members, teams and API keys."""
    counted = {row.id: row for row in rows(COUNTS, ids=[each.id for each in organizations])}
    for organization in organizations:
        organization.counts = counted[organization.id]  # type: ignore[attr-defined]
    return organizations


def organizations_with(actor: Actor, permission: Permission) -> list[Organization]:
    """The organizations in which the actor has this permission, by name: what a form lets them choose from."""
    where = actor.organizations(permission)
    statement = visible_organizations(actor).order_by(func.lower(Organization.name)).limit(CHOICES)
    return list(db.session.scalars(statement if where is None else statement.where(Organization.id.in_(where))))
