"""Tasks of an advisory: for which sites, for whom, and what was made."""

from __future__ import annotations

from marshmallow import fields

from webapp.kit.web.fields import Choice, Input, Output, said
from webapp.tasks.schemas.tasks import Day

PER = ("site", "owner", "team")


class MakeTasksInput(Input):
    advisory_id = fields.UUID(required=True)
    organization_id = fields.UUID(allow_none=True, metadata=said("Only sites of this organization."))
    per = Choice(PER, load_default="site", metadata=said("One task for each site, or for each owner or team with all of their sites."))
    assignee_id = fields.UUID(allow_none=True, metadata=said("Who gets them; without it, each site's owner."))
    due_date = Day(allow_none=True, metadata=said("When they are due; without it, when the findings are."))
    dry_run = fields.Boolean(load_default=False)


class PlannedTaskSchema(Output):
    title = fields.String()
    site_id = fields.UUID(allow_none=True)
    assignee_id = fields.UUID(allow_none=True)
    due_date = Day(allow_none=True)


class MadeTasksSchema(Output):
    dry_run = fields.Boolean()
    sites = fields.Integer(metadata=said("How many sites stand open."))
    made = fields.Integer()
    present = fields.Integer(metadata=said("How many there are already, and open."))
    tasks = fields.List(fields.Nested(PlannedTaskSchema))
