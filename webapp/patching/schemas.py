"""Patch runs as they come in and go out."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.kit.web.fields import Choice, Choices, CursorQuery, Input, Moment, Output, ResourceOutput, Text, Time, Yes
from webapp.patching.values import (
    NAME_MAX,
    UPDATES_MAX,
    Evidence,
    RunStatus,
    Trigger,
    UpdateStatus,
    is_module_name,
    module_name,
)

POSTED = [trigger for trigger in Trigger if trigger is not Trigger.INFERRED]
SHA = validate.Regexp(r"^[0-9a-fA-F]{7,64}\Z", error="The id of a commit: 7 to 64 hexadecimal digits.")
NOT_A_NAME = ("Not a Drupal machine name (a-z, 0-9 and _, not starting with a digit) nor a Composer package name "
              f"(vendor/package), {NAME_MAX} characters at most.")
NOT_A_URL = "Not an http or https address without a password, 2000 characters at most."


class ModuleName(fields.String):
    """A module by its machine name, or a library as `vendor/package`; Composer's `drupal/webform` becomes `webform`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        name = super()._deserialize(value, attr, data, **kwargs) or ""
        if len(name) > NAME_MAX or not is_module_name(name):
            raise ValidationError(NOT_A_NAME)
        return module_name(name)


class Link(fields.String):
    """An http or https address, kept as given; other schemes would run in a browser, and a password would be shown."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, attr, data, **kwargs) or ""
        try:
            parts = urlsplit(address)
            good = (parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
                    and (parts.port or 1) > 0)
        except ValueError:
            good = False
        if not good or len(address) > 2000 or re.search(r"[^\x21-\x7e]", address):
            raise ValidationError(NOT_A_URL)
        return address


class UpdateInput(Input):
    module = ModuleName(required=True)
    from_version = Text(most=255, least=1, required=True, allow_none=True)
    to_version = Text(most=255, least=1, required=True, allow_none=True)
    security = fields.Boolean(truthy={True}, falsy={False})
    status = Choice(UpdateStatus)

    @validates_schema
    def one_version_at_least(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("from_version", "") is None and data.get("to_version", "") is None:
            raise ValidationError("From no version to none is no update.", "to_version")


class RunInput(Input):
    started_at = Time(required=True)
    finished_at = Time(allow_none=True)
    status = Choice(RunStatus, required=True)
    trigger = Choice(POSTED, required=True)
    operator = Text(most=200, allow_none=True)
    environment = Text(most=50, allow_none=True)
    notes = Text(most=10_000, allow_none=True)
    commit_sha = fields.String(validate=SHA, allow_none=True)
    ci_url = Link(allow_none=True)
    updates = fields.List(fields.Nested(UpdateInput), required=True, validate=validate.Length(max=UPDATES_MAX))


class UpdateSchema(Output):
    module = fields.String()
    from_version = fields.String(allow_none=True)
    to_version = fields.String(allow_none=True)
    security = fields.Boolean()
    status = fields.String(allow_none=True)


class RunSiteSchema(Output):
    id = fields.UUID()
    name = fields.String()


class RunSchema(ResourceOutput):
    organization_id = fields.UUID()
    site = fields.Nested(RunSiteSchema)
    started_at = Time()
    finished_at = Time(allow_none=True)
    status = fields.String()
    trigger = fields.String()
    operator = fields.String(allow_none=True)
    environment = fields.String(allow_none=True)
    notes = fields.String(allow_none=True)
    commit_sha = fields.String(allow_none=True)
    ci_url = fields.String(allow_none=True)
    updates_count = fields.Integer()
    security_updates_count = fields.Integer()
    updates = fields.List(fields.Nested(UpdateSchema))
    evidence = fields.String()
    evidence_at = Time(allow_none=True)
    evidence_report_id = fields.UUID(allow_none=True)


class RunQuery(CursorQuery):
    sortable = ("started_at", "finished_at", "site", "status", "trigger", "evidence", "updates_count",
                "security_updates_count", "created_at")

    since = Moment(data_key="from")
    until = Moment(until=True, data_key="to")
    status = Choices(RunStatus)
    trigger = Choices(Trigger)
    evidence = Choices(Evidence)
    module = ModuleName()
    security = Yes()
    site_id = fields.UUID()
    organization_id = fields.UUID()
    team_id = fields.UUID()
    environment = Text(most=50)
    operator = Text(most=200)
    commit_sha = Text(most=64)
