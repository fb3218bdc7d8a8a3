"""Who sees which uploads, and who may delete them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, or_, select

from webapp.files.models import Upload
from webapp.kit.errors import PermissionDenied
from webapp.kit.permissions import Actor, Permission

P = Permission


def visible_uploads(actor: Actor, *, deleted: bool = False) -> Select[Any]:
    """The uploads of the actor's organizations, for a site's key of that site; with `deleted`, also deleted ones where they are admin."""
    statement = select(Upload)
    where, managed = actor.organizations(P.UPLOAD_READ), actor.organizations(P.UPLOAD_MANAGE)
    if where is not None:
        statement = statement.where(Upload.organization_id.in_(where))
    if actor.site_id is not None:
        statement = statement.where(Upload.site_id == actor.site_id)
    if not deleted:
        return statement.where(Upload.deleted_at.is_(None))
    return statement if managed is None else statement.where(or_(Upload.deleted_at.is_(None), Upload.organization_id.in_(managed)))


def may_delete(actor: Actor, upload: Upload) -> bool:
    """Whether this upload is the actor's own, in an organization where they still upload, or they are an admin there."""
    own = upload.created_by is not None and upload.created_by == actor.id and actor.may(P.UPLOAD_MAKE, upload.organization_id)
    return own or actor.may(P.UPLOAD_MANAGE, upload.organization_id)


def require_delete(actor: Actor, upload: Upload) -> None:
    """PermissionDenied unless `may_delete`."""
    if may_delete(actor, upload):
        return
    problem = PermissionDenied("You may delete what you have uploaded yourself; admins may delete all.")
    problem.permission, problem.organization_id = P.UPLOAD_MANAGE, upload.organization_id
    raise problem
