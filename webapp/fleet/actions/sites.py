"""Registering, changing, deleting and restoring sites. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, record
from webapp.fleet.models import Site
from webapp.fleet.queries.sites import get_site, may_own
from webapp.kit.db import db
from webapp.kit.errors import Conflict, Invalid
from webapp.kit.permissions import Actor, Permission

GRACE = timedelta(minutes=30)
TAKEN = "There is a site with this address."


def silent_after(last_report_at: datetime | None, interval_minutes: int) -> datetime | None:
    """When a site counts as silent: two of its intervals and half an hour after it was last heard."""
    return last_report_at and last_report_at + 2 * timedelta(minutes=interval_minutes) + GRACE


def register_site(actor: Actor, body: dict[str, Any], at: datetime) -> Site:
    """Makes a site that has not reported yet; Conflict when its address is taken."""
    organization = get_organization(actor, body["organization_id"])
    actor.require(Permission.SITE_REGISTER, organization.id)
    _check_references(body, organization.id)
    refuse_taken_url(body["url"])
    site = Site(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **body)
    db.session.add(site)
    record(actor, "site.registered", site)
    db.session.flush()
    return get_site(actor, site.id)


def change_site(actor: Actor, site: Site, body: dict[str, Any], at: datetime) -> Site:
    """Changes any of a site's own fields; moving it to another organization takes the right to register sites there."""
    actor.require(Permission.SITE_EDIT, site.organization_id)
    if body.get("organization_id", site.organization_id) != site.organization_id:
        actor.require(Permission.SITE_DELETE, site.organization_id)
        get_organization(actor, body["organization_id"])
        actor.require(Permission.SITE_REGISTER, body["organization_id"])
        raise Invalid.at("organization_id", "A site stays where its history is. Register it anew in the other organization.")
    _check_references(body, site.organization_id)
    if body.get("url", site.url) != site.url:
        refuse_taken_url(body["url"])
    if "report_interval_minutes" in body:
        body = {**body, "silent_after": silent_after(site.last_report_at, body["report_interval_minutes"])}
    change(actor, "site.changed", site, body, at)
    return get_site(actor, site.id)


def delete_site(actor: Actor, site: Site, at: datetime) -> Site:
    """Deletes a site; its history stays, its keys report no more, and it can be restored."""
    actor.require(Permission.SITE_DELETE, site.organization_id)
    change(actor, "site.deleted", site, {"deleted_at": at}, at)
    return site


def restore_site(actor: Actor, site_id: UUID, at: datetime) -> Site:
    """Brings a deleted site back; Conflict when its address has been taken since."""
    site = get_site(actor, site_id, lock=True, deleted=True)
    actor.require(Permission.SITE_DELETE, site.organization_id)
    refuse_taken_url(site.url)
    change(actor, "site.restored", site, {"deleted_at": None}, at)
    return get_site(actor, site.id)


def _check_references(body: dict[str, Any], organization_id: UUID) -> None:
    if body.get("owner_id") and not may_own(body["owner_id"], organization_id):
        raise Invalid.at("owner_id", "This person does not belong to the organization.")
    for name, thing in (("team_id", "team"), ("repository_id", "repository")):
        if body.get(name):
            raise Invalid.at(name, f"There is no such {thing} in the organization.")


def refuse_taken_url(url: str) -> None:
    """Says so at the field where the actor may see the other site; elsewhere the database's constraint does."""
    if db.session.scalar(select(Site.id).where(Site.url == url, Site.deleted_at.is_(None))):
        raise Conflict(TAKEN, [{"field": "url", "message": TAKEN}])


@organization_closed.connect
def _close_sites(actor: Actor, organization: Organization, at: datetime) -> None:
    for site in db.session.scalars(select(Site).where(Site.organization_id == organization.id, Site.deleted_at.is_(None))):
        change(actor, "site.deleted", site, {"deleted_at": at}, at)


@organization_reopened.connect
def _reopen_sites(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    for site in db.session.scalars(select(Site).where(Site.organization_id == organization.id, Site.deleted_at == closed_at)):
        change(actor, "site.restored", site, {"deleted_at": None}, organization.updated_at)
