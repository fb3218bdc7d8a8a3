"""What numbers are about: as much as the actor may see of what they ask for, and the clock that its days go by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from webapp.accounts.models import Organization
from webapp.accounts.policy import visible_organizations
from webapp.accounts.queries import get_organization, get_team_alone
from webapp.fleet.queries import get_site
from webapp.insights.queries.repositories import get_repository
from webapp.kit.db import db
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor

NAMES: Final = ("organization_id", "team_id", "repository_id", "site_id")
ONE: Final = ("team_id", "repository_id", "site_id")


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose numbers these are, and of what: `filters` by name, the organizations that they lie in, and their time zone.

    `is_one` says that they are of one team, repository or site, and no blend of several.
    """

    actor: Actor
    filters: dict[str, UUID]
    organizations: tuple[UUID, ...]
    zone: str

    @property
    def is_one(self) -> bool:
        return any(name in self.filters for name in ONE)


def scope_of(actor: Actor, asked: Mapping[str, Any]) -> Scope:
    """The scope of a question; NotFound where it names what the actor may not see, or what lies in several organizations."""
    filters = {name: asked[name] for name in NAMES if asked.get(name) is not None}
    finders: dict[str, Callable[..., Any]] = {
        "organization_id": get_organization, "team_id": get_team_alone, "repository_id": get_repository, "site_id": get_site}
    places = {found.id if name == "organization_id" else found.organization_id
              for name, found in ((name, finders[name](actor, key)) for name, key in filters.items())}
    if len(places) > 1:
        raise NotFound("What you name lies in different organizations.")
    seen = visible_organizations(actor).with_only_columns(Organization.id, Organization.settings)
    if places:
        seen = seen.where(Organization.id.in_(places))
    found = db.session.execute(seen.order_by(Organization.id)).all()
    zones = {(row.settings or {}).get("timezone") or "UTC" for row in found}
    return Scope(actor, filters, tuple(row.id for row in found), zones.pop() if len(zones) == 1 else "UTC")
