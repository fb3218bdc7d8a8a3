"""Taking a file in: what is it, is it harmful, what of it is kept, what comes of it; nothing is stored before the first two are known."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, BinaryIO, Protocol
from uuid import UUID

from webapp.accounts.queries import get_organization
from webapp.audit.actions import record
from webapp.files.formats import read_content
from webapp.files.formats.images import redrawn
from webapp.files.models import Upload
from webapp.files.queries import place_of
from webapp.files.values import IMAGES, Content, Drawn, MediaType, Scan, Size, TextState, document_uploaded, safe_name
from webapp.kit import jobs
from webapp.kit.clamd import Scanner
from webapp.kit.db import after_rollback, db, regardless
from webapp.kit.errors import Invalid
from webapp.kit.events import announce
from webapp.kit.ids import new_id
from webapp.kit.logs import log
from webapp.kit.permissions import Actor
from webapp.kit.storage import Storage, StorageDown

INFECTED = "The scanner has found something harmful in this file. It was not kept."
PORTION = 256 * 1024


class Sent(Protocol):
    """A file as it came."""

    @property
    def content(self) -> BinaryIO: ...
    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...


def upload_file(actor: Actor, body: Mapping[str, Any], storage: Storage, scanner: Scanner | None, at: datetime) -> Upload:
    """Takes a file in, for an organization or one of its sites.

    Invalid at `file` for what is not taken, harmful or broken, ScannerDown and StorageDown where that cannot be told or kept; then
    nothing of it is left anywhere but, for a harmful one, the audit log's word.
    """
    organization_id, site_id = place_of(actor, body.get("organization_id"), body.get("site_id"))
    sent: Sent = body["file"]
    content = read_content(sent.content, sent.name, sent.size)
    name = safe_name(sent.name, content.media_type)
    scan = _scanned(actor, sent, name, organization_id, scanner)
    upload = Upload(id=new_id(), organization_id=organization_id, site_id=site_id, name=name, media_type=content.media_type, scan=scan,
                    text_state=content.said.state, text_note=content.said.note, text=content.said.text,
                    created_at=at, created_by=actor.id, updated_at=at, updated_by=actor.id)
    _keep(upload, sent.content, content, storage)
    get_organization(actor, organization_id, lock="share")  # it may have been deleted meanwhile
    db.session.add(upload)
    record(actor, "upload.made", upload, changes=_told(upload))
    db.session.flush()
    _follow_up(actor, upload, sent.content, content, at)
    db.session.flush()
    return upload


def _scanned(actor: Actor, sent: Sent, name: str, organization_id: UUID, scanner: Scanner | None) -> Scan:
    if scanner is None:
        return Scan.SKIPPED
    found = scanner.find(sent.content)
    if found is None:
        return Scan.CLEAN
    changes: dict[str, list[Any]] = {"name": [None, name], "bytes": [None, sent.size], "found": [None, found]}
    regardless(lambda: record(actor, "upload.infected", "Upload", organization_id=organization_id, status="failure", changes=changes))
    raise Invalid.at("file", INFECTED)


def _told(upload: Upload) -> dict[str, list[Any]]:
    """What the audit log says of a new upload; not where it lies, and not what it says."""
    told = {"name": upload.name, "media_type": upload.media_type, "bytes": upload.bytes, "sha256": upload.sha256, "scan": upload.scan}
    return {name: [None, str(value) if isinstance(value, str) else value] for name, value in told.items()}


def _keep(upload: Upload, sent: BinaryIO, content: Content, storage: Storage) -> None:
    """Puts the file into the storage, a picture with its smaller sizes; all of it is taken back should the transaction fail."""
    whole, smaller = (None, dict[Size, Drawn]()) if content.media_type not in IMAGES else redrawn(sent, content.media_type)
    kept = whole.content if whole else sent
    if whole:
        upload.width, upload.height = whole.width, whole.height
    upload.bytes, upload.sha256 = _measured(kept)
    upload.storage_key = f"uploads/{upload.id}/{secrets.token_urlsafe(24)}"
    _put(storage, upload.storage_key, kept)
    sizes = []
    for size, drawn in smaller.items():
        key = f"{upload.storage_key}-{size}"
        _put(storage, key, drawn.content)
        sizes.append({"size": str(size), "media_type": str(drawn.media_type), "width": drawn.width, "height": drawn.height,
                      "bytes": _measured(drawn.content)[0], "key": key})
    upload.sizes = sizes


def _put(storage: Storage, key: str, content: BinaryIO) -> None:
    after_rollback(partial(_take_back, storage, key))
    storage.put(key, content)


def _take_back(storage: Storage, key: str) -> None:
    """Removes a file whose upload came to nothing; while the storage is down it stays a stray, which is found later."""
    try:
        storage.delete(key)
    except StorageDown as problem:
        log().warning("stray_file", reason=problem.reason)


def _measured(content: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    content.seek(0)
    while portion := content.read(PORTION):
        digest.update(portion)
        size += len(portion)
    return size, digest.hexdigest()


def _follow_up(actor: Actor, upload: Upload, sent: BinaryIO, content: Content, at: datetime) -> None:
    """What comes of an upload: a report of its site, or a worker that reads it."""
    if upload.site_id is not None and content.media_type in (MediaType.JSON, MediaType.TEXT):
        sent.seek(0)
        raw = sent.read() if content.document is not None else upload.text.encode()
        answers = document_uploaded.send(actor, site_id=upload.site_id, raw=raw, document=content.document, at=at)
        upload.report = next((answer for _, answer in answers if answer is not None), None)
    if upload.text_state == TextState.WAITING:
        jobs.ask("files.read_text", {"upload_id": str(upload.id)}, at)
    topics = [f"org:{upload.organization_id}", *([f"site:{upload.site_id}"] if upload.site_id else [])]
    announce("upload.made", topics, {"upload_id": str(upload.id), "name": upload.name}, at, upload.organization_id)
