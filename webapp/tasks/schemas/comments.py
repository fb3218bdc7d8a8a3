"""Comments on tasks as they come in and go out."""

from __future__ import annotations

from marshmallow import fields

from webapp.kit.web.fields import Input, ListQuery, ResourceOutput, Text


class CommentInput(Input):
    text = Text(most=5000, least=1, required=True)


class CommentSchema(ResourceOutput):
    task_id = fields.UUID()
    text = fields.String()
    author_name = fields.String(allow_none=True)


class CommentQuery(ListQuery):
    sortable = ("created_at", "updated_at")

    created_by = fields.UUID()
