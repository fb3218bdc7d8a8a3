"""Rules as they come in and go out."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.kit.web.fields import Choice, Input, ListQuery, ResourceOutput, Text, Yes, said
from webapp.notify.values import Happening, Timing

ENVIRONMENTS = ("production", "staging", "development")
SEVERITIES = ("critical", "high", "moderate", "low")
MOST_TAGS = 20
SOMETHING = validate.Length(1, error="Say what to be told of.")


class RulePatch(Input):
    name = Text(most=200, least=1)
    organization_id = fields.UUID()
    channel_id = fields.UUID(error_messages={"invalid_uuid": "Choose a channel."})
    events = fields.List(Choice(Happening), validate=SOMETHING, metadata=said("What to be told of."))
    severity = Choice(SEVERITIES, allow_none=True, metadata=said(
        "The least severity of the advisory; null for any. What nobody has judged yet stands between high and moderate."))
    team_id = fields.UUID(allow_none=True, metadata=said("Only sites of this team."))
    tags = fields.List(Text(most=50, least=1), validate=validate.Length(max=MOST_TAGS),
                       metadata=said("Only sites with one of these tags; empty for any."))
    environments = fields.List(Choice(ENVIRONMENTS), metadata=said("Only sites of these environments; empty for any."))
    timing = Choice(Timing, metadata=said("At once, or as a digest every hour, day or week."))
    hour = fields.Integer(validate=validate.Range(0, 23), metadata=said("Of daily and weekly digests, in the organization's time zone."))
    weekday = fields.Integer(validate=validate.Range(1, 7), metadata=said("Of weekly digests; 1 is Monday."))
    is_enabled = fields.Boolean()


class RuleInput(RulePatch):
    name = Text(most=200, least=1, required=True)
    organization_id = fields.UUID(required=True, error_messages={"required": "Say which organization."})
    channel_id = fields.UUID(required=True, error_messages={"required": "Choose a channel.", "invalid_uuid": "Choose a channel."})
    events = fields.List(Choice(Happening), required=True, validate=SOMETHING,
                         error_messages={"required": "Say what to be told of."}, metadata=said("What to be told of."))


class RuleSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String()
    channel_id = fields.UUID()
    channel_name = fields.String()
    events = fields.List(fields.String())
    severity = fields.String(allow_none=True)
    team_id = fields.UUID(allow_none=True)
    tags = fields.List(fields.String())
    environments = fields.List(fields.String())
    timing = fields.String()
    hour = fields.Integer()
    weekday = fields.Integer()
    is_enabled = fields.Boolean()


class RuleQuery(ListQuery):
    sortable = ("name", "channel", "timing", "created_at", "updated_at")

    name = Text(most=200)
    organization_id = fields.UUID()
    channel_id = fields.UUID()
    team_id = fields.UUID()
    event = Choice(Happening, metadata=said("Rules that tell of this."))
    timing = Choice(Timing)
    is_enabled = Yes()
