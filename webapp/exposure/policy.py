"""Which findings an actor may see: those of the sites of their organizations. Advisories are for everybody who is known."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select

from webapp.exposure.models import Exposure, RiskDecision
from webapp.fleet.models import Site
from webapp.kit.permissions import Actor, Permission


def visible_exposures(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """Findings joined to their sites; those of deleted sites are hidden, with `deleted` admins see them."""
    statement: Select[Any] = select(Exposure).join(Site, Site.id == Exposure.site_id)
    if actor.site_id is not None:
        statement = statement.where(Exposure.site_id == actor.site_id)
    where = actor.organizations(Permission.EXPOSURE_READ)
    if where is not None:
        statement = statement.where(Exposure.organization_id.in_(where))
    if not deleted:
        return statement.where(Site.deleted_at.is_(None))
    managed = actor.organizations(Permission.SITE_DELETE)
    return statement if managed is None else statement.where(or_(Site.deleted_at.is_(None), Exposure.organization_id.in_(managed)))


def visible_decisions(actor: Actor) -> Select[Any]:
    """The decisions of the actor's organizations."""
    statement: Select[Any] = select(RiskDecision)
    where = actor.organizations(Permission.EXPOSURE_READ)
    return statement if where is None else statement.where(RiskDecision.organization_id.in_(where))
