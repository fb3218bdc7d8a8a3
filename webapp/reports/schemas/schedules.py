"""Schedules as they come in and go out."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from marshmallow import ValidationError, fields, post_load, validate, validates

from webapp.kit.web.fields import OTHER_NAMES, Choice, Input, ListQuery, Output, ResourceOutput, Text, Time, Yes, said
from webapp.reports.schemas import FormatChoice
from webapp.reports.shelf import KINDS
from webapp.reports.values import Format, Status
from webapp.reports.values.cron import PERIODS, is_cron, is_too_often

MOST_RECIPIENTS = 20
LOGO_TEXT = 800_000
CRON = "Five fields: minute, hour, day, month, day of the week, such as 0 6 * * 1."


class ScheduleInput(Input):
    """What to make again and again. `parameters` are those of the kind; the organization is that of the schedule."""

    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    name = Text(most=200, least=1, required=True)
    kind = Choice(sorted(KINDS), required=True)
    parameters = fields.Dict(keys=fields.String(), load_default=dict)
    period = Choice(PERIODS, allow_none=True, metadata=said("The time that each report is about, by the clocks of `timezone`."))
    formats = fields.List(FormatChoice(), load_default=lambda: [Format.CSV.value], validate=validate.Length(min=1, max=4))
    cron = Text(most=100, least=1, required=True, metadata=said(CRON))
    timezone = fields.String(load_default="UTC", metadata=said("A name of the IANA database; times follow its summer time."))
    recipients = fields.List(
        fields.Email(), load_default=list, metadata=said("Who is sent each report; no account is needed."),
        validate=validate.Length(max=MOST_RECIPIENTS, error=f"At most {MOST_RECIPIENTS} addresses."))
    title = Text(most=120, allow_none=True, metadata=said("Stands on the report in place of its own title."))
    logo = fields.String(allow_none=True, load_only=True, validate=validate.Length(max=LOGO_TEXT, error="At most 512 KB."), metadata=said(
        "A PNG or JPEG in base64, at most 512 KB; null takes it away. It is drawn anew, and stands on PDF."))

    @validates("cron")
    def comes_due(self, value: str, **_: Any) -> None:
        if not is_cron(value):
            raise ValidationError(f"Not a cron expression. {CRON}")
        if is_too_often(value):
            raise ValidationError("At most once an hour.")

    @validates("timezone")
    def is_known(self, value: str, **_: Any) -> None:
        if value not in available_timezones():
            raise ValidationError("There is no such time zone; it is named as in Europe/Vienna.")

    @post_load
    def in_one_spelling(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Parameters by their `_id` names, each format and address once."""
        if "parameters" in data:
            data["parameters"] = {OTHER_NAMES.get(name, name): value for name, value in data["parameters"].items()}
        if "recipients" in data:
            data["recipients"] = list({each.lower(): each for each in data["recipients"]}.values())
        if "formats" in data:
            data["formats"] = list(dict.fromkeys(data["formats"]))
        if "title" in data:
            data["title"] = data["title"] or None
        return data


class LastReportSchema(Output):
    id = fields.UUID()
    status = Choice(Status)
    created_at = Time()
    finished_at = Time(allow_none=True)


class ScheduleSchema(ResourceOutput):
    organization_id = fields.UUID()
    owner_id = fields.UUID(metadata=said("Whose rights its reports are built with."))
    name = fields.String()
    kind = fields.String()
    parameters: Any = fields.Dict()
    period = fields.String(allow_none=True)
    formats = fields.List(fields.String())
    cron = fields.String()
    timezone = fields.String()
    recipients = fields.List(fields.String())
    title = fields.String(allow_none=True)
    logo_sha256 = fields.String(allow_none=True, metadata=said("Of the logo as it is kept; null without one."))
    is_paused = fields.Function(lambda schedule: schedule.paused_at is not None, metadata={"type": "boolean"})
    paused_at = Time(allow_none=True)
    paused_reason = fields.String(allow_none=True, metadata=said("Why the scheduler has paused it; null where somebody did."))
    next_run_at = Time(allow_none=True)
    last_run_at = Time(allow_none=True)
    last_report = fields.Nested(LastReportSchema, allow_none=True)


class ScheduleQuery(ListQuery):
    sortable = ("name", "kind", "next_run_at", "last_run_at", "created_at", "updated_at")

    organization_id = fields.UUID()
    owner_id = fields.UUID()
    kind = Choice(sorted(KINDS))
    is_paused = Yes()
