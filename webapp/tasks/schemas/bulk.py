"""Many tasks at once: what is to be done to which, and what became of it."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from webapp.fleet.schemas.sites import TAG
from webapp.kit.web.fields import Choice, Input, Output
from webapp.tasks.schemas.tasks import Day, TaskQuery
from webapp.tasks.values import MOST_TAGS, Priority, Status

NEEDS = {"set_status": "status", "set_priority": "priority", "set_due_date": "due_date", "assign": "assignee_id", "tag": "tags",
         "untag": "tags"}
OPERATIONS = (*NEEDS, "delete", "restore")


class TaskBulkInput(Input):
    operation = Choice(OPERATIONS, required=True)
    ids = fields.List(fields.UUID(), validate=validate.Length(min=1, max=5000))
    filter = fields.Dict()
    dry_run = fields.Boolean(load_default=False)
    status = Choice(Status)
    priority = Choice(Priority)
    due_date = Day(allow_none=True)
    assignee_id = fields.UUID(allow_none=True)
    tags = fields.List(fields.String(validate=TAG), validate=validate.Length(min=1, max=MOST_TAGS))

    @validates_schema
    def complete(self, data: dict[str, Any], **_: Any) -> None:
        operation = data.get("operation", "")
        if ("ids" in data) == ("filter" in data):
            raise ValidationError("Name the tasks by ids or by filter.", "ids")
        if operation == "restore" and "filter" in data:
            raise ValidationError("Deleted tasks are named by their ids.", "filter")
        needed = NEEDS.get(operation)
        if needed and needed not in data:
            raise ValidationError("This operation needs it.", needed)

    @post_load
    def read_filter(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "filter" in data:
            unread = ["page", "per_page", "skip", "limit", "sort", "format", "include_deleted"]
            data["filter"] = TaskQuery(exclude=unread).load(data["filter"])
        return data


class TaskBulkSchema(Output):
    operation = fields.String()
    dry_run = fields.Boolean()
    matched = fields.Integer()
    changed = fields.Integer()
    tasks = fields.List(fields.Dict())
