"""`/uploads`: the files of an organization, one of them, and the form for a new one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from webapp.accounts.queries import organizations_with
from webapp.files import actions, queries
from webapp.files.models import Upload
from webapp.files.policy import may_delete
from webapp.files.schemas import UploadInput, UploadQuery
from webapp.files.values import ENDINGS, TAKEN, MediaType, Scan, link_to
from webapp.kit.clamd import scanner
from webapp.kit.clock import now
from webapp.kit.errors import NotFound
from webapp.kit.permissions import Actor, Permission
from webapp.kit.storage import storage
from webapp.kit.web import limits, multipart
from webapp.kit.web.doors import Doors
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, go_to, page, safe_next, within

P = Permission
pages = Doors("files_pages", __name__, is_page=True)
LIST = "/uploads"
ONE = f"{LIST}/<uuid:upload_id>"
SHOW = "files_pages.show_upload"
KINDS = {MediaType.PNG: "PNG picture", MediaType.JPEG: "JPEG picture", MediaType.GIF: "GIF picture", MediaType.WEBP: "WebP picture",
         MediaType.PDF: "PDF", MediaType.JSON: "JSON", MediaType.CSV: "CSV table", MediaType.TEXT: "Text"}
SCANS = {Scan.CLEAN: "Scanned", Scan.SKIPPED: "Not scanned"}
ACCEPTED = ",".join(f".{ending}" for endings in ENDINGS.values() for ending in endings)
NO_REPORT = "is kept, and nothing else: it is none of the documents that sites report with."


@pages.get(LIST, needs=P.UPLOAD_READ, query=UploadQuery)
def list_uploads(actor: Actor, query: dict[str, Any]) -> Response:
    """What lies beside the sites?"""
    asked = within(actor, query)
    listing = ListView(queries.find_uploads(actor, asked), asked, f"/api/v1{LIST}")
    return page("files/uploads.html", block="content", place=asked.get("organization_id"), **in_rows(listing))


@pages.get(f"{LIST}/new", needs=P.UPLOAD_MAKE)
def new_upload(actor: Actor, form: Form | None = None) -> Response:
    """A form for a file; of a site where the address names one."""
    form = form or Form({name: request.args[name] for name in ("organization_id", "site_id") if name in request.args})
    return page("files/upload_form.html", form=form, places=organizations_with(actor, P.UPLOAD_MAKE), chosen=chosen_organization(actor),
                site=_site(actor, form), taken=TAKEN, accepted=ACCEPTED, most=f"{multipart.limit() // 2**20} MB",
                scans=scanner() is not None, back=safe_next(form.values.get("next") or LIST))


@pages.post(f"{LIST}/new", needs=P.UPLOAD_MAKE, takes=UploadInput, takes_file=True, again=new_upload)
def upload_file(actor: Actor, body: dict[str, Any]) -> Response:
    """Takes the file in; what comes of it is said on the next page."""
    limits.spend("uploads", "LIMIT_UPLOADS", limits.caller())
    made = actions.upload_file(actor, body, storage(), scanner(), now())
    if made.report and request.form.get("next"):
        return go_to(safe_next(request.form["next"]), say=what_came(made))
    return go(SHOW, say=what_came(made), upload_id=made.id)


@pages.get(ONE, needs=P.UPLOAD_READ)
def show_upload(actor: Actor, upload_id: UUID) -> Response:
    """What is it, what does it say, and where did it come from?"""
    found = _any(actor, upload_id)
    queries.with_names([found])
    return page("files/upload.html", found=found, kind=KINDS[MediaType(found.media_type)], scan=SCANS[Scan(found.scan)], now=now(),
                picture=picture_of(found, "medium"),
                may_delete=may_delete(actor, found), may_restore=actor.may(P.UPLOAD_MANAGE, found.organization_id))


@pages.post(f"{ONE}/delete", needs=P.UPLOAD_MAKE)
def delete_upload(actor: Actor, upload_id: UUID) -> Response:
    """Deletes the file; its links end at once."""
    found = actions.delete_upload(actor, queries.get_upload(actor, upload_id, lock=True), now())
    return go("files_pages.list_uploads", say=f"{found.name} is deleted. An admin can restore it for a while.")


@pages.post(f"{ONE}/restore", needs=P.UPLOAD_MANAGE)
def restore_upload(actor: Actor, upload_id: UUID) -> Response:
    """Brings a deleted file back."""
    found = actions.restore_upload(actor, upload_id, now())
    return go(SHOW, say=f"{found.name} is back.", upload_id=found.id)


def in_rows(listing: ListView) -> dict[str, Any]:
    """What a list of uploads shows: names, small pictures by links that end, and the words of its filters."""
    for each in queries.with_names(listing.rows):
        each.thumb = picture_of(each, "thumb")  # type: ignore[attr-defined]
        each.kind, each.scanned = KINDS[MediaType(each.media_type)], SCANS[Scan(each.scan)]  # type: ignore[attr-defined]
    return {"listing": listing, "kinds": [{"value": str(each), "label": label} for each, label in KINDS.items()],
            "scans": [{"value": str(each), "label": label} for each, label in SCANS.items()], "now": now()}


def picture_of(upload: Upload, size: str) -> str | None:
    """The address of a picture, good for as long as it takes to load a page; None where there is none to show."""
    shown = upload.is_active and upload.key_of(size)
    return link_to(current_app.config["SECRET_KEY"], upload.id, size) if shown else None


def what_came(upload: Upload) -> str:
    """What is said of a file that was just taken in."""
    if upload.report is None:
        is_document = upload.site_id is not None and upload.media_type == MediaType.JSON
        return f"{upload.name} {NO_REPORT}" if is_document else f"{upload.name} is kept."
    told = upload.report
    changed = [f"{told[name]:,} {name}" for name in ("added", "updated", "removed") if told[name]]
    return f"{upload.name} is a report of {told['received']:,} modules: {', '.join(changed) or 'nothing has changed'}."


def _any(actor: Actor, upload_id: UUID) -> Upload:
    """One upload; for admins also when it is deleted."""
    try:
        return queries.get_upload(actor, upload_id)
    except NotFound:
        found = queries.get_upload(actor, upload_id, deleted=True)
        if not actor.may(P.UPLOAD_MANAGE, found.organization_id):
            raise
        return found


def _site(actor: Actor, form: Form) -> Any:
    """The site that the form is about; None where it is about none, or about none that is there."""
    try:
        return queries.site_at(actor, UUID(str(form.values["site_id"])))
    except (KeyError, ValueError, NotFound):
        return None
