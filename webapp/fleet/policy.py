"""Which sites an actor may see: those of their organizations; a site's key, that site alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from webapp.fleet.models import Site
from webapp.kit.permissions import Actor, Permission


def visible_sites(actor: Actor, permission: Permission = Permission.SITE_READ, *, deleted: bool = False) -> Select[Any]:
    """The sites in whose organizations the actor has this permission; with `deleted`, also deleted ones."""
    statement = select(Site) if deleted else select(Site).where(Site.deleted_at.is_(None))
    if actor.site_id is not None:
        statement = statement.where(Site.id == actor.site_id)
    where = actor.organizations(permission)
    return statement if where is None else statement.where(Site.organization_id.in_(where))
