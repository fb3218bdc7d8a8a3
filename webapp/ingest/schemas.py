"""The answer to a report, and the native body as the document shows it (formats/native.py reads it)."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from webapp.files.schemas import UploadReportSchema
from webapp.ingest.formats.bundle import DOCUMENTS
from webapp.ingest.formats.fields import MODULES_MAX
from webapp.ingest.formats.native import TYPES
from webapp.kit.signatures import KEY, NONCE, SIGNATURE, TIMESTAMP
from webapp.kit.web.fields import Choice, Input, Time, said


class ReceiptSchema(UploadReportSchema):
    """What a report changed; an upload that becomes one says the same."""


class NativeModule(Input):
    name = fields.String(required=True, metadata=said("A machine name, or a package as `vendor/package`."))
    version = fields.String(required=True, allow_none=True, metadata=said("As Drupal or Composer writes it; null for none."))
    display_name = fields.String(allow_none=True)
    type = Choice(sorted(TYPES), allow_none=True)
    project = fields.String(allow_none=True, metadata=said("On drupal.org; the module's own name unless said, null for none."))
    enabled = fields.Boolean(allow_none=True)
    latest_version = fields.String(allow_none=True)
    recommended_version = fields.String(allow_none=True)
    update_available = fields.Boolean(allow_none=True)
    security_update = fields.Boolean(allow_none=True)
    datestamp = fields.Integer(allow_none=True, metadata=said("Of a development version: when it was made, in seconds since 1970."))


class NativeDrupal(Input):
    core_version = fields.String(allow_none=True)
    php_version = fields.String(allow_none=True)
    database = fields.String(allow_none=True)
    install_profile = fields.String(allow_none=True)


class NativeReport(Input):
    """What a site posts that knows itself."""

    reported_at = Time(allow_none=True, metadata=said("Now, unless said; not more than five minutes in the future."))
    full = fields.Boolean(load_default=True, metadata=said("Whether what is not listed is gone."))
    drupal = fields.Nested(NativeDrupal, allow_none=True)
    modules = fields.List(fields.Nested(NativeModule), required=True, validate=validate.Length(max=MODULES_MAX))


class BundleReport(Input):
    """Several documents of one site, read as one report."""

    reported_at = Time(allow_none=True)
    documents: Any = fields.Dict(required=True, metadata=said(f"By name: {', '.join(DOCUMENTS)}."))


OUTPUT = {"type": "object", "description": (
    "composer.lock; the JSON output of `composer show`, `composer outdated`, `composer audit`, `drush pm:list`, `core:status`,"
    " `core:requirements`, `updatedb:status` or `pm:security`; Drupal's `update_calculate_project_data()`; a CycloneDX document; Warden's"
    " plain payload; PreviousNext's snapshot. Told apart by their shape.")}
EXAMPLES = {
    "native": {"summary": "From an agent that knows its site", "value": {
        "drupal": {"core_version": "10.3.8", "php_version": "8.3.14"},
        "modules": [{"name": "webform", "type": "module", "version": "6.2.7", "enabled": True, "latest_version": "6.2.9",
                     "update_available": True, "security_update": True}]}},
    "composer show": {"summary": "composer show --format=json", "value": {
        "installed": [{"name": "drupal/webform", "version": "6.2.7", "description": "Forms"}]}},
    "bundle": {"summary": "A lock file, and what is enabled of it", "value": {
        "documents": {"composer.lock": {"packages": [{"name": "drupal/webform", "version": "6.2.7"}], "packages-dev": []},
                      "pm:list": {"webform": {"display_name": "Webform (webform)", "status": "Enabled", "version": "6.2.7"}}}}},
}
SIGNED = {
    TIMESTAMP: "Of a signed report: seconds since 1970, five minutes off at most.",
    NONCE: "Of a signed report: 16 to 128 of `A-Z a-z 0-9 . _ ~ -`, not used before with this key.",
    SIGNATURE: "Of a signed report: `v1=` and, in hexadecimal, HMAC-SHA-256 under the key of method, path, timestamp, nonce and the SHA-256"
               " of the body as it is sent, joined by line feeds. What is not right is 401 `invalid_signature`.",
    KEY: "Of a signed report: the first 12 characters of the key, in place of X-API-Key; for keys whose only scope is `ingest`.",
}
BODY = {"request_schema": [NativeReport, BundleReport, OUTPUT], "examples": EXAMPLES, "headers": SIGNED}
