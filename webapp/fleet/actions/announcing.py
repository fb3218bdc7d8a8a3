"""Telling whoever looks at a site, its organization or the fleet that something has happened there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from webapp.fleet.models import Site
from webapp.kit.events import announce

FLEET = "fleet"
SINGLY = 50
"""From how many sites on a change is told of once for each organization, and not once for each site."""


def tell_of_site(kind: str, site_id: UUID, organization_id: UUID, data: Mapping[str, Any], at: datetime) -> None:
    """Announces what happened at a site; `data` holds ids and what changed, never a value that is not for everybody who sees the site."""
    told = {"site_id": str(site_id), "organization_id": str(organization_id), **data}
    announce(kind, (f"site:{site_id}", f"org:{organization_id}", FLEET), told, at, organization_id)


def tell_of_sites(kind: str, sites: Sequence[Site], at: datetime) -> None:
    """Announces the same of many sites; beyond a few, as one event for each organization."""
    by_place: dict[UUID, list[Site]] = {}
    for site in sites:
        by_place.setdefault(site.organization_id, []).append(site)
    for organization_id, its in by_place.items():
        if len(its) < SINGLY:
            for site in its:
                tell_of_site(kind, site.id, organization_id, {}, at)
            continue
        topics = (f"org:{organization_id}", FLEET, *(f"site:{site.id}" for site in its))
        announce(kind, topics, {"organization_id": str(organization_id), "sites": len(its)}, at, organization_id)
