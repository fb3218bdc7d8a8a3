"""Sites as they come in and go out, alone and many at once."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from webapp.catalog.values.marks import Mark
from webapp.fleet.values import Criticality, Environment, Reporting, SiteStatus
from webapp.kit.web.fields import Choice, Choices, Input, ListQuery, Moment, Output, ResourceOutput, Text, Time, Yes, said

HOST = re.compile(r"^(?=.{1,253}$)([a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?$")
TAG = validate.Regexp(r"^[^,\x00-\x1f]{1,60}$", error="A tag has 1 to 60 characters and no comma.")
PORTS = {"http": 80, "https": 443}
STALE = "Whether it is unknown because release feeds or advisories are stale: it would be OK by what they said last."
YEAR = 366 * 24 * 60
NOT_A_URL = "Not a web address, such as https://www.example.org."


class WebAddress(fields.String):
    """An http or https address: lower-case scheme and host, no default port, trailing slash, user or fragment."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        assert text is not None
        text = text.strip()
        try:
            parts = urlsplit(text)
            host, port = (parts.hostname or "").encode("idna").decode(), parts.port
        except (ValueError, UnicodeError):
            raise ValidationError(NOT_A_URL) from None
        scheme = parts.scheme.lower()
        if len(text) > 500 or scheme not in PORTS or not HOST.match(host) or parts.username is not None or re.search(r"\s", text):
            raise ValidationError(NOT_A_URL)
        place = f"{scheme}://{host}" + (f":{port}" if port and port != PORTS[scheme] else "")
        return place + parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")


class SitePatch(Input):
    organization_id = fields.UUID()
    name = Text(most=200, least=1)
    url = WebAddress()
    environment = Choice(Environment)
    criticality = Choice(Criticality)
    tags = fields.List(fields.String(validate=TAG), validate=validate.Length(max=50))
    team_id = fields.UUID(allow_none=True)
    repository_id = fields.UUID(allow_none=True)
    owner_id = fields.UUID(allow_none=True)
    report_interval_minutes = fields.Integer(strict=False, validate=validate.Range(1, YEAR, error="Between 1 minute and a year."))
    description = Text(most=2000)
    require_signed_reports = fields.Boolean(metadata=said("Whether reports without a signature are refused; admins may change it."))


class SiteInput(SitePatch):
    organization_id = fields.UUID(required=True)
    name = Text(most=200, least=1, required=True)
    url = WebAddress(required=True)


class SiteSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    url = fields.String()
    environment = fields.String()
    criticality = fields.String()
    tags = fields.List(fields.String())
    team_id = fields.UUID(attribute="shown_team_id", allow_none=True)
    repository_id = fields.UUID(attribute="shown_repository_id", allow_none=True)
    owner_id = fields.UUID(allow_none=True)
    report_interval_minutes = fields.Integer()
    description = fields.String()
    require_signed_reports = fields.Boolean()
    status = fields.String(metadata={"enum": [str(status) for status in SiteStatus]})
    status_since = Time(allow_none=True)
    is_stale = fields.Boolean(metadata=said(STALE))
    core_version = fields.String(allow_none=True)
    php_version = fields.String(allow_none=True)
    database = fields.String(allow_none=True)
    modules_count = fields.Integer()
    updates_count = fields.Integer()
    security_updates_count = fields.Integer()
    exposures_count = fields.Integer(metadata=said("Advisories that it stands open to, accepted ones and switched-off code left out."))
    last_report_at = Time(allow_none=True)
    reporting = fields.String(metadata={"enum": [str(each) for each in Reporting]})
    usual_interval_minutes = fields.Integer(allow_none=True, metadata=said("How often it really reports; null until that is learned."))


class SiteQuery(ListQuery):
    sortable = ("name", "url", "status", "status_since", "environment", "criticality", "core_version", "php_version", "database",
                "modules_count", "updates_count", "security_updates_count", "exposures_count", "last_report_at", "created_at", "updated_at",
                "report_interval_minutes")

    organization_id = fields.UUID()
    name = Text(most=200)
    url = Text(most=500)
    environment = Choices(Environment)
    criticality = Choices(Criticality)
    tags = fields.Function(deserialize=lambda text: [part for part in str(text).split(",") if part], metadata={"type": "string"})
    team_id = fields.UUID()
    repository_id = fields.UUID()
    owner_id = fields.UUID()
    owned = Yes(metadata=said("Whether anybody owns it."))
    has_team = Yes(metadata=said("Whether it is in a team."))
    reporting = Choices(Reporting, metadata=said("late: past its own habit; silent: past what was promised for it."))
    reported = Yes(metadata=said("Whether it has ever reported."))
    report_interval_minutes = fields.Integer()
    status = Choices(SiteStatus)
    status_since = Moment()
    core_version = Text(most=64)
    core_branch = Text(most=64, metadata=said("A branch of Drupal core: 10.6, or 7."))
    php_version = Text(most=64)
    database = Text(most=255)
    modules_count = fields.Integer()
    updates_count = fields.Integer()
    security_updates_count = fields.Integer()
    has_updates = Yes()
    has_security_updates = Yes()
    exposures_count = fields.Integer()
    advisory = Text(most=100, metadata=said("Any name of an advisory that it stands open to: SA-CORE-2022-003, a CVE."))
    mark = Choices(Mark, metadata=said("It runs a version that an imported list marks so."))
    module = Text(most=255)
    module_version = Text(most=255)
    refused_since = Moment(metadata=said("One of its reports was refused at or after."))
    since = Moment(data_key="from", metadata={"description": "Last report at or after"})
    until = Moment(until=True, data_key="to", metadata={"description": "Last report before"})


NEEDS = {"tag": "tags", "untag": "tags", "assign_team": "team_id", "assign_owner": "owner_id", "set_criticality": "criticality"}
OPERATIONS = (*NEEDS, "delete", "restore")


class BulkInput(Input):
    operation = Choice(OPERATIONS, required=True)
    ids = fields.List(fields.UUID(), validate=validate.Length(min=1, max=5000))
    filter = fields.Dict()
    dry_run = fields.Boolean(load_default=False)
    tags = fields.List(fields.String(validate=TAG), validate=validate.Length(min=1, max=50))
    team_id = fields.UUID(allow_none=True)
    owner_id = fields.UUID(allow_none=True)
    criticality = Choice(Criticality)

    @validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        if ("ids" in data) == ("filter" in data):
            raise ValidationError("Name the sites by ids or by filter.", "ids")
        needed = NEEDS.get(data.get("operation", ""))
        if needed and needed not in data:
            raise ValidationError("This operation needs it.", needed)

    @post_load
    def read_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "filter" in data:
            data["filter"] = SiteQuery(exclude=["page", "per_page", "skip", "limit", "sort", "format"]).load(data["filter"])
        return data


class BulkSchema(Output):
    operation = fields.String()
    dry_run = fields.Boolean()
    matched = fields.Integer()
    changed = fields.Integer()
    sites = fields.List(fields.Dict())
