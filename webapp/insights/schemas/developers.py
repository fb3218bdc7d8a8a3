"""Developers as they come in and go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.insights.values.words import ACTIVITY, Visibility
from webapp.kit.web.fields import Choices, CursorQuery, Input, ListQuery, Moment, Output, ResourceOutput, Text, Time, Yes, said


class DeveloperInput(Input):
    name = Text(most=200, least=1)
    is_bot = fields.Boolean(metadata=said("Whether it is a program. Those review nothing."))
    user_id = fields.UUID(allow_none=True, metadata=said("Whose account here is theirs."))


class MergeInput(Input):
    into_id = fields.UUID(required=True, error_messages={"required": "Choose a developer.", "invalid_uuid": "Choose a developer."})


class IdentitySchema(Output):
    kind = fields.String(metadata={"enum": ["email", "provider"]})
    value = fields.String()
    name = fields.String(metadata=said("What they were called where this was first seen."))


class DeveloperMetricsSchema(Output):
    """What somebody did in the last thirty days. Null is what is not for the caller, or what nobody has counted."""

    commits_last_30d = fields.Integer(allow_none=True, metadata=said("On default branches, no merges, each change once."))
    prs_opened = fields.Integer(allow_none=True)
    prs_merged = fields.Integer(allow_none=True, metadata=said("Theirs, by whomever they were merged."))
    prs_reviewed = fields.Integer(allow_none=True, metadata=said("Of others, each once."))
    lines_added = fields.Integer(allow_none=True, metadata=said("Of these commits where lines were counted, else of merged pull requests."))
    lines_deleted = fields.Integer(allow_none=True)


class DeveloperSchema(ResourceOutput):
    organization_id = fields.UUID()
    name = fields.String(attribute="shown_name", metadata=said("`anon-7` where the organization does not show names."))
    is_bot = fields.Boolean()
    user_id = fields.UUID(attribute="shown_user_id", allow_none=True)
    merged_into = fields.UUID(allow_none=True)
    visibility = fields.String(metadata={"enum": [str(each) for each in Visibility], **said(
        "Why the caller sees the numbers, or does not: `off` and `hidden`. In lists, those of others are shown as `members` alone.")})
    metrics = fields.Nested(DeveloperMetricsSchema)
    identities = fields.List(fields.Nested(IdentitySchema), allow_none=True,
                             metadata=said("What they are known by; for themselves and for admins."))


class DeveloperQuery(ListQuery):
    sortable = ("name", "created_at")  # never by what somebody did

    organization_id = fields.UUID()
    user_id = fields.UUID()
    is_bot = Yes()


class ActivitySchema(Output):
    id = fields.UUID()
    at = Time()
    kind = fields.String(metadata={"enum": list(ACTIVITY)})
    repository_id = fields.UUID()
    repository_name = fields.String()
    title = fields.String()
    ref = fields.String(metadata=said("The sha of a commit, the number of a pull request."))
    url = fields.String(allow_none=True)


class ActivityQuery(CursorQuery):
    sortable = ("at",)

    kind = Choices(ACTIVITY)
    repository_id = fields.UUID()
    since = Moment(data_key="from", metadata=said("Done at or after."))
    until = Moment(until=True, data_key="to", metadata=said("Done before."))


class ViewSchema(Output):
    id = fields.UUID()
    at = Time()
    actor = fields.String(attribute="actor_label", metadata=said("Who looked."))


class ViewQuery(CursorQuery):
    sortable = ("at",)
