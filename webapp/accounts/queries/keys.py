"""Reading API keys and the sites that they may belong to."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import func

from webapp.accounts.models import ApiKey
from webapp.accounts.policy import visible_keys
from webapp.accounts.queries.finding import found_row
from webapp.accounts.queries.organizations import CHOICES
from webapp.accounts.queries.people import names_of
from webapp.kit.db import rows
from webapp.kit.errors import Invalid
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor

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
    return found_row(statement.where(ApiKey.deleted_at.is_not(None)) if deleted else statement, lock)


def get_any_key(actor: Actor, key_id: UUID) -> ApiKey:
    """One API key, also a revoked one, or NotFound."""
    return found_row(visible_keys(actor, deleted=True).where(ApiKey.id == key_id), False)


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
