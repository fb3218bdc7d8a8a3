"""The answer to a report, and the native body as the document shows it (formats/native.py reads it)."""

from __future__ import annotations

from marshmallow import fields

from webapp.kit.web.fields import Output, Time


class ReceiptSchema(Output):
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


class NativeModule(Output):
    name = fields.String(required=True)
    version = fields.String(required=True, allow_none=True)
    display_name = fields.String()
    type = fields.String()
    project = fields.String(allow_none=True)
    enabled = fields.Boolean()
    latest_version = fields.String(allow_none=True)
    recommended_version = fields.String(allow_none=True)
    update_available = fields.Boolean()
    security_update = fields.Boolean()


class NativeDrupal(Output):
    core_version = fields.String()
    php_version = fields.String()
    database = fields.String()
    install_profile = fields.String()


class NativeReport(Output):
    reported_at = Time()
    full = fields.Boolean()
    drupal = fields.Nested(NativeDrupal)
    modules = fields.List(fields.Nested(NativeModule), required=True)
