"""Registering, changing, deleting and restoring sites. Each verb checks, changes and records in the audit log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization, is_team_of
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, change_many, record
from webapp.fleet.actions.announcing import tell_of_site, tell_of_sites
from webapp.fleet.models import Site
from webapp.fleet.queries.names import is_repository_of
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
    organization = get_organization(actor, body["organization_id"], lock="share")
    actor.require(Permission.SITE_REGISTER, organization.id)
    if body.get("require_signed_reports"):
        actor.require(Permission.API_KEY_MANAGE, organization.id)
    _check_references(body, organization.id)
    refuse_taken_url(body["url"])
    site = Site(created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id, **body)
    db.session.add(site)
    record(actor, "site.registered", site)
    db.session.flush()
    tell_of_site("site.registered", site.id, site.organization_id, {}, at)
    return get_site(actor, site.id)


def change_site(actor: Actor, site: Site, body: dict[str, Any], at: datetime) -> Site:
    """Changes any of a site's own fields; moving it to another organization takes the right to register sites there."""
    actor.require(Permission.SITE_EDIT, site.organization_id)
    if body.get("organization_id", site.organization_id) != site.organization_id:
        actor.require(Permission.SITE_DELETE, site.organization_id)
        get_organization(actor, body["organization_id"])
        actor.require(Permission.SITE_REGISTER, body["organization_id"])
        raise Invalid.at("organization_id", "A site stays where its history is. Register it anew in the other organization.")
    if body.get("require_signed_reports", site.require_signed_reports) != site.require_signed_reports:
        actor.require(Permission.API_KEY_MANAGE, site.organization_id)
    body = without_hidden(site, body)
    _check_references(body, site.organization_id)
    if body.get("url", site.url) != site.url:
        refuse_taken_url(body["url"])
    if "report_interval_minutes" in body:
        body = {**body, "silent_after": silent_after(site.last_report_at, body["report_interval_minutes"])}
    change(actor, "site.changed", site, body, at)
    tell_of_site("site.changed", site.id, site.organization_id, {"fields": sorted(body)}, at)
    return get_site(actor, site.id)


def delete_site(actor: Actor, site: Site, at: datetime) -> Site:
    """Deletes a site; its history stays, its keys report no more, and it can be restored."""
    actor.require(Permission.SITE_DELETE, site.organization_id)
    change(actor, "site.deleted", site, {"deleted_at": at}, at)
    tell_of_site("site.deleted", site.id, site.organization_id, {}, at)
    return site


def restore_site(actor: Actor, site_id: UUID, at: datetime) -> Site:
    """Brings a deleted site back; Conflict when its address has been taken since, or its organization is deleted."""
    site = get_site(actor, site_id, lock=True, deleted=True)
    actor.require(Permission.SITE_DELETE, site.organization_id)
    refuse_to_restore([site])
    change(actor, "site.restored", site, {"deleted_at": None}, at)
    tell_of_site("site.restored", site.id, site.organization_id, {}, at)
    return get_site(actor, site.id)


def _check_references(body: dict[str, Any], organization_id: UUID) -> None:
    if body.get("owner_id") and not may_own(body["owner_id"], [organization_id]):
        raise Invalid.at("owner_id", "This person does not belong to the organization.")
    if body.get("team_id") and not is_team_of(body["team_id"], organization_id):
        raise Invalid.at("team_id", "There is no such team in the organization.")
    if body.get("repository_id") and not is_repository_of(body["repository_id"], organization_id):
        raise Invalid.at("repository_id", "There is no such repository in the organization.")


def without_hidden(site: Site, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without a team or repository that is none already: a deleted one is not shown, and has its sites once it is restored."""
    hidden = {name for name in ("team_id", "repository_id") if getattr(site, f"shown_{name}") is None}
    return {name: value for name, value in body.items() if value is not None or name not in hidden}


def refuse_taken_url(url: str) -> None:
    """Says so at the field where the actor may see the other site; elsewhere the database's constraint does."""
    if db.session.scalar(select(Site.id).where(Site.url == url, Site.deleted_at.is_(None))):
        raise Conflict(TAKEN, [{"field": "url", "message": TAKEN}])


def refuse_to_restore(sites: Collection[Site]) -> None:
    """Conflict where one of these deleted sites cannot come back: its address is taken, or its organization is deleted."""
    urls = [site.url for site in sites]
    taken = select(Site.id).where(Site.url.in_(urls), Site.deleted_at.is_(None)).limit(1)
    if len(set(urls)) < len(urls) or db.session.scalar(taken):
        raise Conflict(TAKEN, [{"field": "url", "message": TAKEN}])
    places = {site.organization_id for site in sites}
    gone = select(Organization.id).where(Organization.id.in_(places), Organization.deleted_at.is_not(None))
    if db.session.scalar(gone.limit(1)):
        raise Conflict("Its organization is deleted. Restore that first.")


@organization_closed.connect
def _close_sites(actor: Actor, organization: Organization, at: datetime) -> None:
    """Held before they are stamped: a site that somebody deletes at the same moment stays deleted when the organization comes back."""
    held = select(Site).where(Site.organization_id == organization.id, Site.deleted_at.is_(None)).with_for_update()
    sites = list(db.session.scalars(held))
    change_many(actor, "site.deleted", [(site, {"deleted_at": at}) for site in sites], at)
    tell_of_sites("site.deleted", sites, at)


@organization_reopened.connect
def _reopen_sites(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    """Just those that went with it; Conflict where another site has taken the address of one since."""
    sites = list(db.session.scalars(
        select(Site).where(Site.organization_id == organization.id, Site.deleted_at == closed_at).with_for_update()))
    if db.session.scalar(select(Site.id).where(Site.url.in_([site.url for site in sites]), Site.deleted_at.is_(None)).limit(1)):
        raise Conflict("One of its sites cannot come back: another site has its address now.")
    change_many(actor, "site.restored", [(site, {"deleted_at": None}) for site in sites], organization.updated_at)
    tell_of_sites("site.restored", sites, organization.updated_at)
