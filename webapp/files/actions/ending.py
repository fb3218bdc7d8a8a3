"""Deleting uploads and bringing them back; and, some time later, removing their files for good."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select

from webapp.accounts.actions.belonging import refuse_deleted_organization
from webapp.accounts.models import Organization
from webapp.accounts.values import organization_closed, organization_reopened
from webapp.audit.actions import change, change_many, record
from webapp.files.models import Upload
from webapp.files.policy import require_delete
from webapp.files.queries import get_upload
from webapp.kit.db import after_commit, db, rows
from webapp.kit.errors import Conflict
from webapp.kit.logs import log
from webapp.kit.permissions import SYSTEM, Actor, Permission
from webapp.kit.storage import Storage, StorageDown

STRAY_AFTER = timedelta(days=1)
"""A file without an upload is one whose transaction failed; younger ones may belong to a transaction that is under way."""


def delete_upload(actor: Actor, upload: Upload, at: datetime) -> Upload:
    """Deletes an upload; its links end at once, its file is kept for a while."""
    require_delete(actor, upload)
    changed: Upload = change(actor, "upload.deleted", upload, {"deleted_at": at}, at)
    return changed


def restore_upload(actor: Actor, upload_id: UUID, at: datetime) -> Upload:
    """Brings a deleted upload back; Conflict once its file is gone, or while its organization is."""
    upload = get_upload(actor, upload_id, lock=True, deleted=True)
    actor.require(Permission.UPLOAD_MANAGE, upload.organization_id)
    if upload.purged_at is not None:
        raise Conflict("Its file has been removed for good.")
    refuse_deleted_organization(upload.organization_id)
    changed: Upload = change(actor, "upload.restored", upload, {"deleted_at": None}, at)
    return changed


def forget_files(days: int, most: int, storage: Storage, at: datetime) -> int:
    """Removes the files of up to `most` uploads that were deleted more than so many days ago, and what they said; tells of how many."""
    old = list(db.session.scalars(
        select(Upload).where(Upload.deleted_at < at - timedelta(days=days), Upload.purged_at.is_(None))
        .order_by(Upload.deleted_at).limit(most).with_for_update(skip_locked=True)))
    for upload in old:
        keys = [upload.storage_key, *(each["key"] for each in upload.sizes)]
        upload.purged_at, upload.text, upload.sizes = at, "", []
        record(SYSTEM, "upload.file_removed", upload, changes={"kept_days": [days, None]})
        after_commit(partial(_remove, storage, keys))
    db.session.flush()
    return len(old)


def _remove(storage: Storage, keys: list[str]) -> None:
    """Removes files of which the database knows no more; while the storage is down they are left, and found as strays."""
    try:
        for key in keys:
            storage.delete(key)
    except StorageDown as problem:
        log().warning("stray_file", reason=problem.reason)


def sweep_strays(storage: Storage, at: datetime) -> int:
    """Removes files that belong to no upload: of transactions that failed while the storage was down, or of a process that died."""
    storage.tidy(at - STRAY_AFTER)
    count, portion = 0, []
    for kept in storage.keys("uploads"):
        if kept.at < at - STRAY_AFTER:
            portion.append(kept.key)
        if len(portion) == 500:
            count += _sweep(storage, portion)
            portion = []
    return count + _sweep(storage, portion)


def _sweep(storage: Storage, keys: list[str]) -> int:
    ids = {key.split("/")[1] for key in keys}
    known = {str(row.id) for row in rows("SELECT id FROM uploads WHERE id = ANY(CAST(:ids AS uuid[])) AND purged_at IS NULL",
                                         ids=[each for each in ids if _is_id(each)])}
    strays = [key for key in keys if key.split("/")[1] not in known]
    _remove(storage, strays)
    return len(strays)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


@organization_closed.connect
def _close_uploads(actor: Actor, organization: Organization, at: datetime) -> None:
    """Uploads go with their organization."""
    held = db.session.scalars(
        select(Upload).where(Upload.organization_id == organization.id, Upload.deleted_at.is_(None)).with_for_update())
    change_many(actor, "upload.deleted", [(upload, {"deleted_at": at}) for upload in held], at)


@organization_reopened.connect
def _reopen_uploads(actor: Actor, organization: Organization, closed_at: datetime) -> None:
    """Those that went with their organization come back with it, as far as their files are still there."""
    gone = db.session.scalars(select(Upload).where(
        Upload.organization_id == organization.id, Upload.deleted_at == closed_at, Upload.purged_at.is_(None)).with_for_update())
    change_many(actor, "upload.restored", [(upload, {"deleted_at": None}) for upload in gone], organization.updated_at)
