"""Rules that make tasks of findings, as they come in and go out."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.fleet.values import Environment
from webapp.kit.web.fields import Choice, Input, ListQuery, Output, ResourceOutput, Text, Yes, said
from webapp.tasks.schemas.making import PlannedTaskSchema
from webapp.tasks.values import CRITICALITIES, Assign

SEVERITIES = ("critical", "high", "moderate", "low")
MOST_TAGS = 20


class TaskRulePatch(Input):
    name = Text(most=200, least=1)
    organization_id = fields.UUID()
    severity = Choice(SEVERITIES, allow_none=True, metadata=said(
        "The least severity of the advisory; null for any. What nobody has judged yet stands between high and moderate."))
    criticality = Choice(CRITICALITIES, allow_none=True, metadata=said("The least criticality of the site; null for any."))
    environments = fields.List(Choice(Environment), metadata=said("Only sites of these environments; empty for any."))
    tags = fields.List(Text(most=60, least=1), validate=validate.Length(max=MOST_TAGS),
                       metadata=said("Only sites with one of these tags; empty for any."))
    team_id = fields.UUID(allow_none=True, metadata=said("Only sites of this team."))
    assign = Choice(Assign, metadata=said("Who gets the task: the site's owner (else assignee_id), that person, or nobody yet."))
    assignee_id = fields.UUID(allow_none=True)
    due_days = fields.Integer(allow_none=True, validate=validate.Range(0, 3650, error="From 0 to 3650 days."),
                              metadata=said("Days until it is due; null: when the finding is."))
    is_enabled = fields.Boolean()


class TaskRuleInput(TaskRulePatch):
    name = Text(most=200, least=1, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})


class TaskRuleSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    severity = fields.String(allow_none=True)
    criticality = fields.String(allow_none=True)
    environments = fields.List(fields.String())
    tags = fields.List(fields.String())
    team_id = fields.UUID(allow_none=True)
    assign = fields.String()
    assignee_id = fields.UUID(allow_none=True)
    due_days = fields.Integer(allow_none=True)
    is_enabled = fields.Boolean()
    tasks_count = fields.Integer(metadata=said("How many tasks it has made."))


class TaskRuleQuery(ListQuery):
    sortable = ("name", "tasks_count", "created_at", "updated_at")

    name = Text(most=200)
    organization_id = fields.UUID()
    team_id = fields.UUID()
    assignee_id = fields.UUID()
    assign = Choice(Assign)
    is_enabled = Yes()


class ApplyRuleInput(Input):
    dry_run = fields.Boolean(load_default=False)


class AppliedRuleSchema(Output):
    dry_run = fields.Boolean()
    findings = fields.Integer(metadata=said("How many stand open in the organization."))
    made = fields.Integer()
    present = fields.Integer(metadata=said("How many of them have a task already."))
    tasks = fields.List(fields.Nested(PlannedTaskSchema))
