"""What is and was on one site, and what it sent, as it goes out."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from webapp.catalog.values.marks import Mark
from webapp.kit.web.fields import Choice, Choices, CursorQuery, ListQuery, Moment, Output, Text, Time, Yes, said

VERDICTS = ("current", "not_current", "not_secure", "not_supported", "revoked", "not_checked", "unknown", "not_fetched")
TYPES = ("core", "module", "theme", "profile", "library", "theme_engine", "distribution")
WAITING = ("security", "other", "any")
NEEDED = "What it needs, by Drupal's verdict or else by the site's word: a security update, another one, or any; what is off needs none."


MARKED = "What imported lists mark the version as, beside the status and the advisories: no verdict and no exposure follows from it."


def site_says(row: Any) -> dict[str, Any] | None:
    """What the site itself reported of a module's updates; None where it said nothing."""
    said = {name: getattr(row, f"said_{name}") for name in ("latest_version", "recommended_version", "update_available", "security_update")}
    return said if any(value is not None for value in said.values()) else None


class ModuleAdvisorySchema(Output):
    id = fields.UUID()
    name = fields.String()
    severity = fields.String()
    exposed_since = Time()


class OfferSchema(Output):
    version = fields.String()
    is_security = fields.Boolean()
    needs_core = fields.String(allow_none=True)
    fits_core = fields.Boolean(allow_none=True)


class InstalledSchema(Output):
    module_id = fields.UUID()
    name = fields.String()
    display_name = fields.String(allow_none=True)
    project = fields.String(allow_none=True)
    type = fields.String()
    version = fields.String(allow_none=True)
    datestamp = fields.Integer(allow_none=True, metadata=said("When a development version was made, in seconds since 1970."))
    enabled = fields.Boolean(allow_none=True)
    latest_version = fields.String(allow_none=True)
    recommended_version = fields.String(allow_none=True)
    status = fields.String(metadata={"enum": list(VERDICTS)})
    status_reason = fields.String(allow_none=True)
    status_rule = fields.String(allow_none=True, metadata=said("Which of core's rules led to the status."))
    feed_fetched_at = Time(allow_none=True, metadata=said("When the release feed behind the status was fetched."))
    feed_is_stale = fields.Boolean(metadata=said("Whether that feed is too old by now to call anything OK by it."))
    update_available = fields.Boolean(allow_none=True)
    security_update = fields.Boolean(allow_none=True)
    offers = fields.List(fields.Nested(OfferSchema), metadata=said("What it could be updated to, and whether the site's core suits that."))
    advisories = fields.List(fields.Nested(ModuleAdvisorySchema), metadata=said("What the site stands open to by this module."))
    marks = fields.List(fields.String(metadata={"enum": list(Mark)}), metadata=said(MARKED))
    site_says = fields.Function(site_says, metadata={"type": ["object", "null"]})
    disagrees = fields.Boolean(metadata=said("Whether the status and what the site says cannot both be true."))
    installed_at = Time()
    updated_at = Time()


class InstalledQuery(ListQuery):
    sortable = ("name", "display_name", "project", "type", "version", "enabled", "status", "installed_at", "updated_at", "need")

    name = Text(most=255)
    module_id = fields.UUID()
    display_name = Text(most=255)
    project = Text(most=128)
    type = Choice(TYPES)
    version = Text(most=255)
    enabled = Yes()
    latest_version = Text(most=255)
    recommended_version = Text(most=255)
    status = Choices(VERDICTS)
    update_available = Yes()
    security_update = Yes()
    needs = Choice(WAITING, metadata=said(NEEDED))
    mark = Choices(Mark, metadata=said(MARKED))
    disagrees = Yes(metadata=said("Whether Drupal's verdict and what the site says cannot both be true."))
    advisory = Text(most=100, metadata=said("Any name of an advisory that the site stands open to by the module."))
    as_of = Moment()


class ChangeSchema(Output):
    id = fields.UUID()
    module = fields.String()
    module_id = fields.UUID()
    from_version = fields.String(allow_none=True)
    to_version = fields.String(allow_none=True)
    at = Time()
    kind = fields.String(metadata={"enum": ["added", "updated", "removed"]})
    source = fields.String()
    report_id = fields.UUID(allow_none=True)
    patch_run_id = fields.UUID(allow_none=True)


class ChangeQuery(CursorQuery):
    sortable = ("at", "module")

    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
    module = Text(most=255)
    kind = Choice(["added", "updated", "removed"])
    patch_run_id = fields.UUID()
    report_id = fields.UUID()


class ReceivedSchema(Output):
    id = fields.UUID()
    received_at = Time()
    reported_at = Time(allow_none=True)
    formats = fields.List(fields.String())
    bytes = fields.Integer()
    outcome = fields.String(metadata={"enum": ["accepted", "unchanged", "refused"]})
    error = fields.String(allow_none=True)
    received = fields.Integer()
    added = fields.Integer()
    updated = fields.Integer()
    removed = fields.Integer()
    ip = fields.String(allow_none=True)
    agent = fields.String(allow_none=True)


class ReceivedQuery(CursorQuery):
    sortable = ("received_at", "reported_at", "bytes")

    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
    outcome = Choice(["accepted", "unchanged", "refused"])
