"""Uploads as they come in and go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.files.values import MediaType, Scan, Size, TextState
from webapp.kit.web.fields import Choice, Input, ListQuery, Moment, Output, Query, ResourceOutput, Time, said
from webapp.kit.web.multipart import File


class UploadInput(Input):
    """A form with a file. What the file is is found in its content; the type and the ending that it came with count for nothing."""

    file = File(required=True, error_messages={"required": "Choose a file."}, metadata=said("The file."))
    organization_id = fields.UUID(metadata=said("Where it belongs; need not be said by those in one organization alone."))
    site_id = fields.UUID(metadata=said("The site that it is about. A document that sites report with becomes a report of the site."))


class UploadSizeSchema(Output):
    """A picture made smaller; `/download?size=` has it."""

    size = Choice(Size)
    media_type = fields.String()
    width = fields.Integer()
    height = fields.Integer()
    bytes = fields.Integer()


class UploadReportSchema(Output):
    """What the report changed that came of the file."""

    report_id = fields.UUID()
    received = fields.Integer()
    added = fields.Integer()
    updated = fields.Integer()
    removed = fields.Integer()
    unchanged = fields.Integer()
    updates_available = fields.Integer()
    security_updates = fields.Integer()
    exposures_opened = fields.Integer()
    exposures_closed = fields.Integer()
    patch_run_id = fields.UUID(allow_none=True)


class UploadRowSchema(ResourceOutput):
    organization_id = fields.UUID()
    site_id = fields.UUID(allow_none=True)
    name = fields.String(metadata=said("To be shown and saved under; without a path, and ending as the content does."))
    media_type = Choice(MediaType)
    bytes = fields.Integer()
    sha256 = fields.String(metadata=said("Of the file as it is kept: pictures are drawn anew, without what their cameras wrote into them."))
    scan = Choice(Scan, metadata=said("`clean` by clamd; `skipped` where this server has no scanner."))
    width = fields.Integer(allow_none=True)
    height = fields.Integer(allow_none=True)
    sizes = fields.List(fields.Nested(UploadSizeSchema))
    text_state = Choice(TextState, metadata=said(
        "`whole` or `cut` at 100,000 characters; `waiting` for a worker; `unreadable` with the reason in `text_note`."))
    text_note = fields.String()
    report = fields.Nested(UploadReportSchema, allow_none=True)
    purged_at = Time(allow_none=True, metadata=said("Since when the file of a deleted upload is gone for good."))


class UploadSchema(UploadRowSchema):
    text = fields.String(metadata=said("What the file says, as far as it is kept; `q` finds it."))


class UploadQuery(ListQuery):
    sortable = ("created_at", "name", "bytes", "media_type")

    organization_id = fields.UUID()
    site_id = fields.UUID()
    created_by = fields.UUID()
    media_type = Choice(MediaType)
    scan = Choice(Scan)
    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")


class UploadDownloadQuery(Query):
    size = Choice(Size, metadata=said("A picture made smaller, instead of the file itself."))
