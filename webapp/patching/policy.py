"""Which patch runs an actor may see: those of the sites of their organizations; a site's key, that site's alone."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select

from webapp.fleet.models import Site
from webapp.kit.permissions import Actor, Permission
from webapp.patching.models import PatchRun


def visible_runs(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Runs with the names of their sites. Those of deleted sites are hidden; with `deleted`, admins see them."""
    statement: Select[Any] = select(PatchRun).where(PatchRun.deleted_at.is_(None))
    statement = statement.join(Site, Site.id == PatchRun.site_id).add_columns(Site.name.label("site_name"))
    if actor.site_id is not None:
        statement = statement.where(PatchRun.site_id == actor.site_id)
    where = actor.organizations(Permission.PATCH_RUN_READ)
    if where is not None:
        statement = statement.where(PatchRun.organization_id.in_(where))
    if not deleted:
        return statement.where(Site.deleted_at.is_(None))
    managed = actor.organizations(Permission.SITE_DELETE)
    if managed is None:
        return statement
    return statement.where(or_(Site.deleted_at.is_(None), PatchRun.organization_id.in_(managed)))
