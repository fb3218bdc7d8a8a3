"""`/api/v1/uploads`, and `/files/…`: the files themselves, to whoever has a link that is still good."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app

from webapp.files import actions, queries
from webapp.files.models import Upload
from webapp.files.schemas import UploadDownloadQuery, UploadInput, UploadQuery, UploadRowSchema, UploadSchema
from webapp.files.values import LINK_SECONDS, MediaType, link_to, read_link
from webapp.kit.clamd import scanner
from webapp.kit.clock import now
from webapp.kit.db import beyond_walls
from webapp.kit.errors import NotFound
from webapp.kit.listing import Listing
from webapp.kit.permissions import Actor, Permission
from webapp.kit.storage import storage
from webapp.kit.web import limits
from webapp.kit.web.attachments import attachment
from webapp.kit.web.doors import Doors

P = Permission
api = Doors("files", __name__, tag="Uploads")
links = Doors("file_links", __name__, is_page=True)
ONE = "/uploads/<uuid:upload_id>"
GONE = "This link is no longer good. Open the file's page, and download it from there."
TO_THE_FILE = {"302": {"description": f"To the file: a link that is good for {LINK_SECONDS // 60} minutes, for whoever has it.",
                       "headers": {"Location": {"schema": {"type": "string", "format": "uri-reference"}}}}}


@api.get("/uploads", needs=P.UPLOAD_READ, query=UploadQuery, gives=UploadRowSchema(), lists=True)
def list_uploads(actor: Actor, query: dict[str, Any]) -> Listing:
    """The uploads of your organizations, the newest first."""
    return queries.find_uploads(actor, query)


@api.post("/uploads", needs=P.UPLOAD_MAKE, takes=UploadInput, takes_file=True, gives=UploadSchema(), status=201, at="/uploads/{id}")
def upload_file(actor: Actor, body: dict[str, Any]) -> Upload:
    """Takes a file in: a picture, PDF, JSON, CSV or plain text of at most UPLOAD_MAX_MB.

    For a site, a lock file of Composer, what Composer or Drush print as JSON, or a CycloneDX document becomes a report of it; `report`
    says what that changed, and what cannot be taken as a report is refused at `file`.
    """
    limits.spend("uploads", "LIMIT_UPLOADS", limits.caller())
    return actions.upload_file(actor, body, storage(), scanner(), now())


@api.get(ONE, needs=P.UPLOAD_READ, finds=queries.get_upload, gives=UploadSchema())
def show_upload(actor: Actor, found: Upload) -> Upload:
    """One upload, and what it says."""
    return found


@api.delete(ONE, needs=P.UPLOAD_MAKE, finds=queries.get_upload, gives=UploadSchema())
def delete_upload(actor: Actor, found: Upload) -> Upload:
    """Deletes an upload, one's own or as an admin any; it can be restored until its file is removed for good."""
    return actions.delete_upload(actor, found, now())


@api.post(f"{ONE}/restore", needs=P.UPLOAD_MANAGE, gives=UploadSchema())
def restore_upload(actor: Actor, upload_id: UUID) -> Upload:
    """Brings a deleted upload back."""
    return actions.restore_upload(actor, upload_id, now())


@api.get(f"{ONE}/download", needs=P.UPLOAD_READ, finds=queries.get_upload, query=UploadDownloadQuery,
         extra={"responses": TO_THE_FILE})
def download_upload(actor: Actor, found: Upload, query: dict[str, Any]) -> Response:
    """The way to the file, as an attachment; what is shown to others is the link, which ends after five minutes."""
    return to_file(found, query.get("size"))


def to_file(upload: Upload, size: str | None) -> Response:
    if upload.key_of(size) is None:
        raise NotFound("This file has no smaller sizes: it is no picture.")
    answer = Response(status=302)
    answer.headers["Location"] = link_to(current_app.config["SECRET_KEY"], upload.id, size)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@links.get("/files/<token>", needs=P.PUBLIC)
def send_file(actor: Actor, token: str) -> Response:
    """A file, to whoever has its link; nobody is asked who they are, as the link was given to somebody who may see it."""
    told = read_link(current_app.config["SECRET_KEY"], token)
    if told is None:
        raise NotFound(GONE)
    with beyond_walls():
        upload = queries.get_linked(told[0])
    key = upload.key_of(told[1])
    if key is None:
        raise NotFound(GONE)
    media_type = upload.media_type if told[1] is None else MediaType.WEBP
    name = upload.name if told[1] is None else f"{upload.name.rpartition('.')[0]}-{told[1]}.webp"
    try:
        return attachment(lambda: storage().open(key), name, said_of(media_type), upload.sha256 + (told[1] or ""))
    except FileNotFoundError:
        raise NotFound("The file is no longer in the storage.") from None


def said_of(media_type: str) -> str:
    """The type as it is told to browsers: text in the one encoding that is taken."""
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
