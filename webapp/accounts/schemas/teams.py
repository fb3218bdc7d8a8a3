"""Teams and the people in them as they come in and go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.kit.permissions import Role
from webapp.kit.web.fields import Choice, Input, ListQuery, Output, ResourceOutput, Text, Time, said

HOURS = said("Hours from the release of a version to the report that first shows it; null where no release date is known.")


class TeamInput(Input):
    name = Text(most=200, least=1, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    description = Text(most=2000)


class TeamLagSchema(Output):
    median_hours = fields.Float(allow_none=True, metadata=HOURS)
    p90_hours = fields.Float(allow_none=True, metadata=HOURS)
    updates = fields.Integer(metadata=said("How many updates with a known release date these come from."))


class TeamMetricsSchema(Output):
    """How a team stands. Each number is the length of the list of its sites, runs or updates with `team_id`."""

    sites_count = fields.Integer()
    sites_by_status = fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=said(
        "Sites in each status. Silent and unknown ones cannot be judged, and count as neither well nor ill."))
    sites_with_security_updates = fields.Integer(metadata=said("Sites that say they need a security update."))
    security_updates = fields.Integer(metadata=said("Security updates that these sites say they need."))
    since = Time(metadata=said("The beginning of the last 30 days, in whole days (UTC)."))
    patch_runs_last_30d = fields.Integer(metadata=said("Patch runs that began at or after `since`."))
    update_lag_last_30d = fields.Nested(TeamLagSchema)


class TeamRowSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    description = fields.String()
    members_count = fields.Integer()


class TeamSchema(TeamRowSchema):
    metrics = fields.Nested(TeamMetricsSchema)


class TeamQuery(ListQuery):
    sortable = ("name", "members_count", "created_at", "updated_at")

    name = Text(most=200)
    organization_id = fields.UUID()
    member_id = fields.UUID(metadata=said("Teams that this person is in."))


class TeamMemberSchema(Output):
    team_id = fields.UUID()
    user_id = fields.UUID()
    email = fields.String()
    full_name = fields.String()
    role = fields.String(metadata=said("The role in the organization of the team."))
    added_at = Time()


class TeamMemberQuery(ListQuery):
    sortable = ("full_name", "email", "role", "added_at")

    role = Choice(Role)


class TeamMemberInput(Input):
    """Who is to be in a team, as a form gives it."""

    user_id = fields.UUID(required=True, error_messages={"required": "Choose a person.", "invalid_uuid": "Choose a person."})
