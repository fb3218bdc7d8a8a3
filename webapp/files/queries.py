"""Reading uploads: the list, one of them, and where a new one belongs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import undefer

from webapp.accounts.models import Organization
from webapp.accounts.queries import get_organization, names_of
from webapp.files.models import Upload
from webapp.files.policy import visible_uploads
from webapp.kit.db import db, rows
from webapp.kit.errors import Invalid, NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission

SITE = "SELECT id, name, organization_id FROM sites WHERE id = :id AND deleted_at IS NULL"
NAMES = "SELECT id, name FROM sites WHERE id = ANY(CAST(:ids AS uuid[])) AND deleted_at IS NULL"
WHERE = "Say which organization, or which site."
EQUAL = ("organization_id", "site_id", "created_by", "media_type", "scan")


def find_uploads(actor: Actor, asked: dict[str, Any]) -> Listing:
    """The uploads that the actor may see, the newest first; `q` looks into names and into what files say."""
    statement = visible_uploads(actor, deleted=bool(asked.get("include_deleted")))
    for name in EQUAL:
        if name in asked:
            statement = statement.where(getattr(Upload, name) == asked[name])
    if "since" in asked:
        statement = statement.where(Upload.created_at >= asked["since"])
    if "until" in asked:
        statement = statement.where(Upload.created_at < asked["until"])
    if asked.get("q"):
        said = Upload.words.bool_op("@@")(func.websearch_to_tsquery("simple", asked["q"]))
        statement = statement.where(Upload.name.icontains(asked["q"], autoescape=True) | said)
    sorts = {"created_at": Upload.created_at, "name": func.lower(Upload.name), "bytes": Upload.bytes, "media_type": Upload.media_type}
    return Listing(statement, sorts, "-created_at", Upload.id)


def get_upload(actor: Actor, upload_id: UUID, lock: bool = False, deleted: bool = False) -> Upload:
    """One upload with what it says, or NotFound; `deleted` looks among deleted ones only."""
    statement: Select[Any] = visible_uploads(actor, deleted=deleted).where(Upload.id == upload_id).options(undefer(Upload.text))
    if deleted:
        statement = statement.where(Upload.deleted_at.is_not(None))
    found: Upload | None = db.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound()
    return found


def get_linked(upload_id: UUID) -> Upload:
    """The upload that a signed link is for, or NotFound once it is deleted. Whoever gave the link away was allowed to see it."""
    found = db.session.scalar(select(Upload).where(Upload.id == upload_id, Upload.deleted_at.is_(None)))
    if found is None:
        raise NotFound()
    return found


def with_names(uploads: list[Upload]) -> list[Upload]:
    """Gives each `uploader`, `site_name` and `organization_name`, in three statements however many there are."""
    people = names_of(each.created_by for each in uploads)
    sites = {row.id: row.name for row in rows(NAMES, ids=[each.site_id for each in uploads if each.site_id])}
    places = select(Organization.id, Organization.name).where(Organization.id.in_({each.organization_id for each in uploads}))
    named = dict(db.session.execute(places).all())
    for each in uploads:
        each.uploader = people.get(each.created_by) if each.created_by else None  # type: ignore[attr-defined]
        each.site_name = sites.get(each.site_id)  # type: ignore[attr-defined]
        each.organization_name = named.get(each.organization_id)  # type: ignore[attr-defined]
    return uploads


def place_of(actor: Actor, organization_id: UUID | None, site_id: UUID | None) -> tuple[UUID, UUID | None]:
    """The organization and the site that a new upload is for, where the actor may upload.

    A site says its organization. Without either it is the only organization that there is for the actor, or the site of a site's key.
    NotFound for what the actor does not see, Invalid at the field where it is not said or does not fit.
    """
    site_id = site_id or actor.site_id
    if site_id is not None:
        site = site_at(actor, site_id)
        if organization_id not in (None, site.organization_id):
            raise Invalid.at("site_id", "This site does not belong to the organization.")
        organization_id = site.organization_id
    if organization_id is None:
        organization_id = _only_one(actor)
    organization = get_organization(actor, organization_id)
    actor.require(Permission.UPLOAD_MAKE, organization.id)
    return organization.id, site_id


def site_at(actor: Actor, site_id: UUID) -> Any:
    """A site that the actor may see, with its name and its organization; NotFound otherwise."""
    where = actor.organizations(Permission.SITE_READ)
    found = next(iter(rows(SITE, id=site_id)), None)
    if found is None or (where is not None and found.organization_id not in where) or actor.site_id not in (None, found.id):
        raise NotFound()
    return found


def _only_one(actor: Actor) -> UUID:
    where = actor.organizations(Permission.UPLOAD_MAKE)
    if where is None or len(where) != 1:
        if where is not None and not where:
            actor.require(Permission.UPLOAD_MAKE)
        raise Invalid.at("organization_id", WHERE)
    return next(iter(where))
