"""Tasks as they come in and go out, and what lists of them can be asked for."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validate

from webapp.fleet.schemas.sites import TAG
from webapp.kit.web.fields import DATE, Choice, Choices, Input, ListQuery, Moment, ResourceOutput, Text, Time, Yes, said
from webapp.tasks.values import MOST_TAGS, ClosedBy, Priority, Status

WORDS = fields.Function(deserialize=lambda text: [part for part in str(text).split(",") if part],
                        metadata={"type": "string", **said("Tags that it has all of, by comma.")})


class Day(fields.Field[date]):
    """A day without a time, as `2026-11-18`."""

    openapi: ClassVar[dict[str, Any]] = {"type": "string", "format": "date", "examples": ["2026-11-18"]}

    def _serialize(self, value: Any, attr: Any, obj: Any, **kwargs: Any) -> Any:
        return value.isoformat() if value is not None else None

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> date:
        if not isinstance(value, str) or not DATE.match(value):
            raise ValidationError("Not a date, such as 2026-11-18.")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError("There is no such date.") from None


class TaskPatch(Input):
    title = Text(most=300, least=1)
    description = Text(most=10_000)
    status = Choice(Status)
    priority = Choice(Priority)
    due_date = Day(allow_none=True)
    assignee_id = fields.UUID(allow_none=True, metadata=said("Somebody of the task's organization."))
    organization_id = fields.UUID(allow_none=True, metadata=said("Whose task it is; without it and without a site, it is your own."))
    site_id = fields.UUID(allow_none=True)
    advisory_id = fields.UUID(allow_none=True)
    module_id = fields.UUID(allow_none=True)
    tags = fields.List(fields.String(validate=TAG), validate=validate.Length(max=MOST_TAGS))


class TaskInput(TaskPatch):
    title = Text(most=300, least=1, required=True)


class TaskSchema(ResourceOutput):
    organization_id = fields.UUID(allow_none=True, metadata=said("Null for a task that is one person's alone."))
    owner_id = fields.UUID(allow_none=True, metadata=said("Whose alone it is; null for a task of an organization."))
    title = fields.String()
    description = fields.String()
    status = fields.String(metadata={"enum": [str(each) for each in Status]})
    priority = fields.String(metadata={"enum": [str(each) for each in Priority]})
    due_date = Day(allow_none=True)
    overdue = fields.Boolean(metadata=said("Whether it is open and its day has passed (UTC)."))
    assignee_id = fields.UUID(allow_none=True)
    assignee_name = fields.String(allow_none=True)
    site_id = fields.UUID(allow_none=True)
    site_name = fields.String(allow_none=True)
    advisory_id = fields.UUID(attribute="shown_advisory_id", allow_none=True)
    advisory = fields.String(allow_none=True)
    module_id = fields.UUID(attribute="shown_module_id", allow_none=True)
    module = fields.String(allow_none=True)
    tags = fields.List(fields.String())
    rule_id = fields.UUID(allow_none=True, metadata=said("The rule that made it."))
    completed_at = Time(allow_none=True)
    completed_by = fields.UUID(allow_none=True)
    closed_by = fields.String(allow_none=True, metadata={"enum": [*(str(each) for each in ClosedBy), None], **said("What ended it.")})
    report_id = fields.UUID(allow_none=True, metadata=said("The inventory report that shows it done."))
    reason = fields.String(allow_none=True, metadata=said("Why it need not be done."))


class TaskQuery(ListQuery):
    sortable = ("open", "due_date", "priority", "status", "title", "site", "advisory", "assignee", "organization", "completed_at",
                "created_at", "updated_at")

    title = Text(most=300)
    status = Choices(Status)
    priority = Choices(Priority)
    organization_id = fields.UUID()
    owner_id = fields.UUID()
    assignee_id = fields.UUID()
    site_id = fields.UUID()
    advisory_id = fields.UUID()
    advisory = Text(most=100, metadata=said("Any name of its advisory: SA-CORE-2022-003, a CVE."))
    module_id = fields.UUID()
    rule_id = fields.UUID()
    module = Text(most=255)
    closed_by = Choice(ClosedBy)
    created_by = fields.UUID()
    completed_by = fields.UUID()
    report_id = fields.UUID()
    tag = Text(most=60)
    tags = WORDS
    place = fields.UUID(metadata=said("Tasks of this organization, and your own."))
    mine = Yes(metadata=said("Assigned to you, or yours alone."))
    personal = Yes(metadata=said("Yours alone."))
    assigned = Yes(metadata=said("Whether anybody has it."))
    open = Yes(metadata=said("Whether it is still to be done."))
    overdue = Yes(metadata=said("Open, and its day has passed."))
    dated = Yes(metadata=said("Whether it has a day."))
    due_date = Day()
    since = Day(data_key="from", metadata=said("Due on this day or later."))
    until = Day(data_key="to", metadata=said("Due on this day or earlier."))
    completed_since = Moment(data_key="completed_from")
    completed_until = Moment(until=True, data_key="completed_to")
